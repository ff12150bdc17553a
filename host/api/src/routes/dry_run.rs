//! What a trigger would do, without doing it.

use axum::{Json, extract::State};
use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskId,
    command::{OwnMessage, StateWrite},
    dry_run::{DryRun, WouldDo, WouldPush},
    queue::NewMessage,
    scheduler::HandleFailure,
    store::ScheduleWrite,
    trigger::{Message, Tick, Trigger},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    events::{OneMessage, SOURCE_MAX},
    quarantine::not_kept,
    schedulers::SchedulerPath,
};
use crate::{
    ApiState,
    body::invalid,
    error::ApiError,
    input::{Fields, FromFields, Input, Limited, Noted, Place},
    params::{InPath, InQuery},
    wire::{Id, Moment, Text},
};

/// What would come of a trigger now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(super) struct DryRunBody {
    /// `would-do`: what follows, in one transaction. `unwanted`: the plugin does not want such triggers.
    /// `retry`: it asks to be called again later. `rejected`: it never wants to see this again. `failed`:
    /// the call itself fails.
    #[schema(example = "would-do")]
    outcome: &'static str,
    /// Why it would not be handled.
    reason: Option<String>,
    /// The tasks that it would push, ranked.
    pushes: Vec<WouldPushBody>,
    /// The queued tasks that it would cancel.
    cancels: Vec<Id>,
    /// The schedules that it would make, change or disable.
    schedules: Vec<WouldPlanBody>,
    /// What the plugin would remember.
    state: Vec<WouldKeepBody>,
    /// What the plugin would send to itself.
    messages: Vec<WouldSendBody>,
}

/// A task that would be pushed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WouldPush)]
struct WouldPushBody {
    /// Whose work it is.
    organisation: Text,
    /// What makes it the same work as another.
    hash: Text,
    /// The rank that it would have.
    priority: i64,
    /// The priority that the plugin asks for.
    base_priority: Option<i64>,
    /// Not handed out earlier than this.
    not_before: Option<Moment>,
    /// The queued task, or the one before in this list, with the same hash; then this one would not be pushed.
    duplicate_of: Option<Id>,
    /// What to do.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

/// A schedule that would be made, changed or disabled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WouldPlan)]
struct WouldPlanBody {
    /// `upsert` or `disable`.
    action: &'static str,
    /// The hash of its tasks.
    hash: Text,
    /// Cron expression.
    schedule: Option<String>,
    /// When it would fire next.
    deadline_at: Option<Moment>,
    /// The data of its tasks; null when it is disabled.
    #[schema(value_type = Option<Object>)]
    data: Option<Box<RawValue>>,
}

/// A value that the plugin would remember.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WouldKeep)]
struct WouldKeepBody {
    /// Its name.
    key: String,
    /// Its length in bytes; null: it would be deleted.
    bytes: Option<usize>,
}

/// A message that the plugin would send to itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WouldSend)]
struct WouldSendBody {
    /// Under which source it would come back.
    source: String,
    /// Not earlier than this.
    not_before: Option<Moment>,
    /// Its body, as text.
    body: String,
}

impl From<DryRun> for DryRunBody {
    fn from(run: DryRun) -> Self {
        match run {
            DryRun::Unwanted => Self::nothing("unwanted", None),
            DryRun::Failed(failure) => {
                let outcome = match &failure {
                    HandleFailure::Retry { .. } => "retry",
                    HandleFailure::Reject { .. } => "rejected",
                    HandleFailure::Failed(_) => "failed",
                };
                Self::nothing(outcome, Some(failure.to_string()))
            }
            DryRun::Would(would) => (*would).into(),
        }
    }
}

impl From<WouldDo> for DryRunBody {
    fn from(would: WouldDo) -> Self {
        Self {
            pushes: would.pushes.into_iter().map(Into::into).collect(),
            cancels: would.cancels.into_iter().map(Into::into).collect(),
            schedules: would.schedules.into_iter().filter_map(plan).collect(),
            state: would.state.into_iter().map(Into::into).collect(),
            messages: would.messages.into_iter().map(Into::into).collect(),
            ..Self::nothing("would-do", None)
        }
    }
}

impl DryRunBody {
    fn nothing(outcome: &'static str, reason: Option<String>) -> Self {
        let (pushes, cancels, schedules) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            outcome,
            reason,
            pushes,
            cancels,
            schedules,
            state: Vec::new(),
            messages: Vec::new(),
        }
    }
}

impl From<WouldPush> for WouldPushBody {
    fn from(WouldPush { task, queued }: WouldPush) -> Self {
        Self {
            organisation: (&task.organisation).into(),
            hash: (&task.hash).into(),
            priority: task.priority.0,
            base_priority: task.base_priority.map(|priority| priority.0),
            not_before: task.not_before.map(Into::into),
            duplicate_of: queued.map(Into::into),
            data: task.data,
        }
    }
}

impl From<StateWrite> for WouldKeepBody {
    fn from(StateWrite { key, value, .. }: StateWrite) -> Self {
        Self { key, bytes: value.map(|value| value.len()) }
    }
}

impl From<OwnMessage> for WouldSendBody {
    fn from(OwnMessage { source, body, not_before }: OwnMessage) -> Self {
        let body = String::from_utf8_lossy(&body).into_owned();
        Self { source, not_before: not_before.map(Into::into), body }
    }
}

