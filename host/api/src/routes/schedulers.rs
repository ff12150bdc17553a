//! Schedulers, and how their queues are doing.

use axum::{Json, extract::State};
use hinny_core::{
    SchedulerId,
    queue::{Progress, QueueStats},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::InPath,
    wire::{Moment, Text},
};

/// A scheduler, and how its queue is doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scheduler)]
pub(super) struct SchedulerBody {
    /// Its name.
    id: Text,
    /// Kind of its tasks; its name while no plugin says it.
    #[serde(rename = "type")]
    kind: Text,
    /// The same, as the name of a class.
    #[schema(example = "JobTask")]
    item_type: String,
    /// Queued tasks, delayed ones too.
    qsize: u64,
    /// Last push or pop.
    last_activity: Option<Moment>,
    /// Of the queued tasks, those not to be handed out yet.
    delayed: u64,
    /// Workers that wait for a task.
    waiting: u64,
    /// The generation that the order is of; 0: the host's own rule.
    generation: u64,
    /// How far ranking under the next generation is, while the queue is switched.
    switching: Option<ProgressBody>,
}

/// How far something is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressBody {
    /// So far.
    done: u64,
    /// In all.
    total: u64,
}

impl From<QueueStats> for SchedulerBody {
    fn from(stats: QueueStats) -> Self {
        let kind = stats.task_type.as_ref().map_or_else(|| (&stats.scheduler).into(), Text::from);
        let name = stats.task_type.as_ref().map_or(stats.scheduler.as_str(), |kind| kind.as_str());
        Self {
            id: (&stats.scheduler).into(),
            kind,
            item_type: class_name(name),
            qsize: stats.queued,
            last_activity: stats.last_activity.map(Into::into),
            delayed: stats.delayed,
            waiting: stats.waiting,
            generation: stats.generation,
            switching: stats.switching.map(Into::into),
        }
    }
}

impl From<Progress> for ProgressBody {
    fn from(Progress { done, total }: Progress) -> Self {
        Self { done, total }
    }
}

/// `report` → `ReportTask`, as clients of older schedulers know it.
pub(super) fn class_name(kind: &str) -> String {
    let mut letters = kind.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .chain("Task".chars())
        .collect()
}

/// A scheduler in the path.
#[derive(Debug)]
pub(super) struct SchedulerPath(pub(super) SchedulerId);

impl FromFields for SchedulerPath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("scheduler_id")?))
    }
}

/// All schedulers, in the order of the configuration
#[utoipa::path(
    get, path = "/schedulers", tag = "queues",
    responses((status = 200, description = "The schedulers", body = [SchedulerBody]))
)]
pub(super) async fn list_schedulers(State(api): Api) -> Result<Json<Vec<SchedulerBody>>, ApiError> {
    let mut bodies = Vec::new();
    for scheduler in api.queues.schedulers() {
        bodies.push(api.queues.stats(&scheduler).await?.into());
    }
    Ok(Json(bodies))
}

/// One scheduler
#[utoipa::path(
    get, path = "/schedulers/{scheduler_id}", tag = "queues",
    params(("scheduler_id" = String, Path, description = "The scheduler")),
    responses(
        (status = 200, description = "The scheduler", body = SchedulerBody),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_scheduler(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
) -> Result<Json<SchedulerBody>, ApiError> {
    Ok(Json(api.queues.stats(&scheduler).await?.into()))
}

#[cfg(test)]
mod tests {
    use super::class_name;

    #[test]
    fn kinds_are_written_as_class_names() {
        assert_eq!(class_name("report"), "ReportTask");
        assert_eq!(class_name(""), "Task");
    }
}
