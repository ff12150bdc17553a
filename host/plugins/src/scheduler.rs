//! Scheduler plugins: triggers in, commands out.

mod admission;
mod commands;
mod description;
mod document;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod imports;
mod instance;
mod program;
mod schema;
mod trigger;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Timestamp,
    command::Handled,
    plugin::CallStats,
    ranker::PluginFailure,
    scheduler::{Admitted, Draft, HandleFailure, Rejection, SchedulerDescription, SchedulerPlugin},
    trigger::Trigger,
};

use self::admission::Admission;
pub(crate) use self::{
    description::Described,
    imports::Services,
    instance::SchedulerInstance,
    program::{SchedulerCode, SchedulerProgram},
};
use crate::{call::Call, stats::Stats};

/// A generation of a scheduler plugin: a program, and its number in the slot.
#[derive(Debug)]
pub(crate) struct WasmScheduler {
    generation: u64,
    program: Arc<SchedulerProgram>,
    stats: Arc<Stats>,
}

impl WasmScheduler {
    pub(crate) fn new(generation: u64, program: Arc<SchedulerProgram>) -> Self {
        let stats = Arc::new(Stats::new(program.title(), Duration::MAX));
        Self { generation, program, stats }
    }

    pub(crate) fn program(&self) -> &Arc<SchedulerProgram> {
        &self.program
    }

    pub(crate) fn stats(&self) -> CallStats {
        self.stats.snapshot()
    }
}

#[async_trait]
impl SchedulerPlugin for WasmScheduler {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn description(&self) -> &SchedulerDescription {
        &self.program.described().description
    }

    async fn admit(
        &self,
        now: Timestamp,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Result<Admitted, Rejection>>, PluginFailure> {
        let (generation, program) = (self.generation, Arc::clone(&self.program));
        let stats = Arc::clone(&self.stats);
        let admit = async move {
            let admission = Admission::check(&drafts, &program.described().schema);
            let offered = admission.offered();
            if offered.is_empty() {
                return Ok(admission.rejected());
            }
            let answers = program
                .call(Call::Admit, offered.len(), &stats, async |instance| {
                    instance.serve(generation);
                    instance.admit(now, &offered).await
                })
                .await?;
            Ok(admission.merge(answers))
        };
        self.program.turns().run(admit).await
    }

    async fn handle(&self, now: Timestamp, trigger: &Trigger) -> Result<Handled, HandleFailure> {
        let (generation, program) = (self.generation, Arc::clone(&self.program));
        let (stats, trigger) = (Arc::clone(&self.stats), trigger.clone());
        let handle = async move {
            program
                .call(Call::Handle, 1, &stats, async |instance| {
                    instance.serve(generation);
                    instance.handle(now, &trigger).await
                })
                .await?
        };
        self.program.turns().run(handle).await
    }
}
