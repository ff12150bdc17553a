//! Slots, and the versions that fill them.

pub(super) mod reference;

use axum::{Extension, Json, extract::State};
use hinny_core::{
    SchedulerId,
    input::InputSpec,
    plugin::{
        ActivateRequest, Activation, CallStats, PluginError, Slot, SlotStatus, Stage, TrialStatus,
        World,
    },
    preview::Comparison,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Api,
    plugins::WorldSchema,
    preview::{OldestBody, OverlapBody},
};
use crate::{
    Caller,
    body::{JsonBody, JsonFields},
    error::ApiError,
    input::{Fields, FromFields, Limited, Noted},
    params::InPath,
    wire::{Moment, Results, Text},
};
use reference::Reference;

/// Longest reference to a version, in bytes.
pub(super) const REFERENCE_MAX: usize = 512;

/// A place for one plugin, and how it is doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
pub(super) struct SlotBody {
    /// Its name.
    #[schema(example = "jobs/ranker")]
    slot: String,
    /// Whose.
    scheduler_id: Text,
    /// What its plugin decides.
    #[schema(value_type = WorldSchema)]
    world: World,
    /// What it runs; null: the host's own rule (ranker), or nothing at all (scheduler).
    active: Option<ActivationBody>,
    /// Name and version of what it runs.
    title: Option<String>,
    /// What the ranker reads of each task.
    #[schema(value_type = Vec<Object>)]
    inputs: Vec<InputSpec>,
    /// Numbers since the generation became active.
    stats: StatsBody,
    /// A version that is tried beside it, as a shadow or a canary.
    trial: Option<TrialBody>,
}

/// How a version does that is tried beside the active one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trial)]
struct TrialBody {
    /// What it is.
    activation: ActivationBody,
    /// Name and version.
    title: String,
    /// Numbers since it began.
    stats: StatsBody,
    /// Tasks that both have ranked: the last 10,000 at most. What follows is about these.
    compared: u64,
    /// Tasks of them whose position differs.
    moved: u64,
    /// How alike the orders are: Kendall's τ, from 1 (the same) to −1 (the reverse); null with
    /// fewer than two tasks.
    kendall_tau: Option<f64>,
    /// How many of the first tasks are among the first of both orders.
    overlaps: Vec<OverlapBody>,
    /// What becomes of those that wait longest; null without tasks.
    oldest: Option<OldestBody>,
    /// Batches that were not compared, since too many waited for it.
    skipped: u64,
}

/// Numbers on the calls of a plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallStats)]
struct StatsBody {
    /// Calls.
    calls: u64,
    /// Calls that gave nothing usable.
    failures: u64,
    /// Calls that took longer than `ranker_budget.call_ms` of the scheduler.
    slow: u64,
    /// Tasks in those calls.
    tasks: u64,
    /// Microseconds in the guest, in all.
    guest_micros: u64,
    /// Instances made.
    instances: u64,
}

/// An activation of a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Activation)]
pub(super) struct ActivationBody {
    /// Where.
    #[schema(example = "jobs/ranker")]
    slot: String,
    /// 1 for the first, then one more each time.
    generation: u64,
    /// Which version.
    digest: Text,
    /// Its settings.
    settings: Value,
    /// When.
    at: Moment,
    /// By whom.
    by: String,
    /// Why.
    reason: String,
    /// Which part of the tasks it decides about: `active` (all), `shadow` (none), or `canary` with
    /// a share.
    #[schema(value_type = String, example = "canary 5%")]
    stage: Stage,
    /// The generation that the host ended with this one by itself, since it was beyond its budget.
    ended: Option<u64>,
    /// Whether a person insisted on it: the host does not end it by itself.
    forced: bool,
}

impl From<SlotStatus> for SlotBody {
    fn from(status: SlotStatus) -> Self {
        Self {
            slot: status.slot.to_string(),
            scheduler_id: (&status.slot.scheduler).into(),
            world: status.slot.world,
            active: status.active.map(Into::into),
            title: status.title,
            inputs: status.inputs,
            stats: status.stats.into(),
            trial: status.trial.map(Into::into),
        }
    }
}

impl From<TrialStatus> for TrialBody {
    fn from(trial: TrialStatus) -> Self {
        let Comparison { tasks, moved, kendall_tau, overlaps, oldest, .. } = trial.comparison;
        Self {
            activation: trial.activation.into(),
            title: trial.title,
            stats: trial.stats.into(),
            compared: tasks,
            moved,
            kendall_tau,
            overlaps: overlaps.into_iter().map(Into::into).collect(),
            oldest: oldest.map(Into::into),
            skipped: trial.skipped,
        }
    }
}

impl From<CallStats> for StatsBody {
    fn from(stats: CallStats) -> Self {
        let CallStats { calls, failures, slow, tasks, guest_micros, instances } = stats;
        Self { calls, failures, slow, tasks, guest_micros, instances }
    }
}

impl From<Activation> for ActivationBody {
    fn from(activation: Activation) -> Self {
        Self {
            slot: activation.slot.to_string(),
            generation: activation.generation,
            digest: (&activation.digest).into(),
            settings: activation.settings,
            at: activation.at.into(),
            by: activation.by,
            reason: activation.reason,
            stage: activation.stage,
            ended: activation.ended,
            forced: activation.forced,
        }
    }
}

