//! Plugins that say what they want, and no more.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use hinny_core::{
    SchedulerId, TaskType, Timestamp,
    command::Handled,
    plugin::ActivePlugins,
    ranker::PluginFailure,
    scheduler::{Admitted, Draft, HandleFailure, Rejection, SchedulerDescription, SchedulerPlugin},
    trigger::{Interest, Trigger},
};

/// The schedulers, in order, and the plugins of some of them.
#[derive(Default)]
pub(crate) struct FakePlugins {
    pub(super) known: Mutex<Vec<SchedulerId>>,
    active: Mutex<BTreeMap<SchedulerId, Arc<FakePlugin>>>,
}

impl FakePlugins {
    /// Gives a scheduler, new or not, a plugin.
    pub(crate) fn activate(&self, scheduler: &SchedulerId, generation: u64, wants: &[Interest]) {
        let mut known = self.known.lock().unwrap();
        if !known.contains(scheduler) {
            known.push(scheduler.clone());
        }
        let description = SchedulerDescription {
            name: "jobs".to_owned(),
            version: "1.0.0".to_owned(),
            task_type: TaskType::new("job").unwrap(),
            data_schema: Arc::new(true.into()),
            interests: wants.to_vec(),
        };
        let plugin = Arc::new(FakePlugin { generation, description });
        self.active.lock().unwrap().insert(scheduler.clone(), plugin);
    }

    /// Takes the plugin of a scheduler away.
    pub(crate) fn deactivate(&self, scheduler: &SchedulerId) {
        self.active.lock().unwrap().remove(scheduler);
    }
}

impl ActivePlugins for FakePlugins {
    fn scheduler(&self, scheduler: &SchedulerId) -> Option<Arc<dyn SchedulerPlugin>> {
        self.active.lock().unwrap().get(scheduler).map(|plugin| Arc::clone(plugin) as _)
    }
}

struct FakePlugin {
    generation: u64,
    description: SchedulerDescription,
}

#[async_trait]
impl SchedulerPlugin for FakePlugin {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn description(&self) -> &SchedulerDescription {
        &self.description
    }

    async fn admit(
        &self,
        _: Timestamp,
        _: Vec<Draft>,
    ) -> Result<Vec<Result<Admitted, Rejection>>, PluginFailure> {
        Ok(Vec::new())
    }

    async fn handle(&self, _: Timestamp, _: &Trigger) -> Result<Handled, HandleFailure> {
        Ok(Handled::default())
    }
}
