//! What has to be looked up before a commit can be decided.

use std::collections::HashMap;

use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus,
    import::ImportBatch,
    schedule::NewSchedule,
    store::{Guard, ScheduleWrite, TaskUpdate, Unit},
    task::{NewTask, ScheduleLink},
};

use super::StateSlot;

/// A hash within its scheduler.
pub(crate) type HashKey = (SchedulerId, TaskHash);

/// What has to be looked up. Anything may be listed twice.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Whether these were handled.
    pub(crate) seen: Vec<(SchedulerId, EventId)>,
    /// The revisions of these values.
    pub(crate) states: Vec<StateSlot>,
    /// These tasks.
    pub(crate) tasks: Vec<TaskId>,
    /// Whether these ids are taken by tasks.
    pub(crate) ids: Vec<TaskId>,
    /// The live tasks of these hashes.
    pub(crate) live: Vec<HashKey>,
    /// The live task of the hash that a task has, or is to get.
    pub(crate) live_like: Vec<(TaskId, Option<TaskHash>)>,
    /// These schedules.
    pub(crate) schedules: Vec<ScheduleId>,
    /// The schedules with these hashes.
    pub(crate) schedules_by_hash: Vec<HashKey>,
    /// The schedules with these hashes, of the scheduler that the schedule with this id has.
    pub(crate) schedules_like: Vec<(ScheduleId, TaskHash)>,
    /// Whether there are schedules with these ids.
    pub(crate) schedule_ids: Vec<ScheduleId>,
    /// The ids of the schedules with these hashes.
    pub(crate) schedule_links: Vec<HashKey>,
    /// The number of the last step in the life of any task.
    pub(crate) last_event: bool,
}

impl Wanted {
    /// What units need.
    pub(crate) fn of(units: &[Unit]) -> Self {
        let mut wanted = Self::default();
        for unit in units {
            unit.guards.iter().for_each(|guard| wanted.guard(guard));
            unit.updates.iter().for_each(|update| wanted.update(update));
            wanted.tasks.extend(unit.claims.iter().map(|claim| claim.task));
            unit.schedules.iter().for_each(|write| wanted.schedule_write(write));
            unit.pushes.iter().for_each(|task| wanted.push(task));
        }
        wanted.changes_of_made(units);
        wanted.last_event = !(wanted.tasks.is_empty() && wanted.ids.is_empty());
        wanted
    }

    /// What an import needs.
    pub(crate) fn of_import(batch: &ImportBatch) -> Self {
        let mut wanted = Self { last_event: true, ..Self::default() };
        for schedule in &batch.schedules {
            wanted.schedules.push(schedule.id);
            wanted.schedules_by_hash.push((schedule.scheduler.clone(), schedule.hash.clone()));
        }
        for task in &batch.tasks {
            wanted.ids.push(task.id);
            wanted.schedule_ids.extend(task.schedule);
            if task.status == TaskStatus::Queued {
                wanted.live.push((task.scheduler.clone(), task.hash.clone()));
            }
        }
        wanted
    }

    /// A schedule that is made and changed in one commit: no row says yet whose it is, so the hash
    /// that it is to get is looked up by the scheduler that makes it.
    fn changes_of_made(&mut self, units: &[Unit]) {
        if self.schedules_like.is_empty() {
            return;
        }
        let writes = || units.iter().flat_map(|unit| &unit.schedules);
        let made: HashMap<ScheduleId, &SchedulerId> = writes()
            .filter_map(|write| match write {
                ScheduleWrite::Create(new) | ScheduleWrite::Upsert(new) => {
                    Some((new.id, &new.scheduler))
                }
                _ => None,
            })
            .collect();
        let by_hash = self.schedules_like.iter().filter_map(|(id, hash)| {
            made.get(id).map(|scheduler| ((*scheduler).clone(), hash.clone()))
        });
        self.schedules_by_hash.extend(by_hash);
    }

    fn guard(&mut self, guard: &Guard) {
        match guard {
            // It holds whatever is stored.
            Guard::Delivery { .. } => {}
            Guard::DeliveryInDoubt { scheduler, event, .. }
            | Guard::FirstDelivery { scheduler, event, .. } => {
                self.seen.push((scheduler.clone(), *event));
            }
            Guard::Deadline { schedule, .. } => self.schedules.push(*schedule),
            Guard::State { slot, write } => self.states.push(StateSlot::new(slot, &write.key)),
        }
    }

    fn update(&mut self, update: &TaskUpdate) {
        self.tasks.push(update.task);
        let change = &update.change;
        if change.hash.is_some() || change.status == Some(TaskStatus::Queued) {
            self.live_like.push((update.task, change.hash.clone()));
        }
        self.schedule_ids.extend(change.schedule.flatten());
    }

    fn schedule_write(&mut self, write: &ScheduleWrite) {
        match write {
            ScheduleWrite::Create(new) | ScheduleWrite::Upsert(new) => self.schedule_by_hash(new),
            ScheduleWrite::Change { schedule, change, .. } => {
                self.schedules.push(*schedule);
                self.schedules_like.extend(change.hash.clone().map(|hash| (*schedule, hash)));
            }
            ScheduleWrite::Disable { scheduler, hash } => {
                self.schedules_by_hash.push((scheduler.clone(), hash.clone()));
            }
            ScheduleWrite::Delete(schedule) => self.schedules.push(*schedule),
        }
    }

    fn schedule_by_hash(&mut self, new: &NewSchedule) {
        self.schedules.push(new.id);
        self.schedules_by_hash.push((new.scheduler.clone(), new.hash.clone()));
    }

    fn push(&mut self, task: &NewTask) {
        self.ids.push(task.id);
        self.live.push((task.scheduler.clone(), task.hash.clone()));
        match &task.schedule {
            None => {}
            Some(ScheduleLink::Id(id)) => self.schedule_ids.push(*id),
            Some(ScheduleLink::Hash(hash)) => {
                self.schedule_links.push((task.scheduler.clone(), hash.clone()));
            }
            Some(ScheduleLink::Planned(new)) => self.schedule_by_hash(new),
        }
    }
}