/// What to activate.
#[derive(ToSchema)]
#[schema(as = ActivateRequest)]
#[expect(dead_code, reason = "it describes what `ActivateBody` reads")]
struct ActivateSchema {
    /// A digest, a name, or `name@version`; it must mean one version.
    #[schema(example = "rank-decay@1.2.0")]
    plugin: String,
    /// Its settings; those it had when it was last active in the slot when left out, else none.
    settings: Option<Value>,
    /// Which part of the tasks it is to decide about: `active` (all of them) when left out,
    /// `shadow` (none: it is asked and compared), or `canary` with a share. The last two are for
    /// rankers, and run beside the active one until they are activated or rolled back.
    #[schema(example = "canary 5%")]
    stage: Option<String>,
    /// Even if the host went back from it by itself before; it will not do so again.
    force: Option<bool>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(super) struct ActivateBody {
    plugin: Reference,
    settings: Option<Value>,
    stage: Option<Stage>,
    force: Option<bool>,
}

impl FromFields for ActivateBody {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (plugin, settings) = (fields.required("plugin"), fields.optional("settings"));
        let (stage, force) = (fields.optional("stage"), fields.optional("force"));
        fields.deny_others();
        let Limited::<REFERENCE_MAX>(plugin) = plugin?;
        let plugin = Reference::parse(plugin);
        Ok(Self { plugin, settings: settings?, stage: stage?, force: force? })
    }
}

impl JsonFields for ActivateBody {}

/// A slot in the path.
#[derive(Debug)]
pub(super) struct SlotPath(pub(super) Slot);

impl FromFields for SlotPath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let scheduler = fields.required::<SchedulerId>("scheduler_id");
        let world = fields.required::<World>("world");
        Ok(Self(Slot { scheduler: scheduler?, world: world? }))
    }
}

/// All slots
#[utoipa::path(
    get, path = "/slots", tag = "plugins",
    responses((status = 200, description = "The slots", body = [SlotBody]))
)]
pub(super) async fn list_slots(State(api): Api) -> Result<Json<Vec<SlotBody>>, ApiError> {
    Ok(Json(api.plugins.slots().await?.into_iter().map(Into::into).collect()))
}

/// One slot
#[utoipa::path(
    get, path = "/slots/{scheduler_id}/{world}", tag = "plugins",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        ("world" = WorldSchema, Path, description = "What the plugin decides")
    ),
    responses(
        (status = 200, description = "The slot", body = SlotBody),
        (status = 404, description = "No such slot", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_slot(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
) -> Result<Json<SlotBody>, ApiError> {
    let found = api.plugins.slots().await?.into_iter().find(|status| status.slot == slot);
    Ok(Json(found.ok_or_else(|| PluginError::UnknownSlot(slot.to_string()))?.into()))
}

/// The activations of a slot, newest first
#[utoipa::path(
    get, path = "/slots/{scheduler_id}/{world}/activations", tag = "plugins",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        ("world" = WorldSchema, Path, description = "What the plugin decides")
    ),
    responses(
        (status = 200, description = "The activations", body = Results<ActivationBody>),
        (status = 404, description = "No such slot", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn list_activations(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
) -> Result<Json<Results<ActivationBody>>, ApiError> {
    Ok(Json(api.plugins.activations(&slot).await?.into_iter().collect()))
}

/// Makes a version the active one, or tries it beside the active one
///
/// The answer comes when that is durable. The order follows in the background, in one step;
/// `switching` of the scheduler says how far it is.
#[utoipa::path(
    post, path = "/slots/{scheduler_id}/{world}/activate", tag = "plugins",
    request_body = ActivateSchema,
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        ("world" = WorldSchema, Path, description = "What the plugin decides")
    ),
    responses(
        (status = 200, description = "The activation", body = ActivationBody),
        (status = 400, description = "The version is for the other kind of slot", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such slot, or no such version", body = crate::openapi::ErrorBody),
        (status = 409, description = "More than one version fits, the slot is being switched, there is nothing beside which it could be tried, or the host went back from it by itself", body = crate::openapi::ErrorBody),
        (status = 422, description = "Fields do not fit, or the version refuses its settings", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn activate_plugin(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<ActivateBody>,
) -> Result<Json<ActivationBody>, ApiError> {
    let digest = body.plugin.resolve(api.plugins.versions().await?, slot.world)?;
    let request = ActivateRequest {
        slot,
        digest: Some(digest),
        settings: body.settings,
        stage: body.stage.unwrap_or_default(),
        force: body.force.unwrap_or_default(),
        by: caller.name.as_ref().to_owned(),
    };
    Ok(Json(api.plugins.activate(request).await?.into()))
}

/// Ends a trial, or makes the version before the active one the active one
#[utoipa::path(
    post, path = "/slots/{scheduler_id}/{world}/rollback", tag = "plugins",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        ("world" = WorldSchema, Path, description = "What the plugin decides")
    ),
    responses(
        (status = 200, description = "The activation", body = ActivationBody),
        (status = 404, description = "No such slot", body = crate::openapi::ErrorBody),
        (status = 409, description = "There is none before, or the slot is being switched", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn roll_back_plugin(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<ActivationBody>, ApiError> {
    let request = ActivateRequest::rollback(slot, caller.name.as_ref());
    Ok(Json(api.plugins.activate(request).await?.into()))
}
