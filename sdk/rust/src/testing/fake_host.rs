//! The host that a scheduler plugin sees in a native test.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
};

use self::{messages::Outbox, schedules::Schedules, services::Services};
use crate::{
    log::Level,
    scheduler::{Admitted, Rejection},
    state::{Entry, StateError},
    tasks::{QueryError, Task},
};

mod messages;
mod schedules;
mod services;

/// The host that a scheduler plugin sees in a native test; one per thread, so one per test.
#[derive(Debug, Clone, Copy)]
pub struct FakeHost;

type Finder = Box<dyn Fn(&str, u32) -> Result<Vec<Task>, QueryError>>;

#[derive(Default)]
struct World {
    lines: Vec<(Level, String)>,
    state: BTreeMap<String, Entry>,
    revision: u64,
    newest: HashMap<String, Task>,
    finder: Option<Finder>,
    call: Option<Call>,
    services: Services,
    outbox: Outbox,
    schedules: Schedules,
}

/// The call that the plugin is in, when a test makes it through the harness.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    /// `admit`.
    Admit,
    /// `handle` of a plugin that wants the messages of some sources.
    Handle { sources: Vec<String> },
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

impl FakeHost {
    /// Forgets everything.
    pub fn reset() {
        WORLD.take();
    }

    /// The lines that the plugin wrote so far.
    pub fn lines() -> Vec<(Level, String)> {
        WORLD.with_borrow(|world| world.lines.clone())
    }

    /// A value of the plugin's state.
    pub fn state(key: &str) -> Option<Entry> {
        WORLD.with_borrow(|world| world.state.get(key).cloned())
    }

    /// Writes a value, as the plugin would.
    pub fn set_state(
        key: &str,
        value: Option<&[u8]>,
        expected: Option<u64>,
    ) -> Result<(), StateError> {
        WORLD.with_borrow_mut(|world| world.set_state(key, value, expected))
    }

    /// Adds a task that the plugin finds as the newest of its hash.
    pub fn add_task(task: Task) {
        WORLD.with_borrow_mut(|world| world.newest.insert(task.hash.clone(), task));
    }

    /// Answers the plugin's questions with filters.
    pub fn answer_find(finder: impl Fn(&str, u32) -> Result<Vec<Task>, QueryError> + 'static) {
        WORLD.with_borrow_mut(|world| world.finder = Some(Box::new(finder)));
    }

    /// Has a trigger handled, as the host does; what a failed call sent is dropped.
    pub(crate) fn handle<T, E>(
        sources: Vec<String>,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let sent = WORLD.with_borrow_mut(|world| {
            world.begin(Call::Handle { sources });
            world.outbox.begin_call()
        });
        let made = make();
        WORLD.with_borrow_mut(|world| {
            world.call = None;
            if made.is_err() {
                world.outbox.forget_since(sent);
            }
        });
        made
    }

    /// Has drafts admitted, as the host does; plans for tasks that are not taken are dropped.
    pub(crate) fn admit(
        make: impl FnOnce() -> Vec<Result<Admitted, Rejection>>,
    ) -> Vec<Result<Admitted, Rejection>> {
        let planned = WORLD.with_borrow_mut(|world| {
            world.begin(Call::Admit);
            world.schedules.planned()
        });
        let answers = make();
        let taken: HashSet<&str> = answers.iter().flatten().map(|task| &*task.id).collect();
        WORLD.with_borrow_mut(|world| {
            world.call = None;
            world.schedules.keep_since(planned, &taken);
        });
        answers
    }

    pub(crate) fn log(level: Level, message: &str) {
        WORLD.with_borrow_mut(|world| world.lines.push((level, message.to_owned())));
    }

    pub(crate) fn newest_of(hashes: &[String]) -> Vec<Option<Task>> {
        WORLD.with_borrow(|world| {
            hashes.iter().map(|hash| world.newest.get(hash).cloned()).collect()
        })
    }

    pub(crate) fn find(filter: &str, limit: u32) -> Result<Vec<Task>, QueryError> {
        WORLD.with_borrow(|world| match &world.finder {
            Some(finder) => finder(filter, limit),
            None => Err(QueryError::Unavailable(
                "the test says nothing; hint: `FakeHost::answer_find`".to_owned(),
            )),
        })
    }
}

impl World {
    fn begin(&mut self, call: Call) {
        self.call = Some(call);
        self.services.begin_call();
    }

    fn set_state(
        &mut self,
        key: &str,
        value: Option<&[u8]>,
        expected: Option<u64>,
    ) -> Result<(), StateError> {
        const KEY_BYTES_MAX: usize = 256;
        const VALUE_BYTES_MAX: usize = 65_536;
        if key.len() > KEY_BYTES_MAX {
            return Err(StateError::TooLarge(format!("the key has {} bytes", key.len())));
        }
        if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(StateError::TooLarge(format!("the value of `{key}`")));
        }
        let revision = self.state.get(key).map_or(0, |entry| entry.revision);
        if expected.is_some_and(|expected| expected != revision) {
            return Err(StateError::Conflict);
        }
        self.revision += 1;
        match value {
            Some(value) => {
                let entry = Entry { value: value.to_vec(), revision: self.revision };
                self.state.insert(key.to_owned(), entry);
            }
            None => {
                self.state.remove(key);
            }
        }
        Ok(())
    }
}
