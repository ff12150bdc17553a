//! The HTTP server: accepts connections, bounds them, and drains them at the end.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a client may take to send the head of a request, and how long a connection may idle:
/// longer than the minute in which clients usually come back.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// Wait after a failed accept: without file handles it would fail again at once, and spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The HTTP server.
pub(crate) struct HttpServer {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// What answers them.
    pub(crate) router: Router,
    /// Most connections at one time.
    pub(crate) connections_max: u32,
}

impl HttpServer {
    /// Serves until `stop` is cancelled; then takes no more connections, lets each open request
    /// be answered, and ends when all connections are closed.
    pub(crate) async fn run(self, stop: CancellationToken) {
        // Turns every route into a service once, instead of for each request.
        let service = TowerToHyperService::new(self.router.with_state::<()>(()));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let permits = Arc::new(Semaphore::new(self.connections_max as usize));
        let draining = GracefulShutdown::new();
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &permits) => accepted,
                () = stop.cancelled() => break,
            };
            let Some((stream, permit)) = accepted else { continue };
            let connection = http.serve_connection(TokioIo::new(stream), service.clone());
            let connection = draining.watch(connection);
            connections.spawn(async move {
                // A client that goes away in the middle is its own business.
                if let Err(error) = connection.await {
                    tracing::debug!("a connection ended early: {error}");
                }
                drop(permit);
            });
        }
        drop(self.listener);
        draining.shutdown().await;
        connections.close();
        connections.wait().await;
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are small and wait for nothing: no reason to hold them back.
            let _ = stream.set_nodelay(true);
            Some((stream, permit))
        }
        Err(error) if is_of_client(&error) => None,
        Err(error) => {
            tracing::warn!("no connection can be accepted: {error}");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Whether the client gave up before it was accepted.
fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::Notify,
        task::JoinHandle,
    };

    use super::*;

    /// A server whose only route answers when it is told to.
    struct Served {
        address: std::net::SocketAddr,
        entered: Arc<Notify>,
        answer: Arc<Notify>,
        stop: CancellationToken,
        running: JoinHandle<()>,
    }

    impl Served {
        async fn start(connections_max: u32) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (entered, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let told = (Arc::clone(&entered), Arc::clone(&answer));
            let handler = || async move {
                told.0.notify_one();
                told.1.notified().await;
                "done"
            };
            let stop = CancellationToken::new();
            let router = Router::new().route("/", get(handler));
            let server = HttpServer { listener, router, connections_max };
            #[expect(clippy::disallowed_methods, reason = "the test awaits it")]
            let running = tokio::spawn(server.run(stop.clone()));
            Self { address, entered, answer, stop, running }
        }

        async fn request(&self) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            stream
        }
    }

    async fn read_to_end(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_stop_answers_open_requests_and_takes_no_new_ones() {
        let served = Served::start(10).await;
        let open = served.request().await;
        let idle = TcpStream::connect(served.address).await.unwrap();
        served.entered.notified().await;
        served.stop.cancel();
        assert_eq!(read_to_end(idle).await, "");
        assert!(!served.running.is_finished());
        served.answer.notify_one();
        assert!(read_to_end(open).await.ends_with("done"));
        served.running.await.unwrap();
        assert!(TcpStream::connect(served.address).await.is_err());
    }

    #[tokio::test]
    async fn a_connection_over_the_limit_waits_for_another_to_close() {
        let served = Served::start(1).await;
        let first = served.request().await;
        served.entered.notified().await;
        let second = served.request().await;
        served.answer.notify_one();
        drop(first);
        served.entered.notified().await;
        served.answer.notify_one();
        served.stop.cancel();
        assert!(read_to_end(second).await.ends_with("done"));
        served.running.await.unwrap();
    }
}
