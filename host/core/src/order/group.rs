//! Tasks that are handed out together.

use std::{collections::BTreeSet, sync::Arc};

use hashbrown::HashMap;
use serde_json::Value;

/// The name of a group: the text at a place in the data.
pub type GroupName = Arc<str>;

/// The group of a task, given the JSON pointer that makes groups. No text, no group.
pub fn group_name(place: Option<&str>, data: &Value) -> Option<GroupName> {
    match data.pointer(place?)? {
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        _ => None,
    }
}

/// All groups of an order. Slots without a group cost nothing.
#[derive(Debug, Default)]
pub(super) struct Groups {
    of: HashMap<u32, GroupName>,
    members: HashMap<GroupName, BTreeSet<u32>>,
}

impl Groups {
    pub(super) fn join(&mut self, slot: u32, name: &GroupName) {
        self.of.insert(slot, Arc::clone(name));
        self.members.entry(Arc::clone(name)).or_default().insert(slot);
    }

    pub(super) fn leave(&mut self, slot: u32) {
        let Some(name) = self.of.remove(&slot) else { return };
        let Some(members) = self.members.get_mut(&name) else { return };
        members.remove(&slot);
        if members.is_empty() {
            self.members.remove(&name);
        }
    }

    /// The slots of the group of a slot, itself included; `None`: it has no group.
    pub(super) fn of(&self, slot: u32) -> Option<&BTreeSet<u32>> {
        self.members.get(self.of.get(&slot)?)
    }
}
