//! How values go into statements.
//!
//! Many rows go in as one JSON document, an array of arrays, which the statement takes apart with
//! `jsonb_each`: the text of the statement is the same for any number of rows, so it is prepared
//! once. Ids and bytes are hex in it.

use hinny_core::store::StoreError;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::error::meaning;

/// Bytes as hex, for `unhex`.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len() * 2);
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0xf] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        serializer.serialize_str(&text)
    }
}

/// An id as hex, for `unhex`.
pub(crate) struct HexId(pub(crate) Uuid);

impl Serialize for HexId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.simple().encode_lower(&mut buffer))
    }
}

/// Values as a JSON document.
pub(crate) fn json(values: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|error| meaning(&sqlx::Error::Encode(error.into())))
}
