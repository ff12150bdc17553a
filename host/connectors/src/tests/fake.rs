//! A small HTTP server that answers as a test wants it, well or badly.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What comes back.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes, and the connection is closed when they are not a whole answer.
    Raw(String),
    /// The connection breaks.
    Reset,
    /// Nothing, ever.
    Hang,
}

type Script = dyn Fn(usize, &str) -> Reply + Send + Sync;

/// The server. It ends with the test.
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<Shared>,
    _running: JoinSet<()>,
}

struct Shared {
    script: Box<Script>,
    asked: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// Requests that are answered with 401 from now on, until the next log-in.
    expired: std::sync::atomic::AtomicBool,
}

impl Fake {
    /// Answers each request by its number, from 0, and its text.
    pub(crate) async fn start(
        script: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            script: Box::new(script),
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
            expired: false.into(),
        });
        let mut running = JoinSet::new();
        running.spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared, _running: running }
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The token that was given last is taken no more.
    pub(crate) fn break_token(&self) {
        self.shared.expired.store(true, Ordering::SeqCst);
    }
}

/// An address at which nobody listens.
pub(crate) async fn unused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// An answer of JSON with status 200.
pub(crate) fn ok(body: &str) -> Reply {
    status(200, body)
}

/// An answer of JSON.
pub(crate) fn status(status: u16, body: &str) -> Reply {
    Reply::Raw(format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// An answer that leads elsewhere.
pub(crate) fn redirect(to: &str) -> Reply {
    Reply::Raw(format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(asked) = read(&mut stream).await {
        let nth = {
            let mut all = shared.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        let log_in = asked.starts_with("POST /token ");
        let reply = if log_in {
            shared.expired.store(false, Ordering::SeqCst);
            (shared.script)(nth, &asked)
        } else if shared.expired.load(Ordering::SeqCst) {
            status(401, "expired")
        } else {
            (shared.script)(nth, &asked)
        };
        match reply {
            Reply::Raw(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Reset => return,
            Reply::Hang => std::future::pending().await,
        }
    }
}

/// One request with its body; none when the connection is closed.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
