//! A new order, built beside the one in use.

use std::{collections::BTreeMap, ops::Range};

use hashbrown::HashMap;

use super::{Key, Order, Place, Ranks, class::Classes};
use crate::{
    Organisation, Priority, TaskId, Timestamp,
    input::{Columns, InputTable},
};

/// What happens to the slots while they are frozen.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    /// Freed, and not to be used again before the thaw.
    pub(super) freed: Vec<u32>,
    /// New since the last look.
    pub(super) added: Vec<u32>,
    /// Came into the order or left it, in any way, any number of times.
    pub(super) touched: Vec<u32>,
}

/// Some of the queued tasks, to be ranked.
#[derive(Debug)]
pub struct Chunk {
    /// Who they are.
    pub ids: Vec<TaskId>,
    /// What the ranker in use reads of them.
    pub columns: Columns,
    /// Their ranks under the generation in use, to fall back on.
    pub current: Vec<Priority>,
    slots: Vec<u32>,
    members: Vec<Member>,
    /// Of each class that occurs, whose work it is.
    organisations: HashMap<u32, Option<Organisation>>,
}

/// What the new order must know of a task beside its rank.
#[derive(Debug, Clone, Copy)]
struct Member {
    created_at: Timestamp,
    class: u32,
    /// Delayed and taken tasks get a rank, but no place in the order.
    in_order: bool,
}

impl Chunk {
    /// How many tasks.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The slots of the tasks.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Whose work each is.
    pub fn organisations(&self) -> impl Iterator<Item = Option<&Organisation>> {
        self.members.iter().map(|member| self.organisations.get(&member.class)?.as_ref())
    }

    /// Whether each has a place in the order; delayed and taken tasks have none.
    pub fn in_order(&self) -> impl Iterator<Item = bool> {
        self.members.iter().map(|member| member.in_order)
    }

    /// When each was pushed.
    pub fn created_at(&self) -> impl Iterator<Item = Timestamp> {
        self.members.iter().map(|member| member.created_at)
    }
}

/// How old the task at a slot is. They sort as a database that appends keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    created_at: Timestamp,
    id: TaskId,
    /// Where it is.
    pub slot: u32,
}

/// A new order that is being built.
#[derive(Debug, Default)]
pub struct Reranking {
    ranks: Ranks,
    members: Vec<(u32, Key, u32)>,
}

/// A new order, ready to be switched to.
#[derive(Debug)]
pub struct Reranked {
    /// Which generation ranked it.
    pub generation: u64,
    /// The inputs of the new generation, when it reads other ones than the one in use.
    pub inputs: Option<InputTable>,
    ranks: Ranks,
    tasks: HashMap<u32, BTreeMap<Key, u32>>,
}

/// What is left of an order after a switch. Dropping it takes a while: do it elsewhere.
#[derive(Debug)]
pub struct Remains {
    _tasks: Vec<BTreeMap<Key, u32>>,
    _ranks: Ranks,
    _inputs: Option<InputTable>,
}

impl Reranking {
    /// For so many slots.
    pub fn with_capacity(slots: u32) -> Self {
        Self { ranks: Ranks::default(), members: Vec::with_capacity(slots as usize) }
    }

    /// Takes the ranks of a chunk.
    pub fn add(&mut self, chunk: &Chunk, priorities: &[Priority], fallback: bool) {
        let members = chunk.slots.iter().zip(&chunk.ids).zip(&chunk.members).zip(priorities);
        for (((slot, id), member), priority) in members {
            self.ranks.set(*slot, *priority, fallback);
            if member.in_order {
                let key = Key { priority: *priority, created_at: member.created_at, id: *id };
                self.members.push((member.class, key, *slot));
            }
        }
    }

    /// Sorts what was taken. This is the long step: do it on a thread that may be busy.
    pub fn build(mut self, generation: u64, inputs: Option<InputTable>) -> Reranked {
        // A task may have been in two chunks: what was said last counts, once.
        let ranks = &self.ranks;
        self.members.retain(|(_, key, slot)| ranks.get(*slot) == key.priority);
        self.members.sort_unstable();
        self.members.dedup();
        let tasks = self
            .members
            .chunk_by(|one, other| one.0 == other.0)
            .filter_map(|members| {
                let class = members.first()?.0;
                Some((class, members.iter().map(|(_, key, slot)| (*key, *slot)).collect()))
            })
            .collect();
        Reranked { generation, inputs, ranks: self.ranks, tasks }
    }
}

