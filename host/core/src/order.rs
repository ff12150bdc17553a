//! The in-memory queue: the order of the queued tasks of one scheduler.
//!
//! Tasks stand in *classes*: all tasks of a class are alike to the filters of workers (same
//! organisation, same values at the configured places of the data). Each class keeps its tasks
//! sorted; a `View` keeps the first task of each class that a filter admits, sorted too. So
//! a pop costs two tree operations, filtered or not, however many tasks are queued.
//!
//! A task is *in order*, *delayed* (not before a moment) or *taken* (out for a claim that is not
//! committed yet). A taken task is either forgotten or given back.
//!
//! To rank everything anew, the slots are [frozen](Order::freeze): what is freed is not used again,
//! and what moves is written down. The new order is built elsewhere from chunks, and
//! [switched](Order::switch) to in one step.

mod class;
mod group;
mod rerank;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::BuildHasher,
    sync::Arc,
};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::{
    Organisation, Priority, TaskId, Timestamp,
    input::{Columns, InputSpec, InputTable, InputValue},
    task::RankedBy,
};

use class::Classes;
pub use class::{ClassKey, class_key};
use group::Groups;
pub use group::{GroupName, group_name};
use rerank::Frozen;
pub use rerank::{Age, Chunk, Reranked, Reranking};
pub use view::ViewId;

/// Place in line: lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its rank.
    pub priority: Priority,
    /// Older goes first among equals.
    pub created_at: Timestamp,
    /// And then the lower id.
    pub id: TaskId,
}

/// A task that comes onto the queue.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Identity.
    pub id: TaskId,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// Its rank, under the generation of the order.
    pub priority: Priority,
    /// Whether the rank comes from the fallback chain.
    pub fallback: bool,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
    /// What filters see of it.
    pub class: ClassKey,
    /// The tasks that it is handed out with.
    pub group: Option<GroupName>,
    /// What the ranker reads of it.
    pub inputs: Box<[InputValue]>,
}

/// A task that is out for a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Where it stood.
    pub slot: u32,
    /// Identity.
    pub id: TaskId,
    /// Its rank.
    pub priority: Priority,
    /// Who gave it that rank.
    pub ranked_by: RankedBy,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: TaskId,
    created_at: Timestamp,
    class: u32,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    InOrder,
    Delayed,
    Taken,
}

/// The priorities of all slots under one generation.
#[derive(Debug, Default)]
struct Ranks {
    priority: Vec<Priority>,
    fallback: BTreeSet<u32>,
}

impl Ranks {
    fn get(&self, slot: u32) -> Priority {
        self.priority.get(slot as usize).copied().unwrap_or(Priority::MAX)
    }

    fn set(&mut self, slot: u32, priority: Priority, fallback: bool) {
        let at = slot as usize;
        if at >= self.priority.len() {
            self.priority.resize(at + 1, Priority::MAX);
        }
        if let Some(place) = self.priority.get_mut(at) {
            *place = priority;
        }
        if fallback {
            self.fallback.insert(slot);
        } else if !self.fallback.is_empty() {
            self.fallback.remove(&slot);
        }
    }
}

/// The order of the queued tasks of one scheduler.
#[derive(Debug)]
pub struct Order {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// Slots of the tasks that are in order or delayed, by id. Taken ones are not in it.
    by_id: HashTable<u32>,
    hasher: DefaultHashBuilder,
    ranks: Ranks,
    classes: Classes,
    groups: Groups,
    delayed: BTreeSet<(Timestamp, u32)>,
    delays: BTreeMap<u32, Timestamp>,
    inputs: InputTable,
    generation: u64,
    frozen: Option<Frozen>,
}

