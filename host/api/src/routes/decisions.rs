//! How many decisions of rankers are recorded.

use axum::{Json, extract::State};
use hinny_core::{
    SchedulerId,
    decision::{Damage, Missed, Recorded, RecordedOf},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::{error::ApiError, wire::Moment};

/// What is recorded of what rankers decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedDecisions)]
pub(super) struct RecordedBody {
    /// Where: a folder of the host.
    directory: String,
    /// How much there is, in bytes.
    bytes: u64,
    /// How much there may be; the oldest makes room.
    bytes_max: u64,
    /// Of each scheduler.
    schedulers: Vec<RecordedOfBody>,
    /// Places that cannot be read.
    damages: Vec<DamageBody>,
}

/// What is recorded of a scheduler.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedDecisionsOfScheduler)]
struct RecordedOfBody {
    /// Which.
    #[schema(value_type = String)]
    scheduler_id: SchedulerId,
    /// The moment of the oldest decision; null without any.
    from: Option<Moment>,
    /// The moment of the newest; null without any.
    to: Option<Moment>,
    /// Batches.
    batches: u64,
    /// Tasks in them.
    tasks: u64,
    /// Bytes that they take.
    bytes: u64,
    /// Batches since the start of the host that were not recorded.
    missed: MissedBody,
}

/// Batches that were not recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissedDecisions)]
struct MissedBody {
    /// Since too many waited to be written, or they could not be.
    lost: u64,
    /// As the configuration says: only some are.
    left_out: u64,
    /// Since the ranker failed: there was no decision.
    failed: u64,
}

/// A place in the records that cannot be read. What follows it in the same file is left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DamagedDecisions)]
pub(super) struct DamageBody {
    /// The file.
    pub(super) file: String,
    /// How many bytes into it.
    pub(super) at: u64,
    /// What is wrong there.
    pub(super) why: String,
}

impl From<Recorded> for RecordedBody {
    fn from(recorded: Recorded) -> Self {
        Self {
            directory: recorded.folder.display().to_string(),
            bytes: recorded.bytes,
            bytes_max: recorded.bytes_max,
            schedulers: recorded.schedulers.into_iter().map(Into::into).collect(),
            damages: recorded.damages.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RecordedOf> for RecordedOfBody {
    fn from(recorded: RecordedOf) -> Self {
        Self {
            scheduler_id: recorded.scheduler,
            from: recorded.from.map(Into::into),
            to: recorded.to.map(Into::into),
            batches: recorded.batches,
            tasks: recorded.tasks,
            bytes: recorded.bytes,
            missed: recorded.missed.into(),
        }
    }
}

impl From<Missed> for MissedBody {
    fn from(Missed { lost, left_out, failed }: Missed) -> Self {
        Self { lost, left_out, failed }
    }
}

impl From<Damage> for DamageBody {
    fn from(Damage { file, at, why }: Damage) -> Self {
        Self { file: file.display().to_string(), at, why }
    }
}

/// How many decisions of rankers are recorded
///
/// `POST /plugins/replay` asks a ranker about them again.
#[utoipa::path(
    get, path = "/plugins/decisions", tag = "plugins",
    responses(
        (status = 200, description = "What is recorded", body = RecordedBody),
        (status = 409, description = "Nothing is: the configuration says so", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_decisions(State(api): Api) -> Result<Json<RecordedBody>, ApiError> {
    Ok(Json(api.decisions.recorded().await?.into()))
}
