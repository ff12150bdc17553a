//! A value of the plugin's state whose layout has a version.

use super::{Layout, LayoutError, StateError, layout};

/// Longest value that a host keeps, in bytes; part of the contract.
const BYTES_MAX: usize = 65_536;

/// A value of the plugin's state, in the layout that this version of the plugin works with.
///
/// What an older version of the plugin wrote is taken through the steps from its layout to this one
/// when it is read, and is kept in the new layout from then on; a value without a version has
/// layout 0. Whatever is written must meet what was read: when somebody else was quicker, the host
/// has the trigger handled again.
///
/// ```
/// use hinny_plugin::{json_layout, scheduler::Failure, state::{Layout, State, Unversioned}};
/// use serde::{Deserialize, Serialize};
///
/// /// What the first version of the plugin kept: how many there were.
/// #[derive(Serialize, Deserialize)]
/// struct Count(u64);
///
/// impl Layout for Count {
///     const VERSION: u32 = 1;
///     type Before = Unversioned;
///     json_layout!();
///
///     fn migrate(before: Unversioned) -> Result<Self, String> {
///         before.json()
///     }
/// }
///
/// /// What it keeps now: also which was the last.
/// #[derive(Serialize, Deserialize)]
/// struct Seen {
///     count: u64,
///     last: Option<String>,
/// }
///
/// impl Layout for Seen {
///     const VERSION: u32 = 2;
///     type Before = Count;
///     json_layout!();
///
///     fn migrate(Count(count): Count) -> Result<Self, String> {
///         Ok(Self { count, last: None })
///     }
/// }
///
/// fn see(host: &str) -> Result<u64, Failure> {
///     let seen = State::<Seen>::read("seen")?;
///     let count = 1 + seen.value().map_or(0, |seen| seen.count);
///     seen.set(&Seen { count, last: Some(host.to_owned()) })?;
///     Ok(count)
/// }
///
/// # use hinny_plugin::testing::FakeHost;
/// // A plugin without layouts wrote this.
/// FakeHost::set_state("seen", Some(b"41"), None).unwrap();
/// assert_eq!(see("a.example"), Ok(42));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<T> {
    key: String,
    value: Option<T>,
    revision: u64,
}

impl<T: Layout> State<T> {
    /// Reads a value. One of an older layout is written back at once, where that can be done: while
    /// a trigger is handled, and within the number of values that a call may write. Otherwise it
    /// stays as it is, and is taken through the same steps when it is read again.
    pub fn read(key: &str) -> Result<Self, LayoutError> {
        const { assert!(T::VERSION > 0, "layout 0 is for what was written without a version") }
        let failed = |why| LayoutError::State { key: key.to_owned(), why };
        let Some(entry) = super::get(key).map_err(failed)? else {
            return Ok(Self { key: key.to_owned(), value: None, revision: 0 });
        };
        let Some((version, bytes)) = layout::unsealed(&entry.value) else {
            let why = "its version cannot be read".to_owned();
            return Err(LayoutError::Broken { key: key.to_owned(), layout: T::VERSION, why });
        };
        let value = layout::migrated(key, version, bytes)?;
        let mut read = Self { key: key.to_owned(), value: Some(value), revision: entry.revision };
        if version < T::VERSION {
            read.write_back()?;
        }
        Ok(read)
    }

    /// The value; none when nothing is kept under the key.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, taken out; none when nothing is kept under the key.
    pub fn into_value(self) -> Option<T> {
        self.value
    }

    /// Keeps another value in its place. Read again to write once more.
    pub fn set(self, value: &T) -> Result<(), LayoutError> {
        let bytes = self.sealed(value)?;
        self.write(Some(&bytes)).map_err(|why| self.failed(why))
    }

    /// Keeps nothing under the key any more.
    pub fn remove(self) -> Result<(), LayoutError> {
        self.write(None).map_err(|why| self.failed(why))
    }

    /// Keeps the value in this layout. What the host may refuse for reasons that have nothing to do
    /// with the value can wait.
    fn write_back(&mut self) -> Result<(), LayoutError> {
        let Some(value) = &self.value else { return Ok(()) };
        let bytes = self.sealed(value)?;
        match self.write(Some(&bytes)) {
            Ok(()) => {
                // How revisions grow is the host's business.
                let kept = super::get(&self.key).map_err(|why| self.failed(why))?;
                self.revision = kept.map_or(0, |entry| entry.revision);
                Ok(())
            }
            Err(StateError::TooLarge(_) | StateError::Other(_)) => Ok(()),
            Err(why) => Err(self.failed(why)),
        }
    }

    fn sealed(&self, value: &T) -> Result<Vec<u8>, LayoutError> {
        let key = || self.key.clone();
        let bytes = layout::sealed(value).map_err(|why| LayoutError::Broken {
            key: key(),
            layout: T::VERSION,
            why,
        })?;
        if bytes.len() > BYTES_MAX {
            let why = format!("it has {} bytes, at most {BYTES_MAX} are allowed", bytes.len());
            return Err(LayoutError::State { key: key(), why: StateError::TooLarge(why) });
        }
        Ok(bytes)
    }

    fn write(&self, bytes: Option<&[u8]>) -> Result<(), StateError> {
        super::set_expecting(&self.key, bytes, self.revision)
    }

    fn failed(&self, why: StateError) -> LayoutError {
        LayoutError::State { key: self.key.clone(), why }
    }
}

#[cfg(test)]
mod tests;
