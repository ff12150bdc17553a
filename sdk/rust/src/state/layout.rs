//! The layout of what is kept: its version, its place in a chain of steps, and its bytes.

use super::LayoutError;

/// Stands before the version of a layout, at the start of a value. No text begins with a zero, and
/// so no JSON: a value that a plugin wrote without all this is never taken for one with a version.
const MARK: &[u8] = b"\0layout ";

/// Ends the version.
const END: u8 = b'\n';

/// One layout of a value in the plugin's state, and the step from the layout before.
///
/// Each layout is a type of its own, and stays in the plugin for as long as values of it may be
/// around: they are taken through the steps when they are read. See [`State`](super::State).
pub trait Layout: Sized {
    /// Its number: one more than that of [`Before`](Self::Before), so 1 for the first.
    const VERSION: u32;

    /// The newest layout that [`read`](Self::read) understands: this one, unless it was written with
    /// the next in mind. A plugin that reads the next layout already, and does not write it yet, is
    /// one that can be rolled back to.
    const READS: u32 = Self::VERSION;

    /// The layout before it; [`Unversioned`] before the first.
    type Before: Layout;

    /// The step from the layout before. An error says what cannot be carried over; the value stays
    /// as it is.
    fn migrate(before: Self::Before) -> Result<Self, String>;

    /// From bytes of this layout, and of later ones as far as [`READS`](Self::READS).
    fn read(bytes: &[u8]) -> Result<Self, String>;

    /// To bytes of this layout.
    fn write(&self) -> Result<Vec<u8>, String>;
}

/// What was written without a version: layout 0, where every chain begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unversioned(pub Vec<u8>);

impl Layout for Unversioned {
    const VERSION: u32 = 0;

    type Before = Self;

    fn migrate(before: Self) -> Result<Self, String> {
        Ok(before)
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        Ok(Self(bytes.to_vec()))
    }

    fn write(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }
}

#[cfg(feature = "json")]
impl Unversioned {
    /// The value as JSON, typed.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        from_json(&self.0)
    }
}

/// Bytes with the version of their layout before them.
pub(super) fn sealed<T: Layout>(value: &T) -> Result<Vec<u8>, String> {
    let mut bytes = MARK.to_vec();
    bytes.extend_from_slice(T::VERSION.to_string().as_bytes());
    bytes.push(END);
    bytes.extend(value.write()?);
    Ok(bytes)
}

/// Which layout a value has, and its bytes without that. None: the version cannot be read.
pub(super) fn unsealed(value: &[u8]) -> Option<(u32, &[u8])> {
    let Some(rest) = value.strip_prefix(MARK) else { return Some((0, value)) };
    let end = rest.iter().position(|byte| *byte == END)?;
    let version = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    Some((version, rest.get(end + 1..)?))
}

/// The value of a key, from the layout that it has to the one that is wanted.
pub(super) fn migrated<T: Layout>(key: &str, version: u32, bytes: &[u8]) -> Result<T, LayoutError> {
    const {
        assert!(
            T::VERSION == 0 || T::VERSION == T::Before::VERSION + 1,
            "a layout's `VERSION` is one more than that of its `Before`"
        );
        assert!(T::READS >= T::VERSION, "a layout reads itself: `READS` is at least `VERSION`");
    }
    let broken = |layout| move |why| LayoutError::Broken { key: key.to_owned(), layout, why };
    if (T::VERSION..=T::READS).contains(&version) {
        return T::read(bytes).map_err(broken(version));
    }
    if version > T::VERSION {
        return Err(LayoutError::Newer { key: key.to_owned(), found: version, known: T::READS });
    }
    let before = migrated::<T::Before>(key, version, bytes)?;
    T::migrate(before).map_err(|why| LayoutError::Step {
        key: key.to_owned(),
        from: T::Before::VERSION,
        to: T::VERSION,
        why,
    })
}

/// A layout's `read`, from JSON.
#[cfg(feature = "json")]
#[doc(hidden)]
pub fn from_json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// A layout's `write`, to JSON.
#[cfg(feature = "json")]
#[doc(hidden)]
pub fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

/// `read` and `write` of a [`Layout`](crate::state::Layout) that is kept as JSON, through serde.
/// Needs the feature `json`.
#[cfg(feature = "json")]
#[macro_export]
macro_rules! json_layout {
    () => {
        fn read(bytes: &[u8]) -> ::std::result::Result<Self, ::std::string::String> {
            $crate::state::from_json(bytes)
        }

        fn write(&self) -> ::std::result::Result<::std::vec::Vec<u8>, ::std::string::String> {
            $crate::state::to_json(self)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_says_its_layout_and_one_that_says_none_has_layout_zero() {
        assert_eq!(unsealed(b"\0layout 12\n{}"), Some((12, &b"{}"[..])));
        assert_eq!(unsealed(b"\0layout 3\n"), Some((3, &b""[..])));
        for plain in [&b""[..], b"{\"layout\": 3}", b"layout 3\n", b"\0", b"\0layout"] {
            assert_eq!(unsealed(plain), Some((0, plain)));
        }
        for broken in [&b"\0layout 3"[..], b"\0layout \n{}", b"\0layout -1\n{}", b"\0layout x\n"] {
            assert_eq!(unsealed(broken), None, "{broken:?}");
        }
    }
}
