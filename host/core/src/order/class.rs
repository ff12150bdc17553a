//! Tasks that filters cannot tell apart, sorted.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use hashbrown::HashMap;
use serde_json::Value;

use super::{
    Key,
    view::{ViewId, Views},
};
use crate::{Organisation, filter::Filter};

/// What filters see of a task: its organisation, then the text at each configured place.
pub type ClassKey = Box<[Option<Arc<str>>]>;

/// The class of a task, given the JSON pointers that make the classes.
pub fn class_key(organisation: &Organisation, places: &[String], data: &Value) -> ClassKey {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        other => Some(other.to_string().into()),
    };
    std::iter::once(Some(organisation.shared()))
        .chain(places.iter().map(|place| data.pointer(place).and_then(text)))
        .collect()
}

#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) key: ClassKey,
    pub(super) tasks: BTreeMap<Key, u32>,
    /// The views that show it.
    pub(super) views: Vec<ViewId>,
    /// Slots that name it, in order or not.
    members: u32,
}

/// All classes of an order, and the views on them.
#[derive(Debug, Default)]
pub(super) struct Classes {
    classes: Vec<Class>,
    by_key: HashMap<ClassKey, u32>,
    free: Vec<u32>,
    /// Left empty while the slots were frozen.
    emptied: Vec<u32>,
    views: Views,
}

impl Classes {
    pub(super) fn find_or_make(&mut self, key: &ClassKey) -> u32 {
        if let Some(&class) = self.by_key.get(key) {
            return class;
        }
        let views = self.views.admitting(key);
        let made = Class { key: key.clone(), views, ..Class::default() };
        let class = if let Some(class) = self.free.pop() {
            if let Some(place) = self.classes.get_mut(class as usize) {
                *place = made;
            }
            class
        } else {
            self.classes.push(made);
            (self.classes.len() - 1) as u32
        };
        self.by_key.insert(key.clone(), class);
        class
    }

    /// Whose tasks they are.
    pub(super) fn organisation(&self, class: u32) -> Option<Organisation> {
        let text = self.classes.get(class as usize)?.key.first()?.as_deref()?;
        Organisation::new(text).ok()
    }

    /// A slot names the class.
    pub(super) fn join(&mut self, class: u32) {
        if let Some(class) = self.classes.get_mut(class as usize) {
            class.members += 1;
        }
    }

    /// A slot names it no more. Without any the class is given up, unless slots are frozen.
    pub(super) fn leave(&mut self, class: u32, frozen: bool) {
        let Some(left) = self.classes.get_mut(class as usize) else { return };
        left.members = left.members.saturating_sub(1);
        if left.members > 0 {
            return;
        }
        if frozen { self.emptied.push(class) } else { self.give_up(class) }
    }

    fn give_up(&mut self, class: u32) {
        let Some(left) = self.classes.get_mut(class as usize) else { return };
        if left.members == 0 && self.by_key.get(&left.key) == Some(&class) {
            self.by_key.remove(&left.key);
            *left = Class::default();
            self.free.push(class);
        }
    }

    /// Gives up what was left empty while the slots were frozen.
    pub(super) fn thaw(&mut self) {
        for class in std::mem::take(&mut self.emptied) {
            self.give_up(class);
        }
    }

    pub(super) fn views_of(&self, class: u32) -> &[ViewId] {
        self.classes.get(class as usize).map_or(&[], |class| &class.views)
    }

    pub(super) fn insert(&mut self, at: u32, key: Key, slot: u32) {
        let Some(class) = self.classes.get_mut(at as usize) else { return };
        let before = class.tasks.first_key_value().map(|(key, _)| *key);
        class.tasks.insert(key, slot);
        if before.is_none_or(|before| key < before) {
            self.views.move_head(&class.views, at, before, Some(key));
        }
    }

    pub(super) fn remove(&mut self, at: u32, key: &Key) {
        let Some(class) = self.classes.get_mut(at as usize) else { return };
        let before = class.tasks.first_key_value().map(|(key, _)| *key);
        class.tasks.remove(key);
        if before == Some(*key) {
            let after = class.tasks.first_key_value().map(|(key, _)| *key);
            self.views.move_head(&class.views, at, before, after);
        }
    }

    /// The slot of the first task that a view shows.
    pub(super) fn first_of(&self, view: ViewId) -> Option<u32> {
        let class = self.views.first(view)?;
        self.classes.get(class as usize)?.tasks.first_key_value().map(|(_, slot)| *slot)
    }

    /// How many tasks go before a key.
    pub(super) fn before(&self, key: &Key) -> usize {
        self.classes.iter().map(|class| class.tasks.range(..key).count()).sum()
    }

    /// All tasks in order, or those of an organisation.
    pub(super) fn merged(
        &self,
        organisation: Option<&Organisation>,
    ) -> impl Iterator<Item = (Key, u32)> {
        let wanted = |class: &Class| {
            let of = class.key.first().and_then(Option::as_deref);
            organisation.is_none_or(|organisation| of == Some(organisation.as_str()))
        };
        let mut heads: BinaryHeap<_> = (0..)
            .zip(&self.classes)
            .filter(|(_, class)| wanted(class))
            .map(|(at, class): (usize, _)| (at, class.tasks.iter()))
            .filter_map(|(at, mut tasks)| {
                let (key, slot) = tasks.next()?;
                Some(Reverse(Head { key: *key, slot: *slot, class: at, rest: tasks }))
            })
            .collect();
        std::iter::from_fn(move || {
            let Reverse(mut head) = heads.pop()?;
            let item = (head.key, head.slot);
            if let Some((key, slot)) = head.rest.next() {
                head.key = *key;
                head.slot = *slot;
                heads.push(Reverse(head));
            }
            Some(item)
        })
    }

    pub(super) fn view(&mut self, filter: &Filter, places: &[String]) -> Option<ViewId> {
        let (view, made) = self.views.find_or_make(filter, places)?;
        if let Some(gone) = made.and_then(|made| made.replaced) {
            for class in &mut self.classes {
                class.views.retain(|view| *view != gone);
            }
        }
        if made.is_some() {
            for (at, class) in (0..).zip(&mut self.classes) {
                if class.members > 0 && self.views.admits(view, &class.key) {
                    class.views.push(view);
                    let first = class.tasks.first_key_value().map(|(key, _)| *key);
                    self.views.move_head(&[view], at, None, first);
                }
            }
        }
        Some(view)
    }

    pub(super) fn pin(&mut self, view: ViewId, by: i32) {
        self.views.pin(view, by);
    }

    /// Exchanges the tasks of all classes; the answer is what they were, to be dropped elsewhere.
    pub(super) fn exchange(
        &mut self,
        mut tasks: HashMap<u32, BTreeMap<Key, u32>>,
    ) -> Vec<BTreeMap<Key, u32>> {
        let mut old = Vec::with_capacity(self.classes.len());
        self.views.clear_heads();
        for (at, class) in (0..).zip(&mut self.classes) {
            old.push(std::mem::replace(&mut class.tasks, tasks.remove(&at).unwrap_or_default()));
            let first = class.tasks.first_key_value().map(|(key, _)| *key);
            self.views.move_head(&class.views, at, None, first);
        }
        old
    }
}

/// The next task of a class while classes are merged.
struct Head<'a> {
    key: Key,
    slot: u32,
    class: usize,
    rest: std::collections::btree_map::Iter<'a, Key, u32>,
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.class).cmp(&(other.key, other.class))
    }
}
