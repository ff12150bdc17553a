//! What a commit writes.

use std::collections::BTreeMap;

use hinny_core::{
    EventId, Organisation, ScheduleId, SchedulerId, TaskId, TaskStatus, TaskType, Timestamp,
    event::KeptEvent,
    input::LastRun,
    plugin::{Slot, World},
    schedule::Schedule,
    task::{NewTask, Task},
};

use super::{
    Commit, HashKey, StoredTask,
    place::{Place, key},
};

/// What a commit writes. Deletions come before insertions.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Messages that are handled from now on.
    pub(crate) seen: Vec<SeenEvent>,
    /// Messages of which it is forgotten that they were handled, also those of this commit.
    pub(crate) unseen: Vec<(SchedulerId, EventId)>,
    /// Values of plugins.
    pub(crate) states: BTreeMap<StateSlot, StateRow>,
    /// Tasks that are there already, in the order in which they were changed first.
    pub(crate) changed: Vec<TaskId>,
    /// The tasks of which the state is written.
    pub(crate) tasks: Vec<StoredTask>,
    /// Tasks that stand elsewhere than before, but for new ones.
    pub(crate) moves: Vec<Move>,
    /// Tasks that ended.
    pub(crate) ended: Vec<Ended>,
    /// Ends that need not be told any more.
    pub(crate) untold_gone: Vec<(SchedulerId, EventId)>,
    /// Ends that are to be told.
    pub(crate) untold_new: Vec<UntoldTask>,
    /// Tasks that another system made, with a life behind them.
    pub(crate) imported: Vec<StoredTask>,
    /// New tasks.
    pub(crate) pushed: Vec<PushedTask>,
    /// Steps in the lives of tasks, numbered from the first.
    pub(crate) events: Vec<EventRow>,
    /// Schedules that are written whole, by the order of their ids.
    pub(crate) schedules: BTreeMap<ScheduleId, Option<Schedule>>,
    /// Kept messages; none: dropped.
    pub(crate) kept: BTreeMap<(SchedulerId, EventId), Option<Box<KeptEvent>>>,
    /// What is added to the counts.
    pub(crate) counts: BTreeMap<CountKey, i64>,
}

/// A message that is handled.
#[derive(Debug, Clone)]
pub(crate) struct SeenEvent {
    pub(crate) scheduler: SchedulerId,
    pub(crate) event: EventId,
    pub(crate) at: Timestamp,
}

/// The name of a plugin's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StateSlot {
    pub(crate) scheduler: SchedulerId,
    pub(crate) world: World,
    pub(crate) key: String,
}

impl StateSlot {
    pub(crate) fn new(slot: &Slot, key: &str) -> Self {
        Self { scheduler: slot.scheduler.clone(), world: slot.world, key: key.to_owned() }
    }
}

/// A plugin's value; none: deleted.
#[derive(Debug, Clone)]
pub(crate) struct StateRow {
    pub(crate) revision: u64,
    pub(crate) value: Option<Vec<u8>>,
}

/// A task that stands elsewhere than before.
#[derive(Debug)]
pub(crate) struct Move {
    pub(super) task: TaskId,
    /// None: it is imported.
    pub(super) from: Option<Place>,
    pub(super) to: Place,
}

/// A task by its hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HashRow<'a> {
    pub(crate) key: &'a HashKey,
    pub(crate) task: TaskId,
}

impl Changes {
    /// The tasks that leave a place, such as [`Place::live`].
    pub(crate) fn gone(
        &self,
        place: fn(&Place) -> Option<&HashKey>,
    ) -> impl Iterator<Item = HashRow<'_>> {
        self.moves.iter().filter_map(move |it| HashRow::of(it.task, it.at(place)))
    }

    /// The tasks that come to a place, but for new ones.
    pub(crate) fn come(
        &self,
        place: fn(&Place) -> Option<&HashKey>,
    ) -> impl Iterator<Item = HashRow<'_>> {
        self.moves.iter().filter_map(move |it| {
            let (from, to) = it.at(place);
            HashRow::of(it.task, (to, from))
        })
    }
}

impl Move {
    /// Under which hash it was at a place, and is.
    fn at(&self, place: fn(&Place) -> Option<&HashKey>) -> (Option<&HashKey>, Option<&HashKey>) {
        (self.from.as_ref().and_then(place), place(&self.to))
    }
}

