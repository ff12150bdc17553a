//! Imports: tasks and schedules that another system made.

use std::collections::HashSet;

use hinny_core::{
    import::{ImportBatch, ImportOutcome, ImportOutcomes},
    schedule::Schedule,
    task::Task,
};

use super::{Changes, Commit, EventRow, Known, StoredTask, changes::Move, place::Place};

/// Decides what an import does.
pub(crate) fn decide_import(batch: ImportBatch, known: Known) -> (ImportOutcomes, Changes) {
    // Nobody is told of what ended elsewhere.
    let tell = HashSet::new();
    let mut commit = Commit { known, changes: Changes::default(), tell: &tell };
    let schedules = batch.schedules.into_iter();
    let schedules = schedules.map(|schedule| commit.import_schedule(schedule)).collect();
    let tasks = batch.tasks.into_iter().map(|task| commit.import_task(task)).collect();
    (ImportOutcomes { schedules, tasks }, commit.finish())
}

impl Commit<'_> {
    fn import_schedule(&mut self, schedule: Schedule) -> ImportOutcome {
        if self.known.schedule_ids.contains(&schedule.id) {
            return ImportOutcome::Present;
        }
        let key = (schedule.scheduler.clone(), schedule.hash.clone());
        if let Some(other) = self.known.schedule_by_hash.get(&key) {
            return ImportOutcome::HashTaken(*other);
        }
        self.known.add_schedule(schedule.clone());
        self.changes.schedules.insert(schedule.id, Some(schedule));
        ImportOutcome::Imported
    }

    fn import_task(&mut self, mut task: Task) -> ImportOutcome {
        if self.known.taken.contains(&task.id) {
            return ImportOutcome::Present;
        }
        let place = Place::of(&task);
        if let Place::Live(key) = &place
            && let Some(live) = self.known.live.get(key)
        {
            return ImportOutcome::Duplicate(*live);
        }
        self.known.taken.insert(task.id);
        task.schedule = task.schedule.filter(|id| self.known.schedule_ids.contains(id));
        self.count(&task, 1);
        self.place_import(&task, place);
        let event = self.note_import(&task);
        self.changes.imported.push(StoredTask::new(task, event));
        ImportOutcome::Imported
    }

    fn place_import(&mut self, task: &Task, place: Place) {
        if let Place::Live(key) = &place {
            self.known.live.insert(key.clone(), task.id);
        } else if let Place::Ended(_) = &place {
            self.note_end(task);
        }
        self.changes.moves.push(Move { task: task.id, from: None, to: place });
    }

    /// Its life so far is one step: where it stands.
    fn note_import(&mut self, task: &Task) -> i64 {
        self.append_event(EventRow {
            seq: 0,
            previous: 0,
            task: task.id,
            at: task.finished_at.unwrap_or(task.modified_at),
            status: task.status,
            attempt: task.attempt,
            worker: task.worker.clone(),
            reason: task.reason.clone(),
        })
    }
}
