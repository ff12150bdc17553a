//! Plugins that were not let in.

use axum::{Json, extract::State};
use hinny_core::plugin::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::{
    error::ApiError,
    wire::{Moment, Results},
};

/// A plugin that was not let into a slot, or not taken from the watched folder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(super) struct RefusalBody {
    /// When.
    at: Moment,
    /// Who wanted it in.
    by: String,
    /// Where; null: it did not get as far as that.
    #[schema(example = "jobs/ranker")]
    slot: Option<String>,
    /// What: the digest of a version, or the name of a file.
    plugin: String,
    /// What was wanted: `activate`, `roll back`, `shadow`, `canary 5%`, `start` or `folder`.
    wanted: String,
    /// Why not, and how to mend it.
    reason: String,
}

impl From<Refusal> for RefusalBody {
    fn from(Refusal { at, by, slot, plugin, wanted, reason }: Refusal) -> Self {
        let slot = slot.map(|slot| slot.to_string());
        Self { at: at.into(), by, slot, plugin, wanted, reason }
    }
}

/// The last 1,000 plugins that were not let in, newest first
#[utoipa::path(
    get, path = "/plugins/refusals", tag = "plugins",
    responses((status = 200, description = "What was not let in, and why", body = Results<RefusalBody>))
)]
pub(super) async fn list_refusals(State(api): Api) -> Result<Json<Results<RefusalBody>>, ApiError> {
    Ok(Json(api.plugins.refusals().await?.into_iter().collect()))
}