impl Order {
    /// How many slots there are to look at in [chunks](Self::chunk).
    pub fn slots(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Begins a change of all ranks; the answer is how many slots there are to look at in
    /// [chunks](Self::chunk). A change that is under way ends without effect.
    pub fn freeze(&mut self) -> u32 {
        self.thaw();
        self.frozen = Some(Frozen::default());
        self.slots()
    }

    /// Ends a change of all ranks.
    pub fn thaw(&mut self) {
        if let Some(frozen) = self.frozen.take() {
            self.free.extend(frozen.freed);
            self.classes.thaw();
        }
    }

    /// How old the tasks at the slots of a range are; free slots are left out.
    pub fn ages(&self, slots: Range<u32>) -> Vec<Age> {
        let there = slots.filter(|slot| self.place(*slot) != Place::Free);
        let age = |slot| {
            let entry = self.entry(slot)?;
            Some(Age { created_at: entry.created_at, id: entry.id, slot })
        };
        there.filter_map(age).collect()
    }

    /// The tasks that came since the slots were frozen, or since the last call.
    pub fn added(&mut self, now: Timestamp) -> Chunk {
        let added = self.frozen.as_mut().map(|frozen| std::mem::take(&mut frozen.added));
        self.chunk(added.unwrap_or_default(), now)
    }

    /// The tasks at slots; free ones are left out.
    pub fn chunk(&self, mut slots: Vec<u32>, now: Timestamp) -> Chunk {
        slots.retain(|slot| self.place(*slot) != Place::Free);
        let entries = || slots.iter().filter_map(|slot| self.entry(*slot));
        let mut organisations = HashMap::new();
        for entry in entries() {
            organisations
                .entry(entry.class)
                .or_insert_with(|| self.classes.organisation(entry.class));
        }
        Chunk {
            ids: entries().map(|entry| entry.id).collect(),
            columns: self.inputs.columns(&slots, now),
            current: slots.iter().map(|slot| self.ranks.get(*slot)).collect(),
            members: entries()
                .map(|entry| Member {
                    created_at: entry.created_at,
                    class: entry.class,
                    in_order: entry.place == Place::InOrder,
                })
                .collect(),
            organisations,
            slots,
        }
    }

    /// Switches to a new order, in one step. `late` are the ranks of the tasks that came after the
    /// last chunk, in the order of [`added`](Self::added).
    pub fn switch(
        &mut self,
        mut new: Reranked,
        late: &Chunk,
        ranks: &[Priority],
        fallback: bool,
    ) -> Remains {
        for (slot, priority) in late.slots.iter().zip(ranks) {
            new.ranks.set(*slot, *priority, fallback);
        }
        let old_ranks = std::mem::replace(&mut self.ranks, new.ranks);
        let old_inputs = new.inputs.map(|inputs| std::mem::replace(&mut self.inputs, inputs));
        let old_tasks = self.classes.exchange(new.tasks);
        self.generation = new.generation;
        let touched = self.frozen.as_mut().map(|frozen| std::mem::take(&mut frozen.touched));
        for slot in touched.unwrap_or_default() {
            reconcile(&mut self.classes, self.entries.get(slot as usize), &self.ranks, slot);
        }
        self.thaw();
        Remains { _tasks: old_tasks, _ranks: old_ranks, _inputs: old_inputs }
    }
}

/// Makes the new order agree with where a task is now.
fn reconcile(classes: &mut Classes, entry: Option<&super::Entry>, ranks: &Ranks, slot: u32) {
    let Some(entry) = entry else { return };
    let key = Key { priority: ranks.get(slot), created_at: entry.created_at, id: entry.id };
    if entry.place == Place::InOrder {
        classes.insert(entry.class, key, slot);
    } else {
        classes.remove(entry.class, &key);
    }
}
