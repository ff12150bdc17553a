//! Updates: what a report or a person changes of a task.

use hinny_core::{
    TaskStatus,
    store::{TaskUpdate, UpdateOutcome},
};

use super::{
    Commit, EventRow,
    change::{apply, check, rewrites},
    known::StoredTask,
    place::{Place, key},
};

impl Commit<'_> {
    /// Decides on an update.
    pub(super) fn update(&mut self, update: &TaskUpdate) -> UpdateOutcome {
        let Some(mut stored) = self.known.tasks.remove(&update.task) else {
            return UpdateOutcome::NotFound;
        };
        let before = Place::of(&stored.task);
        if let Err(refusal) = self.check_update(&stored, update) {
            self.known.tasks.insert(update.task, stored);
            return refusal;
        }
        let from = stored.task.status;
        self.count(&stored.task, -1);
        apply(&mut stored.task, update);
        if update.change.schedule.is_some() {
            self.drop_lost_schedule(&mut stored);
        }
        self.count(&stored.task, 1);
        stored.rewritten |= rewrites(&update.change);
        self.move_live(&stored, &before);
        self.note_step(&mut stored, update, from);
        let task = Box::new(stored.task.clone());
        self.put_task(stored, &before);
        UpdateOutcome::Updated { from, task }
    }

    fn check_update(&self, stored: &StoredTask, update: &TaskUpdate) -> Result<(), UpdateOutcome> {
        check(&stored.task, update)?;
        let mut next = key(&stored.task);
        if let Some(hash) = &update.change.hash {
            next.1 = hash.clone();
        }
        let status = update.change.status.unwrap_or(stored.task.status);
        if status != TaskStatus::Queued {
            return Ok(());
        }
        match self.known.live.get(&next) {
            Some(live) if *live != update.task => Err(UpdateOutcome::Duplicate { live: *live }),
            _ => Ok(()),
        }
    }

    /// A link to a schedule that does not exist is no link.
    fn drop_lost_schedule(&self, stored: &mut StoredTask) {
        if stored.task.schedule.is_some_and(|id| !self.known.schedule_ids.contains(&id)) {
            stored.task.schedule = None;
        }
    }

    fn move_live(&mut self, stored: &StoredTask, before: &Place) {
        if let Place::Live(key) = before {
            self.known.live.remove(key);
        }
        if let Place::Live(key) = Place::of(&stored.task) {
            self.known.live.insert(key, stored.task.id);
        }
    }

    /// A change of status is a step in its life, and so is a new reason.
    fn note_step(&mut self, stored: &mut StoredTask, update: &TaskUpdate, from: TaskStatus) {
        let (task, change) = (&stored.task, &update.change);
        let moved = task.status != from;
        if task.status.is_terminal() && (moved || change.hash.is_some()) {
            self.note_end(task);
        }
        if moved || change.reason.is_some() {
            stored.event = self.append_event(EventRow {
                seq: 0,
                previous: stored.event,
                task: task.id,
                at: update.at,
                status: task.status,
                attempt: task.attempt,
                worker: change.worker.clone().or_else(|| task.worker.clone()),
                reason: change.reason.clone(),
            });
        }
    }
}