impl<'a> HashRow<'a> {
    /// What one of two has and the other has not.
    fn of(task: TaskId, (has, has_not): (Option<&'a HashKey>, Option<&HashKey>)) -> Option<Self> {
        has.filter(|key| Some(*key) != has_not).map(|key| Self { key, task })
    }
}

/// A task that ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) key: HashKey,
    pub(crate) task: TaskId,
    pub(crate) created_at: Timestamp,
    pub(crate) run: LastRun,
}

/// An end that is to be told.
#[derive(Debug, Clone)]
pub(crate) struct UntoldTask {
    pub(crate) scheduler: SchedulerId,
    pub(crate) event: EventId,
    pub(crate) task: TaskId,
    pub(crate) finished_at: Timestamp,
}

/// A new task, with the schedule that its link led to and the number of its first step.
#[derive(Debug)]
pub(crate) struct PushedTask {
    pub(crate) task: NewTask,
    pub(crate) schedule: Option<ScheduleId>,
    pub(crate) event: i64,
}

/// A step in the life of a task.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    /// The step before it of the same task; 0: none.
    pub(crate) previous: i64,
    pub(crate) task: TaskId,
    pub(crate) at: Timestamp,
    pub(crate) status: TaskStatus,
    pub(crate) attempt: u32,
    pub(crate) worker: Option<String>,
    pub(crate) reason: Option<String>,
}

/// What tasks are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CountKey {
    pub(crate) scheduler: SchedulerId,
    pub(crate) organisation: Organisation,
    pub(crate) kind: TaskType,
    pub(crate) status: TaskStatus,
    /// Microseconds at which the hour of modification starts.
    pub(crate) hour: i64,
}

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// The start of the hour of a moment, in microseconds.
pub(crate) fn hour_of(moment: Timestamp) -> i64 {
    moment.as_micros() - moment.as_micros().rem_euclid(HOUR)
}

impl Commit<'_> {
    /// Adds to the count that a task is part of.
    pub(super) fn count(&mut self, task: &Task, by: i64) {
        let key = CountKey {
            scheduler: task.scheduler.clone(),
            organisation: task.organisation.clone(),
            kind: task.kind.clone(),
            status: task.status,
            hour: hour_of(task.modified_at),
        };
        self.add_count(key, by);
    }

    /// Adds to a count.
    pub(super) fn add_count(&mut self, key: CountKey, by: i64) {
        *self.changes.counts.entry(key).or_default() += by;
    }

    /// Appends a step to the life of a task; the answer is its number.
    pub(super) fn append_event(&mut self, event: EventRow) -> i64 {
        self.known.last_event += 1;
        let seq = self.known.last_event;
        self.changes.events.push(EventRow { seq, ..event });
        seq
    }

    /// Puts a changed task back among the known ones.
    pub(super) fn put_task(&mut self, mut stored: StoredTask, before: &Place) {
        if stored.before.is_none() {
            stored.before = Some(before.clone());
            self.changes.changed.push(stored.task.id);
        }
        self.known.tasks.insert(stored.task.id, stored);
    }

    /// Works out what the changed tasks mean for the tables beside them.
    pub(super) fn finish(mut self) -> Changes {
        self.changes.counts.retain(|_, by| *by != 0);
        for id in std::mem::take(&mut self.changes.changed) {
            let Some(stored) = self.known.tasks.remove(&id) else { continue };
            if let Some(before) = stored.before.clone() {
                let after = Place::of(&stored.task);
                self.place(&stored.task, before, after);
            }
            self.changes.tasks.push(stored);
        }
        self.changes
    }

    fn place(&mut self, task: &Task, from: Place, to: Place) {
        if from == to {
            return;
        }
        let changes = &mut self.changes;
        if let Place::Ended(event) = from {
            changes.untold_gone.push((task.scheduler.clone(), event));
        }
        if let Place::Ended(event) = to
            && self.tell.contains(&task.scheduler)
        {
            changes.untold_new.push(UntoldTask {
                scheduler: task.scheduler.clone(),
                event,
                task: task.id,
                finished_at: task.finished_at.unwrap_or(task.modified_at),
            });
        }
        changes.moves.push(Move { task: task.id, from: Some(from), to });
    }

    /// Notes that a task ended.
    pub(super) fn note_end(&mut self, task: &Task) {
        let Some(finished_at) = task.finished_at else { return };
        let taken = if task.attempt == 0 { finished_at } else { task.modified_at };
        let duration_ms = u64::try_from(finished_at.since(taken).as_millis()).unwrap_or(u64::MAX);
        self.changes.ended.push(Ended {
            key: key(task),
            task: task.id,
            created_at: task.created_at,
            run: LastRun { finished_at, status: task.status, duration_ms },
        });
    }
}
