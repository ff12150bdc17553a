//! Slots, and the versions that fill them.

pub(super) mod reference;

use axum::{Extension, Json, extract::State};
use hinny_core::{
    SchedulerId,
    input::InputSpec,
    plugin::{ActivateRequest, Activation, CallStats, PluginError, Slot, SlotStatus, World},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Api, plugins::WorldSchema};
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
}

/// Numbers on the calls of a plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallStats)]
struct StatsBody {
    /// Calls.
    calls: u64,
    /// Calls that gave nothing usable.
    failures: u64,
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
        }
    }
}

impl From<CallStats> for StatsBody {
    fn from(stats: CallStats) -> Self {
        let CallStats { calls, failures, tasks, guest_micros, instances } = stats;
        Self { calls, failures, tasks, guest_micros, instances }
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
}

/// The same, as it was sent.
#[derive(Debug)]
pub(super) struct ActivateBody {
    plugin: Reference,
    settings: Option<Value>,
}

impl FromFields for ActivateBody {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (plugin, settings) = (fields.required("plugin"), fields.optional("settings"));
        fields.deny_others();
        let Limited::<REFERENCE_MAX>(plugin) = plugin?;
        Ok(Self { plugin: Reference::parse(plugin), settings: settings? })
    }
}

impl JsonFields for ActivateBody {}

/// A slot in the path.
#[derive(Debug)]
pub(super) struct SlotPath(Slot);

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

/// Makes a version the active one
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
        (status = 409, description = "More than one version fits, or the slot is being switched", body = crate::openapi::ErrorBody),
        (status = 422, description = "Fields do not fit, or the version refuses its settings", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn activate_plugin(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
    Extension(caller): Extension<Caller>,
    JsonBody(ActivateBody { plugin, settings }): JsonBody<ActivateBody>,
) -> Result<Json<ActivationBody>, ApiError> {
    let digest = plugin.resolve(api.plugins.versions().await?, slot.world)?;
    let by = caller.name.as_ref().to_owned();
    let request = ActivateRequest { slot, digest: Some(digest), settings, by };
    Ok(Json(api.plugins.activate(request).await?.into()))
}

/// Makes the version before the active one the active one
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
    let by = caller.name.as_ref().to_owned();
    let request = ActivateRequest { slot, digest: None, settings: None, by };
    Ok(Json(api.plugins.activate(request).await?.into()))
}
