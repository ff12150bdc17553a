//! Whose finished tasks the database keeps until their scheduler plugin was told.

use std::{collections::HashSet, time::Duration};

use hinny_core::{SchedulerId, plugin::ActivePlugins, trigger::Interest};
use hinny_plugins::Registry;
use tokio_util::sync::CancellationToken;

use super::storage::Storage;
use crate::config::Config;

/// How soon a plugin that was activated is told of the tasks that finish from then on.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps the database informed of which plugins want to be told of finished tasks: the others
/// must not cost a row per task.
pub(super) struct Wishes {
    schedulers: Vec<SchedulerId>,
    plugins: Registry,
    storage: Storage,
}

impl Wishes {
    pub(super) fn new(config: &Config, plugins: Registry, storage: Storage) -> Self {
        let schedulers = config.schedulers.iter().map(|scheduler| scheduler.id.clone()).collect();
        Self { schedulers, plugins, storage }
    }

    /// Looks again and again, until the stop.
    pub(super) async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => self.follow(),
                () = stop.cancelled() => return,
            }
        }
    }

    /// One look.
    pub(super) fn follow(&self) {
        let wishing: HashSet<SchedulerId> =
            self.schedulers.iter().filter(|id| self.wishes(id)).cloned().collect();
        self.storage.set_tell_finished(wishing);
    }

    fn wishes(&self, scheduler: &SchedulerId) -> bool {
        let Some(plugin) = self.plugins.scheduler(scheduler) else { return false };
        plugin.description().interests.contains(&Interest::FinishedTasks)
    }
}
