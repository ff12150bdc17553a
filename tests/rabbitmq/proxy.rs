//! A TCP proxy whose connections can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A TCP proxy in front of the broker.
pub(super) struct Proxy {
    port: u16,
    cuts: watch::Sender<u64>,
    open: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of `host:port`.
    pub(super) async fn start(behind: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, cut) = watch::channel(0);
        let open = Arc::new(AtomicBool::new(true));
        let is_open = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if is_open.load(Ordering::SeqCst) {
                    tokio::spawn(pass(client, behind.clone(), cut.clone()));
                }
            }
        });
        Self { port, cuts, open }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all connections, in the middle of whatever they carry.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Takes no connections until [`Proxy::open`].
    pub(super) fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.cut();
    }

    pub(super) fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }
}

async fn pass(mut client: TcpStream, behind: String, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let Ok(mut broker) = TcpStream::connect(behind).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut broker) => {}
        _ = cut.changed() => {
            // A reset, not an orderly end: nothing that was on its way arrives.
            let _ = client.set_zero_linger();
        }
    }
}
