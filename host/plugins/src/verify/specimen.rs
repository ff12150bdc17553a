//! A plugin that is asked without a host around it: what `plugin test` asks.

use std::{fmt, sync::Arc};

use hinny_core::{
    PluginDigest, Priority, SchedulerId, Timestamp,
    command::Handled,
    input::{InputRow, InputTable, TaskFacts},
    plugin::{Verdict, World},
    ranker::{FailureKind, PluginFailure, RankContext},
    scheduler::{Admitted, Draft, HandleFailure, Rejection},
    trigger::Trigger,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::Component;

use super::{Ended, Ready, Verification, digest, samples};
use crate::{
    bounds::Patience,
    call::{Call, CallError},
    config::{Grants, PluginHostConfig},
    error::HostError,
    host::PluginHost,
    ranker::{RankInstance, RankerCode, RankerDescription},
    scheduler::{Described, SchedulerCode, SchedulerInstance},
};

/// A compiled component, of which any number can be made with settings.
#[derive(Debug)]
pub struct Specimen {
    host: Arc<PluginHost>,
    digest: PluginDigest,
    world: World,
    component: Code,
}

/// What it was compiled to.
struct Code(Component);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Component")
    }
}

/// A plugin with its settings. Each question is put to a fresh instance.
#[derive(Debug)]
pub enum Configured {
    /// It ranks.
    Ranker(ConfiguredRanker),
    /// It makes tasks.
    Scheduler(ConfiguredScheduler),
}

/// A ranker with its settings.
pub struct ConfiguredRanker {
    code: RankerCode,
    description: RankerDescription,
}

/// A scheduler plugin with its settings.
pub struct ConfiguredScheduler {
    code: SchedulerCode,
    described: Box<Described>,
    runtime: Runtime,
}

/// Why a component cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// There is no engine for it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A host would not take it, or not with these settings.
    #[error("{}", failure(.0))]
    Refused(Box<Verdict>),
    /// There is nothing to run it on.
    #[error("no runtime to call it")]
    Runtime(#[source] std::io::Error),
}

fn failure(verdict: &Verdict) -> String {
    verdict.failure().map_or_else(
        || "it cannot be asked".to_owned(),
        |check| format!("check `{}` fails: {}", check.name, check.detail),
    )
}

impl Specimen {
    /// Reads and compiles a component.
    pub fn of(config: &PluginHostConfig, component: &[u8]) -> Result<Self, Unfit> {
        let host = PluginHost::new(config)?;
        let digest = digest(component);
        let mut verification = Verification::new(&host, digest, Grants::anything());
        let compiled = verification.read(component).and_then(|shape| {
            verification.imports(&shape.imports, shape.world)?;
            Ok((shape.world, verification.compile(shape.world, component)?))
        });
        match compiled {
            Ok((world, compiled)) => {
                Ok(Self { host, digest, world, component: Code(compiled.component) })
            }
            Err(ended) => Err(refused(verification, ended)),
        }
    }

    /// The same with settings, which it must take.
    pub fn with(&self, settings: &Value) -> Result<Configured, Unfit> {
        let mut verification = Verification::new(&self.host, self.digest, Grants::anything());
        match verification.run(self.world, &self.component.0, Some(settings), false) {
            Ok(Some(Ready::Ranker(code, description))) => {
                Ok(Configured::Ranker(ConfiguredRanker { code, description }))
            }
            Ok(Some(Ready::Scheduler(code, described))) => {
                let runtime =
                    Builder::new_current_thread().enable_time().build().map_err(Unfit::Runtime)?;
                Ok(Configured::Scheduler(ConfiguredScheduler { code, described, runtime }))
            }
            Ok(None) => Err(refused(verification, Ended)),
            Err(ended) => Err(refused(verification, ended)),
        }
    }
}

fn refused(verification: Verification<'_>, ended: Ended) -> Unfit {
    Unfit::Refused(Box::new(verification.finish(Err(ended)).verdict))
}

impl ConfiguredRanker {
    /// The priorities of some tasks, in the order in which they are given, as a host would have
    /// them ranked at a moment: the same inputs, in batches of the same size.
    pub fn rank(
        &self,
        now: Timestamp,
        scheduler: &SchedulerId,
        tasks: &[(TaskFacts<'_>, Value)],
    ) -> Result<Vec<Priority>, PluginFailure> {
        let specs = &self.description.inputs;
        let rows = tasks.iter().map(|(facts, data)| {
            let row: InputRow = specs.iter().map(|spec| spec.extract(facts, data)).collect();
            (facts.created_at, row)
        });
        let rows: Vec<_> = rows.collect();
        let columns = InputTable::columns_of_rows(specs, &rows, now);
        let context = RankContext { now, scheduler: scheduler.clone(), seed: samples::SEED };
        let most = self.code.batch_max();
        let batches = (0..tasks.len()).step_by(most);
        let ranked = batches.map(|start| {
            let range = start..tasks.len().min(start + most);
            RankInstance::configured(&self.code, Patience::default())?
                .rank(&context, &columns, range)
        });
        let ranked: Result<Vec<_>, CallError> = ranked.collect();
        Ok(ranked.map_err(|error| error.of(&self.description.title.text))?.concat())
    }
}

impl ConfiguredScheduler {
    /// What it answers to a task that is pushed. There is no database to ask, and no service.
    pub fn admit(
        &self,
        now: Timestamp,
        draft: Draft,
    ) -> Result<Result<Admitted, Rejection>, PluginFailure> {
        if let Err(rejection) = self.described.schema.check(&draft.data) {
            return Ok(Err(rejection));
        }
        let drafts = [draft];
        let offered = self.described.offer(&drafts);
        let answers =
            self.runtime.block_on(async { self.instance().await?.admit(now, &offered).await });
        let mut answers = answers.map_err(|error| self.failure(error))?;
        answers.pop().ok_or_else(|| {
            self.failure(CallError::new(Call::Admit, FailureKind::WrongLength, "gave no answer"))
        })
    }

    /// What it commands about a trigger. There is no database to ask, and no service.
    pub fn handle(&self, now: Timestamp, trigger: &Trigger) -> Result<Handled, HandleFailure> {
        let said =
            self.runtime.block_on(async { self.instance().await?.handle(now, trigger).await });
        said.map_err(|error| HandleFailure::Failed(self.failure(error)))?
    }

    /// Whether it asked for such triggers.
    pub fn wants(&self, trigger: &Trigger) -> bool {
        trigger.wanted_by(&self.described.description.interests)
    }

    async fn instance(&self) -> Result<SchedulerInstance, CallError> {
        SchedulerInstance::configured(&self.code, &self.described.title, None).await
    }

    fn failure(&self, error: CallError) -> PluginFailure {
        error.of(&self.described.title.text)
    }
}

impl fmt::Debug for ConfiguredRanker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredRanker")
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ConfiguredScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredScheduler")
            .field("described", &self.described)
            .finish_non_exhaustive()
    }
}
