//! Schedule writes.

use hinny_core::{
    ScheduleId, Timestamp,
    schedule::{NewSchedule, Schedule, ScheduleChange},
    store::{ScheduleOutcome, ScheduleWrite},
};

use super::Commit;

impl Commit<'_> {
    /// Decides on a schedule write.
    pub(super) fn write_schedule(&mut self, write: ScheduleWrite) -> ScheduleOutcome {
        match write {
            ScheduleWrite::Create(new) => self.create_schedule(new),
            ScheduleWrite::Upsert(new) => self.upsert_schedule(new),
            ScheduleWrite::Change { schedule, change, at } => {
                self.change_schedule(schedule, *change, at)
            }
            ScheduleWrite::Disable { scheduler, hash } => {
                let id = self.known.schedule_by_hash.get(&(scheduler, hash)).copied();
                id.map_or(ScheduleOutcome::NotFound, |id| self.disable_schedule(id))
            }
            ScheduleWrite::Delete(id) => self.delete_schedule(id),
        }
    }

    fn create_schedule(&mut self, new: NewSchedule) -> ScheduleOutcome {
        if let Some(id) = self.same_hash(&new) {
            return ScheduleOutcome::HashTaken(id);
        }
        // Its id is in use: there is a schedule in its place, too.
        if self.known.schedules.contains_key(&new.id) {
            return ScheduleOutcome::HashTaken(new.id);
        }
        self.store_schedule(new.into())
    }

    fn upsert_schedule(&mut self, new: NewSchedule) -> ScheduleOutcome {
        let known = self.same_hash(&new).and_then(|id| self.known.schedules.get(&id));
        let Some(known) = known.cloned() else { return self.create_schedule(new) };
        if !known.enabled {
            return ScheduleOutcome::Done(Some(Box::new(known)));
        }
        self.store_schedule(Schedule {
            organisation: new.organisation,
            data: new.data,
            cron: new.cron,
            time_zone: new.time_zone,
            deadline_at: new.deadline_at,
            missed: new.missed,
            ..known
        })
    }

    /// Makes or changes the schedule of a task that is pushed; none when it is disabled. Its policy
    /// on missed fires is a person's: a plan does not change it.
    pub(super) fn plan_schedule(&mut self, mut new: NewSchedule) -> Option<ScheduleId> {
        let known = self.same_hash(&new).and_then(|id| self.known.schedules.get(&id));
        new.missed = known.map_or(new.missed, |known| known.missed);
        match self.upsert_schedule(new) {
            ScheduleOutcome::Done(Some(schedule)) if schedule.enabled => Some(schedule.id),
            _ => None,
        }
    }

    fn change_schedule(
        &mut self,
        id: ScheduleId,
        change: ScheduleChange,
        at: Timestamp,
    ) -> ScheduleOutcome {
        let Some(known) = self.known.schedules.get(&id).cloned() else {
            return ScheduleOutcome::NotFound;
        };
        let old = (known.scheduler.clone(), known.hash.clone());
        let schedule = known.changed(change, at);
        let new = (schedule.scheduler.clone(), schedule.hash.clone());
        match self.known.schedule_by_hash.get(&new) {
            Some(other) if *other != id => return ScheduleOutcome::HashTaken(*other),
            _ => {}
        }
        self.known.schedule_by_hash.remove(&old);
        self.store_schedule(schedule)
    }

    fn disable_schedule(&mut self, id: ScheduleId) -> ScheduleOutcome {
        match self.known.schedules.get(&id).cloned() {
            Some(schedule) => self.store_schedule(Schedule { enabled: false, ..schedule }),
            None => ScheduleOutcome::NotFound,
        }
    }

    fn delete_schedule(&mut self, id: ScheduleId) -> ScheduleOutcome {
        if self.known.remove_schedule(id).is_none() {
            return ScheduleOutcome::NotFound;
        }
        self.changes.schedules.insert(id, None);
        ScheduleOutcome::Done(None)
    }

    fn same_hash(&self, new: &NewSchedule) -> Option<ScheduleId> {
        let key = (new.scheduler.clone(), new.hash.clone());
        self.known.schedule_by_hash.get(&key).copied()
    }

    fn store_schedule(&mut self, schedule: Schedule) -> ScheduleOutcome {
        self.known.add_schedule(schedule.clone());
        self.changes.schedules.insert(schedule.id, Some(schedule.clone()));
        ScheduleOutcome::Done(Some(Box::new(schedule)))
    }
}
