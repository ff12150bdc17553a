//! What a queue would be like under another ranker.

mod text;

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use hinny_core::{
    SchedulerId,
    plugin::{CandidateRequest, CandidateSource, World},
    preview::{Comparison, Mover, Oldest, Overlap, Preview, PreviewOptions, Share},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    explain::{ExplanationBody, text_or_json},
    plugins::MaybeComponent,
    slots::{REFERENCE_MAX, reference::Reference},
};
use crate::{
    ApiState,
    body::invalid,
    error::ApiError,
    input::{Fields, FromFields, Input, JsonText, Limited, Noted, Place},
    params::InQuery,
    wire::{Id, Text},
};

/// Movers that are listed of each direction where no number is asked for.
const MOVERS_DEFAULT: u32 = 10;

/// Most movers that are listed of each direction: both rankers explain each of them.
const MOVERS_MAX: u32 = 100;

/// What a queue would be like under another ranker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewBody {
    /// Whose queue.
    #[schema(value_type = String)]
    scheduler_id: SchedulerId,
    /// What ranks it now: name and version; null: the host's own rule.
    current: Option<String>,
    /// What would rank it: name and version.
    candidate: String,
    /// Tasks in the queue that a worker could get.
    tasks: u64,
    /// Tasks whose position would differ.
    moved: u64,
    /// Tasks on which the candidate failed. They would keep their ranks.
    failed: u64,
    /// The first such failure.
    failure: Option<String>,
    /// How alike the orders are: Kendall's τ, from 1 (the same) to −1 (the reverse); null with
    /// fewer than two tasks.
    kendall_tau: Option<f64>,
    /// How many of the first tasks are among the first of both orders.
    overlaps: Vec<OverlapBody>,
    /// Of the next 1,000 pops, whose work they would be. Most pops now first.
    shares: Vec<ShareBody>,
    /// What becomes of the tasks that wait longest; null without tasks.
    oldest: Option<OldestBody>,
    /// The tasks that would move furthest to the front, furthest first.
    forward: Vec<MoverBody>,
    /// The tasks that would move furthest to the back, furthest first.
    back: Vec<MoverBody>,
}

/// How many of the first tasks are among the first of both orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overlap)]
pub(super) struct OverlapBody {
    /// Of the first so many.
    first: u64,
    /// So many.
    same: u64,
}

/// Whose work the next pops would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Share)]
struct ShareBody {
    /// Whose.
    organisation: String,
    /// Pops now.
    now: u64,
    /// Pops under the candidate.
    then: u64,
}

/// What becomes of the tasks that wait longest. A ranker that starves them puts them to the end.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Oldest)]
pub(super) struct OldestBody {
    /// How many: one in 100, at least one.
    tasks: u64,
    /// Their mean place now, from 0 (the head) to 1 (the end).
    now: f64,
    /// Their mean place under the candidate.
    then: f64,
}

/// A task that would move.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mover)]
struct MoverBody {
    /// Which.
    task_id: Id,
    /// Whose work it is.
    organisation: Option<Text>,
    /// Its position now, 1 for the next to go.
    from: u64,
    /// Its position under the candidate.
    to: u64,
    /// Its rank now.
    priority: i64,
    /// Its rank under the candidate.
    candidate_priority: i64,
    /// What the ranker in use says of it; null without a ranker, or when it does not say.
    explanation: Option<ExplanationBody>,
    /// What the candidate says of it; null when it does not say.
    candidate_explanation: Option<ExplanationBody>,
}

