//! How services are doing.

use std::time::Duration;

use hinny_core::connector::ServiceHealth;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

use crate::service::Service;

/// Asks a service whether it is well. Where it has no path for that, whether it can be reached.
pub(crate) async fn of(service: &Service, longest: Duration) -> ServiceHealth {
    let looked = async {
        match &service.health_path {
            Some(path) => ask(service, path).await,
            None => reach(service).await,
        }
    };
    let outcome = timeout(longest, looked)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} ms", longest.as_millis())));
    let reason = outcome.err();
    ServiceHealth { service: service.name.clone(), healthy: reason.is_none(), reason }
}

async fn ask(service: &Service, path: &str) -> Result<(), String> {
    let answer = service.look(path).await?;
    if !(200..300).contains(&answer.status) {
        return Err(format!("`{path}` answers {}", answer.status));
    }
    // One that says nothing of its health is well: it answers.
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    match said.as_ref().and_then(|said| said.get("healthy")) {
        None | Some(Value::Bool(true)) => Ok(()),
        Some(_) => Err(format!("`{path}` says that it is not healthy")),
    }
}

async fn reach(service: &Service) -> Result<(), String> {
    let Some(address) = service.base.host_and_port() else {
        return Err("its address has no host".to_owned());
    };
    let connected = TcpStream::connect(address).await;
    connected.map(drop).map_err(|error| format!("it cannot be reached: {error}"))
}
