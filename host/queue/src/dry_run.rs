//! What a trigger would do: everything but the commit.

use std::collections::HashMap;

use hinny_core::{
    TaskHash, TaskId, TaskStatus,
    dry_run::{DryRun, WouldDo, WouldPush},
    queue::QueueError,
    scheduler::SchedulerPlugin,
    store::Unit,
    task::{NewTask, Task},
    trigger::Trigger,
};

use crate::handle::Handler;

impl Handler<'_> {
    /// Has the plugin handle a trigger, and commits nothing. Services that it asks are asked.
    pub(crate) async fn dry_run(
        &self,
        plugin: &dyn SchedulerPlugin,
        trigger: &Trigger,
    ) -> Result<DryRun, QueueError> {
        if !trigger.wanted_by(&plugin.description().interests) {
            return Ok(DryRun::Unwanted);
        }
        let now = self.preparer.clock.now();
        let handled = match plugin.handle(now, trigger).await {
            Ok(handled) => handled,
            Err(failure) => return Ok(DryRun::Failed(failure)),
        };
        let (state, messages) = (handled.state.clone(), handled.messages.clone());
        let kind = &plugin.description().task_type;
        let mut unit = Unit::default();
        let mut tasks = match self.turn_into_writes(kind, handled, &mut unit, now).await? {
            Ok(tasks) => tasks,
            Err(failure) => return Ok(DryRun::Failed(failure.into())),
        };
        self.preparer.prepare_new(self.shard, &mut tasks).await;
        let cancels: Vec<_> = unit.updates.into_iter().map(|update| update.task).collect();
        Ok(DryRun::Would(Box::new(WouldDo {
            pushes: self.would_push(tasks, &cancels).await?,
            cancels,
            schedules: unit.schedules,
            state,
            messages,
        })))
    }

    /// Of tasks with the same hash, the first would be pushed, unless one is queued and stays so.
    async fn would_push(
        &self,
        tasks: Vec<NewTask>,
        cancels: &[TaskId],
    ) -> Result<Vec<WouldPush>, QueueError> {
        let hashes: Vec<_> = tasks.iter().map(|task| task.hash.clone()).collect();
        let newest = self.store.newest_by_hashes(self.shard.id(), &hashes).await?;
        let stays = |task: &Task| task.status == TaskStatus::Queued && !cancels.contains(&task.id);
        let stay = newest.into_iter().flatten().filter(stays);
        let mut queued: HashMap<TaskHash, TaskId> = stay.map(|task| (task.hash, task.id)).collect();
        let push = |task: NewTask| {
            let before = queued.get(&task.hash).copied();
            queued.entry(task.hash.clone()).or_insert(task.id);
            WouldPush { task, queued: before }
        };
        Ok(tasks.into_iter().map(push).collect())
    }
}