/// Plugins make schedules, change and disable them, and nothing else.
fn plan(write: ScheduleWrite) -> Option<WouldPlanBody> {
    match write {
        ScheduleWrite::Upsert(schedule) => Some(WouldPlanBody {
            action: "upsert",
            hash: (&schedule.hash).into(),
            schedule: schedule.cron,
            deadline_at: schedule.deadline_at.map(Into::into),
            data: Some(schedule.data),
        }),
        ScheduleWrite::Disable { hash, .. } => Some(WouldPlanBody {
            action: "disable",
            hash: (&hash).into(),
            schedule: None,
            deadline_at: None,
            data: None,
        }),
        _ => None,
    }
}

/// Which trigger: one of these.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Wanted` is read from")]
pub(super) struct DryRunQuery {
    /// A message of this source: the body of the request, with its headers, as for `POST /events/{source}`.
    source: Option<String>,
    /// A message that is kept: waiting, or in quarantine.
    event_id: Option<uuid::Uuid>,
    /// A tick of those that come every so many milliseconds.
    tick_ms: Option<u64>,
    /// This schedule, as if it were due.
    schedule_id: Option<uuid::Uuid>,
    /// This task, as it ended.
    task_id: Option<uuid::Uuid>,
}

/// Which trigger, as it was sent.
#[derive(Debug)]
enum Wanted {
    Message(String),
    Kept(EventId),
    Tick(u64),
    Due(ScheduleId),
    Finished(TaskId),
}

/// All that were named.
#[derive(Debug)]
pub(super) struct AllWanted(Vec<Wanted>);

impl FromFields for AllWanted {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let source = fields.optional("source");
        let (event, tick) = (fields.optional("event_id"), fields.optional("tick_ms"));
        let (schedule, task) = (fields.optional("schedule_id"), fields.optional("task_id"));
        let source = source?.map(|Limited::<SOURCE_MAX>(source)| Wanted::Message(source));
        let all = [
            source,
            event?.map(Wanted::Kept),
            tick?.map(Wanted::Tick),
            schedule?.map(Wanted::Due),
            task?.map(Wanted::Finished),
        ];
        Ok(Self(all.into_iter().flatten().collect()))
    }
}

/// What a trigger would do now, without doing it
///
/// The scheduler plugin handles it as it would, and nothing is committed. Services that the plugin asks are
/// asked.
#[utoipa::path(
    post, path = "/schedulers/{scheduler_id}/dry-run", tag = "events",
    params(("scheduler_id" = String, Path, description = "The scheduler"), DryRunQuery),
    request_body(content = serde_json::Value, description = "The message, with `source`; any content type"),
    responses(
        (status = 200, description = "What would come of it", body = DryRunBody),
        (status = 404, description = "No such scheduler, event, schedule or task", body = crate::openapi::ErrorBody),
        (status = 503, description = "The scheduler has no plugin", body = crate::openapi::ErrorBody),
        (status = 422, description = "None, or more than one trigger is named", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn dry_run(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    InQuery(AllWanted(wanted)): InQuery<AllWanted>,
    OneMessage(message): OneMessage,
) -> Result<Json<DryRunBody>, ApiError> {
    let [wanted] = <[Wanted; 1]>::try_from(wanted).map_err(|_| not_one())?;
    let trigger = trigger(&api, &scheduler, wanted, message).await?;
    Ok(Json(api.queues.dry_run(&scheduler, trigger).await?.into()))
}

async fn trigger(
    api: &ApiState,
    scheduler: &SchedulerId,
    wanted: Wanted,
    message: NewMessage,
) -> Result<Trigger, ApiError> {
    let now = api.clock.now();
    Ok(match wanted {
        Wanted::Message(source) => Trigger::Message(Message {
            id: message.id.unwrap_or_else(|| api.ids.event(now)),
            source,
            at: now,
            content_type: message.content_type,
            body: message.body,
            attributes: message.attributes,
            delivery: 1,
        }),
        Wanted::Kept(id) => {
            let kept = api.store.kept_event(scheduler, id).await?;
            Trigger::Message(kept.ok_or_else(|| not_kept(scheduler, id))?.message)
        }
        Wanted::Tick(every_ms) => Trigger::Tick(Tick { planned_at: now, every_ms }),
        Wanted::Due(id) => {
            let schedule = api.store.schedule(id).await?;
            let ours = schedule.filter(|schedule| schedule.scheduler == *scheduler);
            Trigger::Due(Box::new(ours.ok_or_else(|| ApiError::schedule_not_found(id))?))
        }
        Wanted::Finished(id) => {
            let task = api.store.tasks_by_id(&[id]).await?.pop();
            let ours = task.filter(|task| task.scheduler == *scheduler);
            let task = ours.ok_or_else(|| ApiError::task_not_found(id))?;
            if !task.status.is_terminal() {
                return Err(not_ended(task.status.as_str()));
            }
            Trigger::Finished(Box::new(task))
        }
    })
}

fn not_one() -> ApiError {
    let msg = "name one of `source`, `event_id`, `tick_ms`, `schedule_id` and `task_id`";
    invalid(&Place::of("query"), "value_error", msg, Input::Text(""))
}

fn not_ended(status: &str) -> ApiError {
    let msg = format!("the task is `{status}`: only a task that has ended wakes its scheduler");
    invalid(&Place::of("query"), "value_error", msg, Input::Text(status))
}
