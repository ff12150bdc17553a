//! Pushes: new tasks.

use hinny_core::{
    TaskStatus,
    store::PushOutcome,
    task::{NewTask, ScheduleLink},
};

use super::{Commit, CountKey, EventRow, PushedTask, changes::hour_of};

impl Commit<'_> {
    /// Decides on a push. Whether the hash is free comes first: a task that is sent twice is a
    /// duplicate of itself, not a stranger with the same id.
    pub(super) fn push(&mut self, mut task: NewTask) -> PushOutcome {
        let key = (task.scheduler.clone(), task.hash.clone());
        if let Some(live) = self.known.live.get(&key) {
            return PushOutcome::Duplicate { live: *live };
        }
        if !self.known.taken.insert(task.id) {
            return PushOutcome::IdTaken;
        }
        self.known.live.insert(key, task.id);
        let schedule = match task.schedule.take() {
            Some(ScheduleLink::Planned(new)) => self.plan_schedule(*new),
            Some(ScheduleLink::Id(id)) => self.known.schedule_ids.get(&id).copied(),
            Some(ScheduleLink::Hash(hash)) => {
                let key = (task.scheduler.clone(), hash);
                self.known.schedule_by_hash.get(&key).copied()
            }
            None => None,
        };
        self.count_push(&task);
        let event = self.note_push(&task);
        self.changes.pushed.push(PushedTask { task, schedule, event });
        PushOutcome::Pushed { schedule }
    }

    fn count_push(&mut self, task: &NewTask) {
        let key = CountKey {
            scheduler: task.scheduler.clone(),
            organisation: task.organisation.clone(),
            kind: task.kind.clone(),
            status: TaskStatus::Queued,
            hour: hour_of(task.created_at),
        };
        self.add_count(key, 1);
    }

    fn note_push(&mut self, task: &NewTask) -> i64 {
        self.append_event(EventRow {
            seq: 0,
            previous: 0,
            task: task.id,
            at: task.created_at,
            status: TaskStatus::Queued,
            attempt: 0,
            worker: None,
            reason: None,
        })
    }
}
