//! Claims: tasks handed to workers.

use hinny_core::{
    TaskStatus,
    store::{Claim, ClaimOutcome},
    task::Task,
};

use super::{
    Commit, EventRow,
    known::StoredTask,
    place::{Place, key},
};

impl Commit<'_> {
    /// Decides on a claim.
    pub(super) fn claim(&mut self, claim: Claim) -> ClaimOutcome {
        let Some(mut stored) = self.known.tasks.remove(&claim.task) else {
            return ClaimOutcome::Gone;
        };
        if stored.task.status != TaskStatus::Queued {
            self.known.tasks.insert(claim.task, stored);
            return ClaimOutcome::Gone;
        }
        let before = Place::of(&stored.task);
        self.known.live.remove(&key(&stored.task));
        self.count(&stored.task, -1);
        let handed_out = hand_out(&mut stored.task, claim);
        self.count(&stored.task, 1);
        self.note_hand_out(&mut stored);
        self.put_task(stored, &before);
        ClaimOutcome::Claimed(Box::new(handed_out))
    }

    fn note_hand_out(&mut self, stored: &mut StoredTask) {
        let task = &stored.task;
        stored.event = self.append_event(EventRow {
            seq: 0,
            previous: stored.event,
            task: task.id,
            at: task.modified_at,
            status: task.status,
            attempt: task.attempt,
            worker: task.worker.clone(),
            reason: None,
        });
    }
}

/// Hands a task out; the answer is the task as its worker gets it.
fn hand_out(task: &mut Task, claim: Claim) -> Task {
    task.attempt = task.attempt.saturating_add(1);
    task.lease_until = claim.lease_until;
    task.priority = claim.priority;
    task.ranked_by = claim.ranked_by;
    let handed_out = task.clone();
    task.status = TaskStatus::Dispatched;
    task.worker = claim.worker;
    task.reason = None;
    task.modified_at = claim.at;
    handed_out
}
