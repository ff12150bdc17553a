//! Guards: what must be so for a unit to happen.

use hinny_core::{EventId, ScheduleId, SchedulerId, Timestamp, command::StateWrite, store::Guard};

use super::{Commit, SeenEvent, StateRow, StateSlot, known::KnownState};

/// What the guards of one unit change, while it is not sure that all of them hold.
#[derive(Default)]
struct Tentative {
    seen: Vec<SeenEvent>,
    deadlines: Vec<(ScheduleId, Option<Timestamp>)>,
    states: Vec<(StateSlot, StateRow)>,
}

impl Commit<'_> {
    /// Holds a unit's guards; the answer is the first that does not hold. All guards of all units
    /// come before everything else, so those of several units see each other's effect.
    pub(super) fn hold(&mut self, guards: &[Guard]) -> Option<usize> {
        let mut tentative = Tentative::default();
        let refused = guards.iter().position(|guard| !self.try_guard(guard, &mut tentative));
        if refused.is_none() {
            self.keep(tentative);
        }
        refused
    }

    fn try_guard(&self, guard: &Guard, tentative: &mut Tentative) -> bool {
        match guard {
            Guard::Delivery { scheduler, event, at } => {
                let (scheduler, event) = (scheduler.clone(), *event);
                tentative.seen.push(SeenEvent { scheduler, event, at: *at });
                true
            }
            Guard::DeliveryInDoubt { scheduler, event, at } => {
                self.try_delivery_in_doubt(scheduler, *event, *at, tentative)
            }
            Guard::FirstDelivery { scheduler, event, at } => {
                self.try_first_delivery(scheduler, *event, *at, tentative)
            }
            Guard::Deadline { schedule, expected, next } => {
                self.try_deadline(*schedule, *expected, *next, tentative)
            }
            Guard::State { slot, write } => {
                self.try_state(StateSlot::new(slot, &write.key), write, tentative)
            }
        }
    }

    fn try_delivery_in_doubt(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
        at: Timestamp,
        tentative: &mut Tentative,
    ) -> bool {
        let here = |seen: &&SeenEvent| seen.event == event && seen.scheduler == *scheduler;
        let marked = tentative.seen.iter().rfind(here).map(|seen| seen.at);
        let marked = marked.or_else(|| self.known.seen.get(&(scheduler.clone(), event)).copied());
        if marked == Some(at) {
            return false;
        }
        tentative.seen.push(SeenEvent { scheduler: scheduler.clone(), event, at });
        true
    }

    fn try_first_delivery(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
        at: Timestamp,
        tentative: &mut Tentative,
    ) -> bool {
        let here = |seen: &SeenEvent| seen.event == event && seen.scheduler == *scheduler;
        let known = self.known.seen.contains_key(&(scheduler.clone(), event));
        if known || tentative.seen.iter().any(here) {
            return false;
        }
        tentative.seen.push(SeenEvent { scheduler: scheduler.clone(), event, at });
        true
    }

    fn try_deadline(
        &self,
        id: ScheduleId,
        expected: Timestamp,
        next: Option<Timestamp>,
        tentative: &mut Tentative,
    ) -> bool {
        let Some(schedule) = self.known.schedules.get(&id) else { return false };
        let moved = tentative.deadlines.iter().rfind(|(moved, _)| *moved == id);
        let deadline = moved.map_or(schedule.deadline_at, |(_, deadline)| *deadline);
        let holds = schedule.enabled && deadline == Some(expected);
        if holds {
            tentative.deadlines.push((id, next));
        }
        holds
    }

    fn try_state(&self, slot: StateSlot, write: &StateWrite, tentative: &mut Tentative) -> bool {
        let written = tentative.states.iter().rfind(|(written, _)| *written == slot);
        let now = match written {
            Some((_, row)) => {
                Some(KnownState { revision: row.revision, exists: row.value.is_some() })
            }
            None => self.known.states.get(&slot).copied(),
        };
        let revision = now.map_or(0, |state| state.revision);
        let visible = now.filter(|state| state.exists).map_or(0, |state| state.revision);
        if write.expected.is_some_and(|expected| expected != visible) {
            return false;
        }
        if now.is_some() || write.value.is_some() {
            let row = StateRow { revision: revision + 1, value: write.value.clone() };
            tentative.states.push((slot, row));
        }
        true
    }

    /// Marks a message as handled. No row is written twice in one commit: of two marks, the later.
    fn mark(&mut self, seen: SeenEvent) {
        let key = (seen.scheduler.clone(), seen.event);
        if self.known.seen.insert(key.clone(), seen.at).is_some() {
            self.changes.seen.retain(|mark| mark.event != key.1 || mark.scheduler != key.0);
        }
        self.changes.untold_gone.push(key);
        self.changes.seen.push(seen);
    }

    fn keep(&mut self, tentative: Tentative) {
        for seen in tentative.seen {
            self.mark(seen);
        }
        for (id, deadline) in tentative.deadlines {
            if let Some(schedule) = self.known.schedules.get_mut(&id) {
                schedule.deadline_at = deadline;
                self.changes.schedules.insert(id, Some(schedule.clone()));
            }
        }
        for (slot, row) in tentative.states {
            let state = KnownState { revision: row.revision, exists: row.value.is_some() };
            self.known.states.insert(slot.clone(), state);
            self.changes.states.insert(slot, row);
        }
    }
}
