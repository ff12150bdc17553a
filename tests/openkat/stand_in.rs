//! A small HTTP server in the place of a service, with faults on demand.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::stream;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What a service does instead of answering as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answers with a status that says that it is broken.
    Status(u16),
    /// Answers what nobody can read.
    Garbage,
    /// Breaks off in the middle of its answer.
    Cut,
    /// Answers well, but late.
    Slow(Duration),
}

/// A service. It ends when it is dropped.
pub(crate) struct StandIn {
    url: String,
    inner: Arc<Inner>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Inner {
    fault: Mutex<Option<Fault>>,
    asked: Mutex<Vec<String>>,
}

impl StandIn {
    /// Starts it on a free port.
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = router.layer(middleware::from_fn_with_state(Arc::clone(&inner), with_faults));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on, it does this with every request; `None`: it is well again.
    pub(crate) fn has(&self, fault: Option<Fault>) {
        *self.inner.fault.lock().unwrap() = fault;
    }

    /// Paths of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.inner.asked.lock().unwrap().clone()
    }
}

async fn with_faults(State(inner): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    inner.asked.lock().unwrap().push(request.uri().path().to_owned());
    let fault = *inner.fault.lock().unwrap();
    match fault {
        None => next.run(request).await,
        Some(Fault::Status(status)) => {
            (StatusCode::from_u16(status).unwrap(), "Internal Server Error").into_response()
        }
        Some(Fault::Garbage) => "<html>not what was asked for</html>".into_response(),
        Some(Fault::Cut) => {
            let broken = std::io::Error::other("cut");
            Body::from_stream(stream::iter([Ok("["), Err(broken)])).into_response()
        }
        Some(Fault::Slow(by)) => {
            tokio::time::sleep(by).await;
            next.run(request).await
        }
    }
}
