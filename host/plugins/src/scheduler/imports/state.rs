//! Small values of a plugin: read from the database, written with the trigger's commands.

use std::collections::BTreeMap;

use hinny_core::{command::StateWrite, store::StoreError};

use super::Guest;
use crate::{
    bindings::scheduler::hinny::plugin::state::{Entry, Host, StateError},
    text,
};

/// Longest key, in bytes; part of the contract in `wit/state.wit`, like the two below.
const KEY_BYTES: usize = 256;
/// Longest value, in bytes.
const VALUE_BYTES: usize = 65_536;
/// Most values written in one call.
const WRITES: usize = 64;
/// Most values read in one call, so that what the host keeps of them is bounded.
const READS: usize = 1_024;

/// What a call has seen and written.
#[derive(Debug, Default)]
pub(super) struct StateBuffer {
    writable: bool,
    seen: BTreeMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    value: Option<Vec<u8>>,
    /// Of the value now; 0 when there is none.
    revision: u64,
    /// Set once it is written: the revision that the database must have.
    written: Option<Expected>,
}

#[derive(Debug, Clone, Copy)]
struct Expected(Option<u64>);

impl StateBuffer {
    pub(super) fn new(writable: bool) -> Self {
        Self { writable, seen: BTreeMap::new() }
    }

    pub(super) fn take_writes(&mut self) -> Vec<StateWrite> {
        let seen = std::mem::take(&mut self.seen);
        let writes = seen.into_iter().filter_map(|(key, seen)| {
            let Expected(expected) = seen.written?;
            Some(StateWrite { key, value: seen.value, expected })
        });
        writes.collect()
    }

    fn written(&self) -> usize {
        self.seen.values().filter(|seen| seen.written.is_some()).count()
    }

    fn write(
        &mut self,
        key: &str,
        value: Option<Vec<u8>>,
        expected: Option<u64>,
    ) -> Result<(), StateError> {
        let full = self.written() >= WRITES;
        let Some(seen) = self.seen.get_mut(key) else {
            return Err(StateError::Other("the value was not read".to_owned()));
        };
        if expected.is_some_and(|expected| expected != seen.revision) {
            return Err(StateError::Conflict);
        }
        if full && seen.written.is_none() {
            return Err(too_large(format!("more than {WRITES} values are written in one call")));
        }
        // The first write says what the database must have; later ones build on it.
        seen.written.get_or_insert(Expected(expected));
        seen.revision = if value.is_some() { seen.revision.saturating_add(1) } else { 0 };
        seen.value = value;
        Ok(())
    }
}

impl Guest {
    /// Looks a value up, once per call.
    async fn look_up(&mut self, key: &str) -> Result<(), StateError> {
        if key.len() > KEY_BYTES {
            let why = format!("the key has {} bytes, at most {KEY_BYTES} are allowed", key.len());
            return Err(too_large(why));
        }
        if self.state.seen.contains_key(key) {
            return Ok(());
        }
        if self.state.seen.len() >= READS {
            return Err(too_large(format!("more than {READS} values are read in one call")));
        }
        let Some(services) = &self.services else {
            return Err(StateError::Unavailable("the plugin is being verified".to_owned()));
        };
        let found =
            services.store.state(&services.slot, key).await.map_err(|error| unavailable(&error))?;
        let (value, revision) = found.map_or((None, 0), |(value, at)| (Some(value), at));
        self.state.seen.insert(key.to_owned(), Seen { value, revision, written: None });
        Ok(())
    }
}

impl Host for Guest {
    async fn get(&mut self, key: String) -> Result<Option<Entry>, StateError> {
        self.look_up(&key).await?;
        let seen = self.state.seen.get(&key);
        Ok(seen
            .and_then(|seen| Some(Entry { value: seen.value.clone()?, revision: seen.revision })))
    }

    async fn set(
        &mut self,
        key: String,
        value: Option<Vec<u8>>,
        expected: Option<u64>,
    ) -> Result<(), StateError> {
        if !self.state.writable {
            let why = "values are written only while a trigger is handled";
            return Err(StateError::Other(why.to_owned()));
        }
        let bytes = value.as_ref().map_or(0, Vec::len);
        if bytes > VALUE_BYTES {
            let why = format!("the value has {bytes} bytes, at most {VALUE_BYTES} are allowed");
            return Err(too_large(why));
        }
        self.look_up(&key).await?;
        self.state.write(&key, value, expected)
    }
}

fn too_large(why: String) -> StateError {
    StateError::TooLarge(why)
}

fn unavailable(error: &StoreError) -> StateError {
    StateError::Unavailable(text::shown(&error.to_string(), 500))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(revision: u64) -> StateBuffer {
        let mut buffer = StateBuffer::new(true);
        let value = (revision > 0).then(|| b"old".to_vec());
        buffer.seen.insert("k".to_owned(), Seen { value, revision, written: None });
        buffer
    }

    fn set(buffer: &mut StateBuffer, value: &[u8], expected: Option<u64>) -> bool {
        buffer.write("k", Some(value.to_vec()), expected).is_ok()
    }

    #[test]
    fn the_first_write_says_what_the_database_must_have() {
        let mut buffer = buffer(7);
        assert!(!set(&mut buffer, b"x", Some(6)), "it is at revision 7");
        assert!(set(&mut buffer, b"a", Some(7)));
        assert!(set(&mut buffer, b"b", Some(8)), "a write is seen by the next one");
        let expected =
            StateWrite { key: "k".to_owned(), value: Some(b"b".to_vec()), expected: Some(7) };
        assert_eq!(buffer.take_writes(), [expected]);
    }

    #[test]
    fn a_value_that_is_not_there_has_revision_zero() {
        let mut buffer = buffer(0);
        assert!(!set(&mut buffer, b"a", Some(1)));
        assert!(set(&mut buffer, b"a", Some(0)));
        assert!(buffer.write("k", None, Some(1)).is_ok(), "deleted again");
        assert!(set(&mut buffer, b"b", Some(0)));
        assert_eq!(buffer.take_writes()[0].expected, Some(0));
    }

    #[test]
    fn what_was_only_read_is_not_written() {
        assert!(buffer(3).take_writes().is_empty());
    }

    #[test]
    fn a_call_writes_no_more_than_the_contract_says() {
        let mut buffer = StateBuffer::new(true);
        for nth in 0..=WRITES {
            let key = format!("{nth:03}");
            buffer.seen.insert(key, Seen { value: None, revision: 0, written: None });
        }
        for nth in 0..WRITES {
            buffer.write(&format!("{nth:03}"), Some(Vec::new()), None).unwrap();
        }
        let refused = buffer.write(&format!("{WRITES:03}"), Some(Vec::new()), None).unwrap_err();
        assert!(matches!(refused, StateError::TooLarge(_)));
        assert!(buffer.write("000", None, None).is_ok(), "one that is written already");
    }
}
