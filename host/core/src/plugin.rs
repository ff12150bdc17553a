//! Versions of plugins, the slots they fill, and the service that looks after both.

mod budget;
mod line;
mod refusal;
mod signature;
mod stage;

use std::{fmt, str::FromStr, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    PluginDigest, SchedulerId, Timestamp, input::InputSpec, preview::Comparison, ranker::Ranker,
    store::StoreError,
};

pub use budget::{Alike, RankerBudget};
pub use line::{Line, LineLevel, Lines, LinesRequest};
pub use refusal::Refusal;
pub use signature::{
    Distrust, InvalidFingerprint, InvalidSignature, KeyFingerprint, PluginSignature, Signature,
    SignatureState, SignatureStatus, signed_text,
};
pub use stage::{InvalidShare, InvalidStage, Share, Stage};

/// What a plugin decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// What goes first.
    Ranker,
    /// Which tasks to make.
    Scheduler,
}

impl World {
    /// The name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ranker => "ranker",
            Self::Scheduler => "scheduler",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place for one plugin: the ranker or the scheduler plugin of a scheduler. Written
/// `jobs/ranker`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Whose.
    pub scheduler: SchedulerId,
    /// Which.
    pub world: World,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scheduler, self.world)
    }
}

/// Text that is not a slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a slot, expected a scheduler and `ranker` or `scheduler`, such as `jobs/ranker`"
)]
pub struct InvalidSlot(String);

impl FromStr for Slot {
    type Err = InvalidSlot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidSlot(text.escape_default().take(128).collect());
        let (scheduler, world) = text.rsplit_once('/').ok_or_else(invalid)?;
        let world = match world {
            "ranker" => World::Ranker,
            "scheduler" => World::Scheduler,
            _ => return Err(invalid()),
        };
        Ok(Self { scheduler: scheduler.parse().map_err(|_| invalid())?, world })
    }
}

/// A verified version of a plugin.
#[derive(Debug, Clone, Serialize)]
pub struct PluginVersion {
    /// Identity: SHA-256 of the component.
    pub digest: PluginDigest,
    /// Its name, by its own word.
    pub name: String,
    /// Its version, by its own word.
    pub version: String,
    /// What it decides.
    pub world: World,
    /// Size of the component, in bytes.
    pub size: u64,
    /// What verification found.
    pub verdict: Verdict,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// By whom.
    pub uploaded_by: String,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the version may be activated.
    pub accepted: bool,
    /// Each check, in the order in which they were made; the last one may have failed.
    pub checks: Vec<Check>,
    /// The interfaces it imports: all that it can do beside computing.
    pub imports: Vec<String>,
    /// Milliseconds that verification took.
    pub took_ms: u64,
}

/// One check of verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which: a stable label.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was found; when it did not pass: what, where, how to mend it.
    pub detail: String,
}

impl Verdict {
    /// The check that failed.
    pub fn failure(&self) -> Option<&Check> {
        self.checks.iter().find(|check| !check.passed)
    }
}

/// One activation of a version in a slot. Its number is the generation.
#[derive(Debug, Clone, Serialize)]
pub struct Activation {
    /// Where.
    #[serde(serialize_with = "as_text")]
    pub slot: Slot,
    /// 1 for the first, then one more each time.
    pub generation: u64,
    /// Which version.
    pub digest: PluginDigest,
    /// Its settings.
    pub settings: Value,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why: `activate`, `rollback to generation 3`, `configuration`.
    pub reason: String,
    /// Which part of the tasks it decides about.
    pub stage: Stage,
    /// The generation that the host ended with this one by itself, since it was beyond its budget.
    pub ended: Option<u64>,
    /// Whether a person insisted on it: the host does not end it by itself.
    pub forced: bool,
}

impl Activation {
    /// Who activates what the configuration names; such an activation has it as its reason, too.
    pub const BY_CONFIGURATION: &str = "configuration";

    /// Who goes back by itself.
    pub const BY_HOST: &str = "hinny";
}

fn as_text<T: fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// How a slot is doing.
#[derive(Debug, Clone)]
pub struct SlotStatus {
    /// Which.
    pub slot: Slot,
    /// What it runs; none: the host's own rule (ranker), or nothing at all (scheduler).
    pub active: Option<Activation>,
    /// Name and version of what it runs.
    pub title: Option<String>,
    /// What the ranker reads of each task.
    pub inputs: Vec<InputSpec>,
    /// Numbers since the generation became active.
    pub stats: CallStats,
    /// A version that runs beside it, as a shadow or a canary.
    pub trial: Option<TrialStatus>,
}