impl Order {
    /// An empty order under a generation that reads these inputs.
    pub fn new(generation: u64, inputs: Arc<[InputSpec]>) -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            by_id: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            ranks: Ranks::default(),
            classes: Classes::default(),
            groups: Groups::default(),
            delayed: BTreeSet::new(),
            delays: BTreeMap::new(),
            inputs: InputTable::new(inputs),
            generation,
            frozen: None,
        }
    }

    /// Queued tasks, delayed ones too, without those taken.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Delayed tasks.
    pub fn delayed_len(&self) -> usize {
        self.delayed.len()
    }

    /// The generation whose priorities these are.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the ranker of that generation reads.
    pub fn input_specs(&self) -> &Arc<[InputSpec]> {
        self.inputs.specs()
    }

    /// Puts a task on the queue; the answer is the views in which it can be seen. A task that is on
    /// the queue already is put anew.
    pub fn insert(&mut self, arrival: &Arrival, now: Timestamp) -> Vec<ViewId> {
        self.remove(arrival.id);
        let class = self.classes.find_or_make(&arrival.class);
        let slot = self.new_slot(Entry {
            id: arrival.id,
            created_at: arrival.created_at,
            class,
            place: Place::Free,
        });
        if let Some(group) = &arrival.group {
            self.groups.join(slot, group);
        }
        self.ranks.set(slot, arrival.priority, arrival.fallback);
        self.inputs.put(slot, arrival.created_at, &arrival.inputs);
        if let Some(frozen) = &mut self.frozen {
            frozen.added.push(slot);
        }
        self.index(slot);
        match arrival.not_before.filter(|until| *until > now) {
            Some(until) => self.delay(slot, until),
            None => self.line_up(slot),
        }
        self.classes.views_of(class).to_vec()
    }

    /// Takes a task off the queue. `false`: it is not on it, or taken.
    pub fn remove(&mut self, id: TaskId) -> bool {
        let Some(slot) = self.slot_of(id) else { return false };
        self.step_out(slot);
        self.unindex(slot);
        self.free_slot(slot);
        true
    }

    /// Takes the first tasks that a view shows out for a claim.
    pub fn take(&mut self, view: ViewId, limit: usize) -> Vec<Taken> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(slot) = self.classes.first_of(view) else { break };
            taken.push(self.take_slot(slot));
        }
        taken
    }

    /// Takes tasks that belong together out for a claim. When the first task that a view shows has a
    /// group, that is the group, as far as the view shows it, up to `group_max`; else the first tasks
    /// up to one that has a group.
    pub fn take_together(&mut self, view: ViewId, limit: usize, group_max: usize) -> Vec<Taken> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(first) = self.classes.first_of(view) else { break };
            match self.groups.of(first) {
                None => taken.push(self.take_slot(first)),
                Some(_) if !taken.is_empty() => break,
                Some(group) => {
                    let shown = |slot: &u32| {
                        self.place(*slot) == Place::InOrder
                            && self.classes.views_of(self.class(*slot)).contains(&view)
                    };
                    let slots: Vec<_> = group.iter().copied().filter(shown).collect();
                    return self.take_sorted(slots, group_max);
                }
            }
        }
        taken
    }

    /// The ids of those tasks that are in order and in the group of one; none when it has no group.
    pub fn group_of(&self, id: TaskId) -> Option<Vec<TaskId>> {
        let group = self.groups.of(self.slot_of(id)?)?;
        let in_order = group.iter().filter(|slot| self.place(**slot) == Place::InOrder);
        Some(in_order.filter_map(|slot| self.entry(*slot)).map(|entry| entry.id).collect())
    }

    /// Takes these tasks out for a claim, those of them that are in order.
    pub fn take_ids(&mut self, ids: &[TaskId]) -> Vec<Taken> {
        ids.iter()
            .filter_map(|id| self.slot_of(*id))
            .filter(|slot| self.place(*slot) == Place::InOrder)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|slot| self.take_slot(slot))
            .collect()
    }

    /// Forgets a taken task: a worker has it, or it is queued no more.
    pub fn forget(&mut self, taken: Taken) {
        if self.is_taken(taken) {
            self.free_slot(taken.slot);
        }
    }

    /// Puts a taken task back where it stood; the answer is the views in which it can be seen.
    pub fn give_back(&mut self, taken: Taken) -> Vec<ViewId> {
        if !self.is_taken(taken) {
            return Vec::new();
        }
        if self.slot_of(taken.id).is_some() {
            // It came back another way in the meantime.
            self.free_slot(taken.slot);
            return Vec::new();
        }
        self.index(taken.slot);
        self.line_up(taken.slot);
        self.classes.views_of(self.class(taken.slot)).to_vec()
    }

    /// Gives a queued task another rank; `false`: it is not on the queue.
    pub fn rank(&mut self, id: TaskId, priority: Priority, fallback: bool) -> bool {
        let Some(slot) = self.slot_of(id) else { return false };
        let in_order = self.place(slot) == Place::InOrder;
        if in_order {
            self.step_out(slot);
        }
        self.ranks.set(slot, priority, fallback);
        if in_order {
            self.line_up(slot);
        }
        true
    }

    /// Lines up the delayed tasks whose moment has come; the answer is the views in which they can
    /// be seen.
    pub fn release_due(&mut self, now: Timestamp) -> BTreeSet<ViewId> {
        let mut views = BTreeSet::new();
        while let Some(&(until, slot)) = self.delayed.first() {
            if until > now {
                break;
            }
            self.step_out(slot);
            self.line_up(slot);
            views.extend(self.classes.views_of(self.class(slot)));
        }
        views
    }

    /// When the next delayed task is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.delayed.first().map(|(until, _)| *until)
    }

    /// The rank of a queued task.
    pub fn rank_of(&self, id: TaskId) -> Option<(Priority, RankedBy)> {
        let slot = self.slot_of(id)?;
        Some((self.ranks.get(slot), self.ranked_by(slot)))
    }

    /// How many tasks go before a queued one. Looks at every task before it.
    pub fn position(&self, id: TaskId) -> Option<usize> {
        let slot = self.slot_of(id)?;
        (self.place(slot) == Place::InOrder).then(|| self.classes.before(&self.key(slot)))
    }

    /// The first tasks to go, of all or of an organisation.
    pub fn head(&self, organisation: Option<&Organisation>, limit: usize) -> Vec<TaskId> {
        self.classes.merged(organisation).take(limit).map(|(key, _)| key.id).collect()
    }

    /// The ids of everything queued, in order; then the delayed, by moment.
    pub fn ids(&self) -> Vec<TaskId> {
        let delayed = self.delayed.iter().filter_map(|(_, slot)| self.entry(*slot));
        self.classes
            .merged(None)
            .map(|(key, _)| key.id)
            .chain(delayed.map(|entry| entry.id))
            .collect()
    }

    /// The inputs of one queued task, as a batch of one.
    pub fn inputs_of(&self, id: TaskId, now: Timestamp) -> Option<Columns> {
        self.slot_of(id).map(|slot| self.inputs.columns(&[slot], now))
    }

    /// The place of a key in the order, for choosing among ids: lower goes first.
    pub fn key_of(&self, id: TaskId) -> Option<Key> {
        self.slot_of(id)
            .filter(|slot| self.place(*slot) == Place::InOrder)
            .map(|slot| self.key(slot))
    }

    /// The view for a filter, if classes are enough to decide it. `places` are the JSON pointers
    /// that make the classes.
    pub fn view(&mut self, filter: &crate::filter::Filter, places: &[String]) -> Option<ViewId> {
        self.classes.view(filter, places)
    }

    /// Keeps a view while somebody waits on it.
    pub fn pin(&mut self, view: ViewId) {
        self.classes.pin(view, 1);
    }

    /// Ends a [`pin`](Self::pin).
    pub fn unpin(&mut self, view: ViewId) {
        self.classes.pin(view, -1);
    }

    fn entry(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(slot as usize)
    }

    fn place(&self, slot: u32) -> Place {
        self.entry(slot).map_or(Place::Free, |entry| entry.place)
    }

    fn class(&self, slot: u32) -> u32 {
        self.entry(slot).map_or(u32::MAX, |entry| entry.class)
    }

    fn is_taken(&self, taken: Taken) -> bool {
        self.entry(taken.slot)
            .is_some_and(|entry| entry.place == Place::Taken && entry.id == taken.id)
    }

    fn key(&self, slot: u32) -> Key {
        let (id, created_at) =
            self.entry(slot).map_or((TaskId(uuid::Uuid::nil()), Timestamp::MIN), |entry| {
                (entry.id, entry.created_at)
            });
        Key { priority: self.ranks.get(slot), created_at, id }
    }

    fn ranked_by(&self, slot: u32) -> RankedBy {
        match self.generation {
            0 => RankedBy::Host,
            generation if self.ranks.fallback.contains(&slot) => RankedBy::Fallback(generation),
            generation => RankedBy::Generation(generation),
        }
    }

    fn slot_of(&self, id: TaskId) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.by_id.find(hash, |slot| self.entry(*slot).is_some_and(|entry| entry.id == id)).copied()
    }

    fn index(&mut self, slot: u32) {
        let Some(id) = self.entry(slot).map(|entry| entry.id) else { return };
        let entries = &self.entries;
        let hasher = &self.hasher;
        self.by_id.insert_unique(hasher.hash_one(id), slot, |slot| {
            entries.get(*slot as usize).map_or(0, |entry| hasher.hash_one(entry.id))
        });
    }

    fn unindex(&mut self, slot: u32) {
        let Some(id) = self.entry(slot).map(|entry| entry.id) else { return };
        if let Ok(found) = self.by_id.find_entry(self.hasher.hash_one(id), |at| *at == slot) {
            found.remove();
        }
    }

    fn set_place(&mut self, slot: u32, place: Place) {
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            entry.place = place;
        }
        if let Some(frozen) = &mut self.frozen {
            frozen.touched.push(slot);
        }
    }

    fn take_slot(&mut self, slot: u32) -> Taken {
        let key = self.key(slot);
        self.step_out(slot);
        self.unindex(slot);
        self.set_place(slot, Place::Taken);
        Taken { slot, id: key.id, priority: key.priority, ranked_by: self.ranked_by(slot) }
    }

    fn take_sorted(&mut self, mut slots: Vec<u32>, limit: usize) -> Vec<Taken> {
        slots.sort_unstable_by_key(|slot| self.key(*slot));
        slots.into_iter().take(limit).map(|slot| self.take_slot(slot)).collect()
    }

    fn line_up(&mut self, slot: u32) {
        self.classes.insert(self.class(slot), self.key(slot), slot);
        self.set_place(slot, Place::InOrder);
    }

    fn delay(&mut self, slot: u32, until: Timestamp) {
        self.delayed.insert((until, slot));
        self.delays.insert(slot, until);
        self.set_place(slot, Place::Delayed);
    }

    /// Out of the order or the delayed; the caller says where to.
    fn step_out(&mut self, slot: u32) {
        match self.place(slot) {
            Place::InOrder => self.classes.remove(self.class(slot), &self.key(slot)),
            Place::Delayed => {
                if let Some(until) = self.delays.remove(&slot) {
                    self.delayed.remove(&(until, slot));
                }
            }
            Place::Free | Place::Taken => {}
        }
    }

    fn new_slot(&mut self, entry: Entry) -> u32 {
        self.classes.join(entry.class);
        if let Some(slot) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(slot as usize) {
                *place = entry;
            }
            return slot;
        }
        self.entries.push(entry);
        (self.entries.len() - 1) as u32
    }

    fn free_slot(&mut self, slot: u32) {
        self.classes.leave(self.class(slot), self.frozen.is_some());
        self.groups.leave(slot);
        self.inputs.clear(slot);
        self.set_place(slot, Place::Free);
        match &mut self.frozen {
            Some(frozen) => frozen.freed.push(slot),
            None => self.free.push(slot),
        }
    }
}

#[cfg(test)]
mod tests;
