//! Values through their layouts: forward step by step, never back, never over somebody else's.

use super::*;
use crate::{
    scheduler::Failure,
    state::{self, Unversioned},
    testing::FakeHost,
};

/// A number, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct One(u64);

/// The number and what it counts, with a comma between.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Two(u64, String);

/// What counts, then the number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Three(String, u64);

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|error| format!("`{text}`: {error}"))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| error.to_string())
}

fn halves(bytes: &[u8]) -> Result<(&str, &str), String> {
    text(bytes)?.split_once(',').ok_or_else(|| "there is no comma".to_owned())
}

impl Layout for One {
    const VERSION: u32 = 1;

    type Before = Unversioned;

    fn migrate(Unversioned(bytes): Unversioned) -> Result<Self, String> {
        Self::read(&bytes)
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        Ok(Self(number(text(bytes)?)?))
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.to_string().into_bytes())
    }
}

impl Layout for Two {
    const VERSION: u32 = 2;

    /// It was written with the next in mind.
    const READS: u32 = 3;

    type Before = One;

    fn migrate(One(count): One) -> Result<Self, String> {
        if count > 1_000_000 {
            return Err("so many were never there".to_owned());
        }
        Ok(Self(count, "task".to_owned()))
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let (one, other) = halves(bytes)?;
        match number(one) {
            Ok(count) => Ok(Self(count, other.to_owned())),
            Err(_) => Ok(Self(number(other)?, one.to_owned())),
        }
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        Ok(format!("{},{}", self.0, self.1).into_bytes())
    }
}

impl Layout for Three {
    const VERSION: u32 = 3;

    type Before = Two;

    fn migrate(Two(count, what): Two) -> Result<Self, String> {
        Ok(Self(what, count))
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let (what, count) = halves(bytes)?;
        Ok(Self(what.to_owned(), number(count)?))
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        Ok(format!("{},{}", self.0, self.1).into_bytes())
    }
}

const KEY: &str = "count";

/// A host that keeps a value.
fn keeping(value: &[u8]) {
    FakeHost::reset();
    FakeHost::set_state(KEY, Some(value), None).unwrap();
}

fn kept() -> (Vec<u8>, u64) {
    let entry = FakeHost::state(KEY).unwrap();
    (entry.value, entry.revision)
}

#[test]
fn a_value_of_any_older_layout_is_read_and_kept_in_the_newest() {
    for old in [&b"7"[..], b"\0layout 1\n7", b"\0layout 2\n7,task"] {
        keeping(old);
        let read = State::<Three>::read(KEY).unwrap();
        assert_eq!(read.value(), Some(&Three("task".to_owned(), 7)), "{old:?}");
        assert_eq!(kept(), (b"\0layout 3\ntask,7".to_vec(), 2), "{old:?}");
    }
}

#[test]
fn a_value_of_this_layout_is_not_written_when_it_is_read() {
    keeping(b"\0layout 3\ntask,7");
    State::<Three>::read(KEY).unwrap();
    assert_eq!(kept().1, 1);
}

#[test]
fn what_is_not_there_is_none_and_the_first_write_must_be_the_first() {
    FakeHost::reset();
    let (one, other) = (State::<One>::read(KEY).unwrap(), State::<One>::read(KEY).unwrap());
    assert_eq!(one.value(), None);
    one.set(&One(1)).unwrap();
    assert_eq!(kept().0, b"\0layout 1\n1");
    let refused = other.set(&One(2)).unwrap_err();
    assert_eq!(refused.to_string(), "state `count` was changed in between");
    assert!(matches!(Failure::from(refused), Failure::RetryAfter(retry) if retry.after_ms == 0));
    assert_eq!(kept().0, b"\0layout 1\n1");
}

#[test]
fn a_write_after_a_migration_meets_what_the_migration_wrote() {
    keeping(b"7");
    State::<Two>::read(KEY).unwrap().set(&Two(8, "task".to_owned())).unwrap();
    assert_eq!(kept(), (b"\0layout 2\n8,task".to_vec(), 3));
    State::<Two>::read(KEY).unwrap().remove().unwrap();
    assert_eq!(FakeHost::state(KEY), None);
}

#[test]
fn a_plugin_that_meets_a_newer_layout_says_so_and_is_asked_again() {
    keeping(b"\0layout 3\ntask,7");
    let refused = State::<One>::read(KEY).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "state `count` has layout 3, and this version of the plugin knows none after 1; hint: \
         activate the version that wrote it, or a later one"
    );
    assert!(matches!(Failure::from(refused), Failure::RetryAfter(_)));
    assert_eq!(kept(), (b"\0layout 3\ntask,7".to_vec(), 1), "and leaves it alone");
}

#[test]
fn a_plugin_that_reads_the_next_layout_can_be_rolled_back_to() {
    keeping(b"\0layout 3\ntask,7");
    let read = State::<Two>::read(KEY).unwrap();
    assert_eq!(read.value(), Some(&Two(7, "task".to_owned())));
    assert_eq!(kept().1, 1, "reading does not take it back");
    read.set(&Two(8, "task".to_owned())).unwrap();
    assert_eq!(kept().0, b"\0layout 2\n8,task");
    let forward = State::<Three>::read(KEY).unwrap();
    assert_eq!(forward.into_value(), Some(Three("task".to_owned(), 8)));
}

#[test]
fn what_cannot_be_read_or_carried_over_is_named_and_stays() {
    for (value, expected) in [
        (&b"many"[..], "cannot be taken from layout 0 to 1: `many`: invalid digit found in string"),
        (b"\0layout 1\nmany", "is not as its layout 1 says: `many`: invalid digit"),
        (b"\0layout 1\n1000001", "cannot be taken from layout 1 to 2: so many were never there"),
        (b"\0layout one\n1", "its version cannot be read"),
    ] {
        keeping(value);
        let refused = State::<Three>::read(KEY).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(matches!(Failure::from(refused), Failure::Reject(_)), "no waiting helps");
        assert_eq!(kept(), (value.to_vec(), 1));
    }
}

#[test]
fn what_is_too_large_is_refused_by_its_name() {
    FakeHost::reset();
    let large = Two(1, "x".repeat(BYTES_MAX));
    let refused = State::<Two>::read(KEY).unwrap().set(&large).unwrap_err().to_string();
    assert!(refused.starts_with("state `count` is too large: it has 65548 bytes"), "{refused}");
    assert_eq!(state::get(KEY).unwrap(), None);
}
