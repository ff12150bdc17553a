//! Whether the program is well.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use hinny_core::{connector::ServiceHealth, health::PartHealth};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use crate::{
    ApiState,
    input::{Fields, FromFields, Noted},
    params::InQuery,
};

/// How the program is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Its name.
    service: String,
    /// Whether the database answers.
    healthy: bool,
    /// Its version.
    version: String,
    /// What is wrong, if anything is.
    additional: Option<String>,
    /// Of parts that report on their own, such as the queues of a broker. What is wrong with them
    /// does not make the program unhealthy.
    #[schema(no_recursion)]
    results: Vec<Health>,
    /// Whether each service that plugins may ask is well, when that was asked for.
    externals: BTreeMap<String, bool>,
}

/// Longest wait for services: what asks for health gives up soon itself.
const EXTERNALS_TIME: Duration = Duration::from_secs(5);

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HealthQuery {
    /// Whether to ask the services that plugins may ask, too. What is wrong with them is told, but
    /// does not make the program unhealthy.
    #[param(required = false, default = false)]
    externals: bool,
}

impl FromFields for HealthQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self { externals: fields.optional("externals")?.unwrap_or(false) })
    }
}

/// How the program is doing; always 200, for clients that read `healthy`
#[utoipa::path(
    get, path = "/health", tag = "service", params(HealthQuery),
    responses((status = 200, description = "How it is doing", body = Health))
)]
pub(super) async fn get_health(
    State(api): Api,
    InQuery(asked): InQuery<HealthQuery>,
) -> Json<Health> {
    let mut health = health(&api).await;
    if asked.externals {
        health.add(api.connectors.health(EXTERNALS_TIME).await);
    }
    Json(health)
}

impl Health {
    fn add(&mut self, services: Vec<ServiceHealth>) {
        let told = services.iter().filter_map(|one| {
            one.reason.as_ref().map(|why| format!("service `{}`: {why}", one.service))
        });
        let told: Vec<String> = self.additional.take().into_iter().chain(told).collect();
        self.additional = (!told.is_empty()).then(|| told.join("; "));
        self.externals.extend(services.into_iter().map(|one| (one.service, one.healthy)));
    }
}

/// Whether the program runs
#[utoipa::path(
    get, path = "/health/live", tag = "service",
    responses((status = 204, description = "It runs"))
)]
pub(super) async fn get_live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Whether the program can do its work: 200 or 503
#[utoipa::path(
    get, path = "/health/ready", tag = "service",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "It cannot", body = Health)
    )
)]
pub(super) async fn get_ready(State(api): Api) -> (StatusCode, Json<Health>) {
    let health = health(&api).await;
    let status = if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

async fn health(api: &ApiState) -> Health {
    let ping = api.store.ping().await;
    Health {
        service: api.info.service.clone(),
        healthy: ping.is_ok(),
        version: api.info.version.clone(),
        additional: ping.err().map(|error| error.to_string()),
        results: api
            .parts
            .iter()
            .flat_map(|part| part.health())
            .map(|part| of(part, api))
            .collect(),
        externals: BTreeMap::new(),
    }
}

fn of(part: PartHealth, api: &ApiState) -> Health {
    Health {
        service: part.part,
        healthy: part.trouble.is_none(),
        version: api.info.version.clone(),
        additional: part.trouble,
        results: Vec::new(),
        externals: BTreeMap::new(),
    }
}