/// How a version does that runs beside the active one.
#[derive(Debug, Clone)]
pub struct TrialStatus {
    /// What it is.
    pub activation: Activation,
    /// Name and version.
    pub title: String,
    /// Numbers since it began.
    pub stats: CallStats,
    /// How its order of the tasks that both ranked last differs from that of the active one.
    pub comparison: Comparison,
    /// Batches that were not compared, since too many waited for it.
    pub skipped: u64,
}

/// Numbers on the calls of a plugin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CallStats {
    /// Calls.
    pub calls: u64,
    /// Calls that gave nothing usable.
    pub failures: u64,
    /// Calls that took longer than the budget of the slot allows.
    pub slow: u64,
    /// Tasks in those calls.
    pub tasks: u64,
    /// Microseconds in the guest, in all.
    pub guest_micros: u64,
    /// Instances made.
    pub instances: u64,
}

/// What a person asks for when activating.
#[derive(Debug, Clone)]
pub struct ActivateRequest {
    /// Where.
    pub slot: Slot,
    /// Which version; `None`: the one before the active one.
    pub digest: Option<PluginDigest>,
    /// Its settings; `None`: those it had when it was last active in the slot, else none.
    pub settings: Option<Value>,
    /// Which part of the tasks it is to decide about.
    pub stage: Stage,
    /// Even if the host ended it by itself before, and then for good.
    pub force: bool,
    /// By whom.
    pub by: String,
}

impl ActivateRequest {
    /// Asks for a version to decide about all tasks.
    pub fn version(slot: Slot, digest: PluginDigest, by: impl Into<String>) -> Self {
        Self { digest: Some(digest), ..Self::rollback(slot, by) }
    }

    /// Asks for the version before the active one, or for the end of a trial.
    pub fn rollback(slot: Slot, by: impl Into<String>) -> Self {
        let (digest, settings) = (None, None);
        Self { slot, digest, settings, stage: Stage::Active, force: false, by: by.into() }
    }
}

/// A ranker to look at a queue through, without activating it.
#[derive(Debug, Clone)]
pub struct CandidateRequest {
    /// Whose ranker it may become.
    pub scheduler: SchedulerId,
    /// Which.
    pub source: CandidateSource,
    /// Its settings; `None`: those it had when it was last active there, else none.
    pub settings: Option<Value>,
}

/// Where a candidate comes from.
#[derive(Clone)]
pub enum CandidateSource {
    /// A version that is kept.
    Version(PluginDigest),
    /// A component. It is verified, and not kept.
    Component(Vec<u8>),
}

impl fmt::Debug for CandidateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(digest) => f.debug_tuple("Version").field(digest).finish(),
            Self::Component(bytes) => write!(f, "Component({} bytes)", bytes.len()),
        }
    }
}

/// A component that is to be kept.
#[derive(Clone)]
pub struct Upload {
    /// Its bytes.
    pub component: Vec<u8>,
    /// Signatures that came with it.
    pub signatures: Vec<Signature>,
    /// By whom.
    pub by: String,
}

impl Upload {
    /// One without signatures.
    pub fn unsigned(component: Vec<u8>, by: impl Into<String>) -> Self {
        Self { component, signatures: Vec::new(), by: by.into() }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes with {} signatures", self.component.len(), self.signatures.len())
    }
}

