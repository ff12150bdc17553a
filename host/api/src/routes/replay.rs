//! What a ranker would have decided.

mod text;

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use hinny_core::{
    SchedulerId, Timestamp,
    decision::{Decision, MovedDecision, Own, Replay, ReplayOptions, ReplayRequest, Unanswered},
    input::InputValue,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    decisions::DamageBody,
    explain::text_or_json,
    plugins::MaybeComponent,
    preview::{PreviewQuery, source},
    slots::reference::Reference,
};
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::InQuery,
    wire::{Moment, Text},
};

/// The header with what programs want to know of an answer in words.
const EXACT: HeaderName = HeaderName::from_static("hinny-exact");

/// What a ranker makes of decisions that are recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replay)]
pub(super) struct ReplayBody {
    /// Whose decisions.
    #[schema(value_type = String)]
    scheduler_id: SchedulerId,
    /// The ranker that was asked: name and version.
    candidate: String,
    /// Its component.
    #[schema(value_type = String)]
    digest: Text,
    /// The moment of the oldest decision that was replayed; null without any.
    from: Option<Moment>,
    /// The moment of the newest; null without any.
    to: Option<Moment>,
    /// Batches that it answered.
    batches: u64,
    /// Tasks in them.
    tasks: u64,
    /// Tasks that get the recorded priority.
    same: u64,
    /// Tasks that get another one.
    differ: u64,
    /// Whether it reproduced all that was decided by this very component with these settings; null
    /// when nothing was.
    exact: Option<bool>,
    /// What was decided by this very component with these settings.
    own: OwnBody,
    /// Tasks whose places were compared: all, or the newest million.
    compared: u64,
    /// Tasks whose place among them differs.
    moved: u64,
    /// How alike the orders are: Kendall's τ, from 1 (the same) to −1 (the reverse); null with
    /// fewer than two tasks.
    kendall_tau: Option<f64>,
    /// The tasks that would move furthest to the front, furthest first.
    forward: Vec<MovedBody>,
    /// The tasks that would move furthest to the back, furthest first.
    back: Vec<MovedBody>,
    /// Batches on which it failed.
    failed: UnansweredBody,
    /// The first such failure.
    failure: Option<String>,
    /// Batches that it was not asked about.
    skipped: Vec<SkippedBody>,
    /// Places in the records that cannot be read.
    damages: Vec<DamageBody>,
    /// Microseconds per task that the decisions took, waiting for a thread included.
    micros_then: Option<f64>,
    /// Microseconds per task that the same batches took now, without waiting.
    micros_now: Option<f64>,
}

/// What was decided by the very same component with the same settings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDecisions)]
struct OwnBody {
    /// Batches.
    batches: u64,
    /// Tasks in them.
    tasks: u64,
    /// Tasks that do not get the recorded priority again.
    differ: u64,
    /// Tasks on which it failed.
    failed: u64,
    /// The first of those that differ.
    differences: Vec<DecisionBody>,
}

/// The priority of one task, as it was decided and as it would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
struct DecisionBody {
    /// When.
    at: Moment,
    /// By which generation.
    generation: u64,
    /// In which batch: 0 for the newest that was replayed.
    batch: u64,
    /// Its place in the batch, from 0.
    place: u64,
    /// The recorded priority.
    recorded: i64,
    /// The replayed one.
    replayed: i64,
    /// What was known of the task, by the names of the inputs; empty where it is not known any more.
    #[schema(value_type = Object)]
    inputs: Map<String, Value>,
}

/// A task that would have another place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovedDecision)]
struct MovedBody {
    /// What was decided of it.
    decision: DecisionBody,
    /// Its place among all that were compared, 1 for the first.
    from: u64,
    /// Its place by the replayed priorities.
    to: u64,
}

/// Batches without an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnansweredDecisions)]
struct UnansweredBody {
    /// How many.
    batches: u64,
    /// Tasks in them.
    tasks: u64,
}

/// Batches that the ranker was not asked about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkippedDecisions)]
struct SkippedBody {
    /// Why not.
    why: String,
    /// How many.
    batches: u64,
    /// Tasks in them.
    tasks: u64,
}

impl From<Replay> for ReplayBody {
    fn from(replay: Replay) -> Self {
        let exact = replay.exact();
        let per_task = |took: Duration| {
            (replay.tasks > 0).then(|| took.as_secs_f64() * 1e6 / replay.tasks as f64)
        };
        Self {
            candidate: replay.candidate,
            digest: (&replay.digest).into(),
            from: replay.from.map(Into::into),
            to: replay.to.map(Into::into),
            batches: replay.batches,
            tasks: replay.tasks,
            same: replay.same,
            differ: replay.differ,
            exact,
            own: replay.own.into(),
            compared: replay.order.compared,
            moved: replay.order.moved,
            kendall_tau: replay.order.kendall_tau,
            forward: replay.order.forward.into_iter().map(Into::into).collect(),
            back: replay.order.back.into_iter().map(Into::into).collect(),
            failed: replay.failed.into(),
            failure: replay.failure,
            skipped: replay.skipped.into_iter().map(Into::into).collect(),
            damages: replay.damages.into_iter().map(Into::into).collect(),
            micros_then: per_task(replay.took_then),
            micros_now: per_task(replay.took_now),
            scheduler_id: replay.scheduler,
        }
    }
}