impl From<Preview> for PreviewBody {
    fn from(preview: Preview) -> Self {
        let Comparison { tasks, moved, kendall_tau, overlaps, shares, oldest } = preview.comparison;
        Self {
            scheduler_id: preview.scheduler,
            current: preview.current,
            candidate: preview.candidate,
            tasks,
            moved,
            failed: preview.failed,
            failure: preview.failure,
            kendall_tau,
            overlaps: overlaps.into_iter().map(Into::into).collect(),
            shares: shares.into_iter().map(Into::into).collect(),
            oldest: oldest.map(Into::into),
            forward: preview.forward.into_iter().map(Into::into).collect(),
            back: preview.back.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Overlap> for OverlapBody {
    fn from(Overlap { first, same }: Overlap) -> Self {
        Self { first, same }
    }
}

impl From<Share> for ShareBody {
    fn from(Share { organisation, now, then }: Share) -> Self {
        Self { organisation, now, then }
    }
}

impl From<Oldest> for OldestBody {
    fn from(Oldest { tasks, now, then }: Oldest) -> Self {
        Self { tasks, now, then }
    }
}

impl From<Mover> for MoverBody {
    fn from(mover: Mover) -> Self {
        Self {
            task_id: mover.task.into(),
            organisation: mover.organisation.as_ref().map(Into::into),
            from: mover.from,
            to: mover.to,
            priority: mover.priority.0,
            candidate_priority: mover.candidate_priority.0,
            explanation: mover.explanation.map(Into::into),
            candidate_explanation: mover.candidate_explanation.map(Into::into),
        }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewQuery {
    /// Whose queue.
    #[param(value_type = String)]
    pub(super) scheduler_id: SchedulerId,
    /// A version that is kept: a digest, a name, or `name@version`. Left out when a component is
    /// sent.
    #[param(value_type = Option<String>)]
    pub(super) plugin: Option<Reference>,
    /// Its settings, as JSON; those it had when it was last active there when left out, else none.
    #[param(value_type = Option<String>)]
    pub(super) settings: Option<Value>,
    /// How many tasks are listed of those that move forward, and of those that move back; at most
    /// 100.
    #[param(required = false, default = 10)]
    pub(super) movers: u32,
}

impl FromFields for PreviewQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let scheduler_id = fields.required("scheduler_id");
        let plugin = fields.optional::<Limited<REFERENCE_MAX>>("plugin");
        let settings = fields.optional("settings");
        let movers = fields.optional::<u32>("movers");
        Ok(Self {
            scheduler_id: scheduler_id?,
            plugin: plugin?.map(|Limited(plugin)| Reference::parse(plugin)),
            settings: settings?.map(|JsonText(settings)| settings),
            movers: movers?.unwrap_or(MOVERS_DEFAULT).min(MOVERS_MAX),
        })
    }
}

/// What a queue would be like under another ranker, without activating it
///
/// Everything queued is ranked by the candidate, and the order compared to the one in use; the
/// queue goes on meanwhile. The candidate is a version that is kept, or a component sent along, which
/// is verified as an upload is and not kept. With `Accept: text/plain`, a text for people.
#[utoipa::path(
    post, path = "/plugins/preview", tag = "plugins",
    params(PreviewQuery),
    request_body(content = Option<Vec<u8>>, content_type = "application/wasm", description = "A component, unless `plugin` names a version"),
    responses(
        (status = 200, description = "What would move", content(
            (PreviewBody = "application/json"), (String = "text/plain")
        )),
        (status = 400, description = "The version is no ranker", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such scheduler, or no such version", body = crate::openapi::ErrorBody),
        (status = 409, description = "More than one version fits", body = crate::openapi::ErrorBody),
        (status = 422, description = "Fields do not fit, or the candidate failed a check", body = crate::openapi::ErrorBody),
        (status = 429, description = "Too many are being verified", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn preview_plugin(
    State(api): Api,
    InQuery(query): InQuery<PreviewQuery>,
    headers: HeaderMap,
    MaybeComponent(component): MaybeComponent,
) -> Result<Response, ApiError> {
    let source = source(&api, query.plugin, component).await?.ok_or_else(|| {
        let msg = "name a version, or send the bytes of a component";
        invalid(&Place::of("query").field("plugin"), "missing", msg, Input::Text(""))
    })?;
    let (scheduler, settings) = (query.scheduler_id, query.settings);
    let request = CandidateRequest { scheduler: scheduler.clone(), source, settings };
    let candidate = api.plugins.candidate(request).await?;
    let options = PreviewOptions { movers: query.movers as usize };
    let preview = api.queues.preview(&scheduler, candidate, options).await?;
    Ok(text_or_json(&headers, PreviewBody::from(preview)))
}

/// The ranker that is asked for: a version that is kept, or a component sent along, if any.
pub(super) async fn source(
    api: &ApiState,
    plugin: Option<Reference>,
    component: Option<Bytes>,
) -> Result<Option<CandidateSource>, ApiError> {
    match (plugin, component) {
        (None, None) => Ok(None),
        (None, Some(component)) => Ok(Some(CandidateSource::Component(component.into()))),
        (Some(plugin), None) => {
            let versions = api.plugins.versions().await?;
            Ok(Some(CandidateSource::Version(plugin.resolve(versions, World::Ranker)?)))
        }
        (Some(plugin), Some(_)) => {
            let msg = "a component was sent, too; leave one of them out";
            let (place, plugin) = (Place::of("query"), plugin.to_string());
            Err(invalid(&place.field("plugin"), "value_error", msg, Input::Text(&plugin)))
        }
    }
}