/// A plugin request that was not done. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The version failed a check.
    #[error("plugin refused at check `{}`: {}", .0.failure().map_or("", |check| &check.name), .0.failure().map_or("", |check| &check.detail))]
    Refused(Box<Verdict>),
    /// No such version.
    #[error(
        "no plugin version `{0}`; hint: `hinny plugin list` shows them, `hinny plugin load FILE` adds one"
    )]
    UnknownVersion(String),
    /// No such slot.
    #[error("no slot `{0}`; hint: slots belong to the schedulers of the configuration")]
    UnknownSlot(String),
    /// The version is of the other world.
    #[error("slot `{slot}` takes a {wanted}, `{digest}` is a {got}")]
    WrongWorld {
        /// The slot.
        slot: String,
        /// Its world.
        wanted: World,
        /// The version.
        digest: String,
        /// The version's world.
        got: World,
    },
    /// Nobody whom the host trusts for the slot has signed it.
    #[error("`{digest}` may not run in slot `{slot}`: {why}")]
    Untrusted {
        /// The slot.
        slot: String,
        /// The version.
        digest: String,
        /// Why not.
        why: Distrust,
    },
    /// A signature that is not kept.
    #[error("the signature of `{digest}` by key `{key}` is not kept: {why}")]
    Signature {
        /// Of what it says to be one.
        digest: PluginDigest,
        /// By which key.
        key: KeyFingerprint,
        /// Why not, and what to do.
        why: String,
    },
    /// There is nothing before the active generation.
    #[error("slot `{0}` has no earlier generation to go back to")]
    NoEarlier(String),
    /// The host ended it by itself before.
    #[error(
        "the host went back from `{digest}` with these settings by itself in slot `{slot}` ({why}); hint: activate it with `force` (`hinny plugin activate --force`) if you insist, it is not ended again then"
    )]
    Quarantined {
        /// The slot.
        slot: String,
        /// The version.
        digest: String,
        /// Why it was ended.
        why: String,
    },
    /// There is nothing beside which a trial could run.
    #[error(
        "slot `{0}` has no ranker beside which another could be tried; hint: activate it for all tasks"
    )]
    NothingBeside(String),
    /// A scheduler plugin makes tasks or does not: there is no trying it on a part.
    #[error(
        "slot `{0}` takes scheduler plugins, which cannot be tried beside another; hint: `shadow` and `canary` are for rankers"
    )]
    NoTrial(String),
    /// A ranker has no log to write into.
    #[error(
        "slot `{0}` has rankers, which write no lines: they can only compute; hint: `hinny task explain` says why a ranker decided as it did"
    )]
    NoLines(String),
    /// The slot is being switched.
    #[error("slot `{0}` is being switched by another request; hint: try again when it is done")]
    Busy(String),
    /// The slot runs no plugin.
    #[error("slot `{0}` runs no plugin; hint: name a version, or activate one")]
    NothingActive(String),
    /// No decisions are recorded.
    #[error(
        "decisions are not recorded; hint: set `plugins.decisions.size_max_mb` above 0, and start again"
    )]
    NotRecorded,
    /// The recorded decisions cannot be read.
    #[error(
        "the recorded decisions in `{folder}` cannot be read: {why}; hint: look at the folder, or name another in `plugins.decisions.directory`"
    )]
    Unreadable {
        /// Where they are.
        folder: String,
        /// What is in the way.
        why: String,
    },
    /// The uploads that wait have reached the limit.
    #[error("{waiting} plugins are being verified already; hint: try again in a moment")]
    TooManyUploads {
        /// How many.
        waiting: usize,
    },
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The service that looks after plugins, as the API sees it.
#[async_trait]
pub trait Plugins: Send + Sync {
    /// Verifies a component and keeps it, with its signatures, when it passes.
    async fn upload(&self, upload: Upload) -> Result<PluginVersion, PluginError>;

    /// Keeps a signature of a version that is kept. One of a key that the host trusts must be right;
    /// others are kept unseen, since their key may be trusted one day.
    async fn sign(&self, signature: Signature, by: String) -> Result<(), PluginError>;

    /// The signatures of a version, or of all, and what they are worth here.
    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<SignatureStatus>, PluginError>;

    /// The last plugins that were not let in, newest first.
    async fn refusals(&self) -> Result<Vec<Refusal>, PluginError>;

    /// Adds one that was not let in elsewhere.
    async fn refuse(&self, refusal: Refusal) -> Result<(), PluginError>;

    /// Verifies a component without keeping it.
    async fn check(&self, component: Vec<u8>) -> Result<Verdict, PluginError>;

    /// All versions, newest first.
    async fn versions(&self) -> Result<Vec<PluginVersion>, PluginError>;

    /// All slots.
    async fn slots(&self) -> Result<Vec<SlotStatus>, PluginError>;

    /// The activations of a slot, newest first.
    async fn activations(&self, slot: &Slot) -> Result<Vec<Activation>, PluginError>;

    /// What the plugins of a slot have written.
    async fn lines(&self, request: LinesRequest) -> Result<Lines, PluginError>;

    /// A ranker as it would be once active, to be asked before it is.
    async fn candidate(&self, request: CandidateRequest) -> Result<Arc<dyn Ranker>, PluginError>;

    /// Makes a version the active one. Durable from the answer on. The queue follows in the
    /// background: everything is ranked under the new version first, then the order is switched
    /// in one step, and with it what ranks new tasks.
    async fn activate(&self, request: ActivateRequest) -> Result<Activation, PluginError>;
}

/// The plugins that are active now, as the queues see them.
pub trait ActivePlugins: Send + Sync {
    /// The scheduler plugin of a scheduler.
    fn scheduler(
        &self,
        scheduler: &SchedulerId,
    ) -> Option<Arc<dyn crate::scheduler::SchedulerPlugin>>;
}