impl From<Own> for OwnBody {
    fn from(Own { batches, tasks, differ, failed, differences }: Own) -> Self {
        let differences = differences.into_iter().map(Into::into).collect();
        Self { batches, tasks, differ, failed, differences }
    }
}

impl From<Decision> for DecisionBody {
    fn from(decision: Decision) -> Self {
        let inputs = decision.inputs.into_iter();
        Self {
            at: decision.at.into(),
            generation: decision.generation,
            batch: decision.batch,
            place: decision.place,
            recorded: decision.recorded.0,
            replayed: decision.replayed.0,
            inputs: inputs.map(|(name, value)| (name, json(&value))).collect(),
        }
    }
}

impl From<MovedDecision> for MovedBody {
    fn from(MovedDecision { decision, from, to }: MovedDecision) -> Self {
        Self { decision: decision.into(), from, to }
    }
}

impl From<Unanswered> for UnansweredBody {
    fn from(Unanswered { batches, tasks }: Unanswered) -> Self {
        Self { batches, tasks }
    }
}

impl From<(String, Unanswered)> for SkippedBody {
    fn from((why, Unanswered { batches, tasks }): (String, Unanswered)) -> Self {
        Self { why, batches, tasks }
    }
}

fn json(value: &InputValue) -> Value {
    match value {
        InputValue::Absent => Value::Null,
        InputValue::Integer(integer) => (*integer).into(),
        InputValue::Float(float) => (*float).into(),
        InputValue::Text(text) => (&**text).into(),
        InputValue::Flag(flag) => (*flag).into(),
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReplayQuery {
    /// Whose decisions.
    #[param(value_type = String)]
    scheduler_id: SchedulerId,
    /// A version that is kept: a digest, a name, or `name@version`. The active one when it is left
    /// out and no component is sent.
    #[param(value_type = Option<String>)]
    plugin: Option<Reference>,
    /// Its settings, as JSON; those it had when it was last active there when left out, else none.
    #[param(value_type = Option<String>)]
    settings: Option<Value>,
    /// No decisions from before.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// No decisions from then on.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// At most so many batches, the newest; all when left out.
    batches: Option<u64>,
    /// How many tasks are listed of those that move forward, of those that move back, and of own
    /// decisions that are not reproduced; at most 100.
    #[param(required = false, default = 10)]
    movers: u32,
}

impl FromFields for ReplayQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        // Whom to ask is read as for a preview.
        let asked = PreviewQuery::read(fields);
        let (since, until) = (fields.optional("since"), fields.optional("until"));
        let batches = fields.optional("batches");
        let PreviewQuery { scheduler_id, plugin, settings, movers } = asked?;
        let (since, until, batches) = (since?, until?, batches?);
        Ok(Self { scheduler_id, plugin, settings, since, until, batches, movers })
    }
}

/// What a ranker would have decided
///
/// It is asked again about what was decided, newest first, with the same inputs at the same moments;
/// the queue goes on meanwhile. A ranker reproduces its own decisions exactly. With `Accept:
/// text/plain`, a text for people.
#[utoipa::path(
    post, path = "/plugins/replay", tag = "plugins",
    params(ReplayQuery),
    request_body(content = Option<Vec<u8>>, content_type = "application/wasm", description = "A component, instead of `plugin`"),
    responses(
        (status = 200, description = "What it would have decided", content(
            (ReplayBody = "application/json"), (String = "text/plain")
        ), headers(("hinny-exact" = Option<bool>, description = "As `exact` of the JSON"))),
        (status = 400, description = "The version is no ranker", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such scheduler, or no such version", body = crate::openapi::ErrorBody),
        (status = 409, description = "More than one version fits, none is active, or nothing is recorded", body = crate::openapi::ErrorBody),
        (status = 422, description = "Fields do not fit, or the ranker failed a check", body = crate::openapi::ErrorBody),
        (status = 429, description = "Too many are being verified", body = crate::openapi::ErrorBody),
        (status = 503, description = "The records cannot be read", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn replay_plugin(
    State(api): Api,
    InQuery(query): InQuery<ReplayQuery>,
    headers: HeaderMap,
    MaybeComponent(component): MaybeComponent,
) -> Result<Response, ApiError> {
    let request = ReplayRequest {
        source: source(&api, query.plugin, component).await?,
        scheduler: query.scheduler_id,
        settings: query.settings,
        options: ReplayOptions {
            since: query.since,
            until: query.until,
            batches_max: query.batches,
            listed: query.movers as usize,
        },
    };
    let replay = ReplayBody::from(api.decisions.replay(request).await?);
    let exact = replay.exact;
    let mut response = text_or_json(&headers, replay);
    if let Some(exact) = exact {
        let value = HeaderValue::from_static(if exact { "true" } else { "false" });
        response.headers_mut().insert(EXACT, value);
    }
    Ok(response)
}
