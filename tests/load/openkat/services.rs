//! Katalogus, Octopoes and Bytes at one address: their paths differ.
//!
//! Every organisation uses the same boefjes, nothing has ever run, and nobody has the settings of
//! another. Each answer takes a fixed time, since how long real ones take is not what is measured.

use std::{convert::Infallible, time::Duration};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use super::{BOEFJES, ORGANISATIONS, boefje, image, organisation};

/// The services, before they answer.
pub(crate) struct Services {
    listener: TcpListener,
    after: Duration,
}

impl Services {
    /// At a free port; each answer comes after a while.
    pub(crate) async fn bind(after: Duration) -> anyhow::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await?, after })
    }

    /// Where they are.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Answers for ever.
    pub(crate) async fn serve(self) -> anyhow::Result<Infallible> {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            let after = self.after;
            let answer = service_fn(move |request: Request<Incoming>| async move {
                tokio::time::sleep(after).await;
                Ok::<_, Infallible>(respond(answer(request.uri().path()).as_ref()))
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // How a connection ends is the matter of whoever asked.
            connections.spawn(async move { drop(connection.await) });
            while connections.try_join_next().is_some() {}
        }
    }
}

fn respond(answer: Option<&Value>) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Some(answer) => (StatusCode::OK, answer.to_string()),
        None => (StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#.to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("it is plain"));
    response
}

/// What is at a path.
fn answer(path: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["health"] => Some(json!({"service": "stand-in", "healthy": true})),
        ["token"] => Some(json!({"access_token": "token", "token_type": "bearer",
                                 "expires_at": "2100-01-01T00:00:00+00:00"})),
        ["v1", "organisations"] => {
            let ids = (0..ORGANISATIONS).map(organisation);
            Some(ids.map(|id| (id.clone(), json!({"id": id, "name": id}))).collect())
        }
        ["v1", "organisations", _, "plugins"] => Some((0..BOEFJES).map(plugin).collect()),
        ["v1", "organisations", _, "plugins", id] => {
            (0..BOEFJES).find(|number| boefje(*number) == *id).map(plugin)
        }
        ["bytes", "boefje_meta"] | ["v1", "configs"] => Some(json!([])),
        [_, "objects"] => Some(json!({"count": 0, "items": []})),
        ["object-clients"] => Some(json!({})),
        _ => None,
    }
}

/// A boefje, as Katalogus shows it.
fn plugin(number: u64) -> Value {
    let id = boefje(number);
    json!({
        "id": id, "name": format!("The boefje {id}"), "version": null, "created": null,
        "description": "Fetch what there is to know of a hostname.", "enabled": true,
        "static": true, "type": "boefje", "scan_level": 1, "consumes": ["Hostname"],
        "produces": [format!("boefje/{id}")], "cron": null, "interval": null, "run_on": null,
        "runnable_hash": "f8f5647a", "deduplicate": true, "oci_image": image(number),
        "oci_arguments": ["main"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_boefjes_of_an_organisation_take_hostnames() {
        let plugins = answer("/v1/organisations/org-1/plugins").unwrap();
        let plugins = plugins.as_array().unwrap();
        assert_eq!(plugins.len() as u64, BOEFJES);
        assert!(plugins.iter().all(|plugin| plugin["consumes"] == json!(["Hostname"])));
        assert_eq!(answer("/v1/organisations/org-1/plugins/boefje-3").unwrap()["id"], "boefje-3");
        assert!(answer("/org-1/object").is_none(), "no object is known by itself");
    }
}
