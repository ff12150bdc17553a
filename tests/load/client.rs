//! One connection that is kept alive: a request at a time, as little work as possible.

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

/// One connection to the host.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    authorization: Option<String>,
    /// Moves the bytes; ends with the connection.
    _driver: JoinSet<()>,
}

/// What the host answered.
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Body.
    pub(crate) body: Bytes,
}

impl Client {
    /// Connects to `host:port`.
    pub(crate) async fn connect(authority: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority)
            .await
            .with_context(|| format!("cannot connect to {authority}; is hinny running there?"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        // How the connection ends is told to whoever waits for an answer.
        driver.spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            authority: authority.to_owned(),
            authorization: token.map(|token| format!("Bearer {token}")),
            _driver: driver,
        })
    }

    /// Sends a request and takes the whole answer.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())))?;
        self.sender.ready().await.context("the host closed the connection")?;
        let response = self.sender.send_request(request).await.context("no answer")?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.context("half an answer")?.to_bytes();
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The body, when the status is the expected one.
    pub(crate) fn expect(&self, status: u16) -> anyhow::Result<&[u8]> {
        if self.status != status {
            let text: String = String::from_utf8_lossy(&self.body).chars().take(300).collect();
            bail!("expected status {status}, got {}: {text}", self.status);
        }
        Ok(&self.body)
    }
}
