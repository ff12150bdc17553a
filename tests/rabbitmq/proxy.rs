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

use super::broker;

/// A TCP proxy in front of the broker.
pub(crate) struct Proxy {
    port: u16,
    cuts: watch::Sender<u64>,
    open: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of `host:port`.
    async fn start(behind: String) -> Self {
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

    /// In front of the broker; the other half is the URL of the broker through the proxy.
    pub(crate) async fn before_the_broker() -> (Self, String) {
        let url = broker::url();
        let (login, place) = url.rsplit_once('@').expect("a URL with name and password");
        let (behind, vhost) = place.split_once('/').unwrap_or((place, ""));
        let proxy = Self::start(behind.to_owned()).await;
        let url = format!("{login}@127.0.0.1:{}/{vhost}", proxy.port);
        (proxy, url)
    }

    /// Cuts all connections, in the middle of whatever they carry.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Takes no connections until [`Proxy::open`].
    pub(crate) fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.cut();
    }

    pub(crate) fn open(&self) {
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
