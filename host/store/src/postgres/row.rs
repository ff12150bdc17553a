//! From rows to values.

use std::array::TryFromSliceError;

use hinny_core::{
    PluginDigest, Priority, TaskStatus, Timestamp, store::StoreError, task::RankedBy,
};
use serde::de::{DeserializeOwned, value::StrDeserializer};
use serde_json::value::RawValue;
use sqlx::{Decode, Postgres, Row as _, Type, postgres::PgRow};
use uuid::Uuid;

use super::{error::meaning, sql::original};

/// Reads the values of a row in the order of its columns.
pub(crate) struct Columns<'r> {
    row: &'r PgRow,
    /// What the rows are, for errors.
    what: &'static str,
    at: usize,
}

impl<'r> Columns<'r> {
    /// Starts at the first column.
    pub(crate) fn of(row: &'r PgRow, what: &'static str) -> Self {
        Self { row, what, at: 0 }
    }

    /// The next value, as it is.
    pub(crate) fn next<T: Decode<'r, Postgres> + Type<Postgres>>(
        &mut self,
    ) -> Result<T, StoreError> {
        let value = self.row.try_get(self.at).map_err(|error| meaning(&error))?;
        self.at += 1;
        Ok(value)
    }

    /// Passes over some columns.
    pub(crate) fn skip(&mut self, columns: usize) {
        self.at += columns;
    }

    /// The next value, as something that text is read as.
    pub(crate) fn parse<T>(&mut self) -> Result<T, StoreError>
    where
        T: TryFrom<String>,
        T::Error: std::fmt::Display,
    {
        let text: String = self.next()?;
        T::try_from(text).map_err(|error| self.corrupt(&error))
    }

    /// The next value, as text that anybody wrote.
    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.next().map(original)
    }

    /// The next value, as text that anybody wrote, if there is any.
    pub(crate) fn text_if_any(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.next::<Option<String>>()?.map(original))
    }

    /// The next value, as something that text is read as, if there is any.
    pub(crate) fn parse_if_any<T>(&mut self) -> Result<Option<T>, StoreError>
    where
        T: TryFrom<String>,
        T::Error: std::fmt::Display,
    {
        let text: Option<String> = self.next()?;
        text.map(T::try_from).transpose().map_err(|error| self.corrupt(&error))
    }

    /// The next value, as an id.
    pub(crate) fn id(&mut self) -> Result<Uuid, StoreError> {
        self.next()
    }

    /// The next value, as an id if there is one.
    pub(crate) fn id_if_any(&mut self) -> Result<Option<Uuid>, StoreError> {
        self.next()
    }

    /// The next value, as a digest.
    pub(crate) fn digest(&mut self) -> Result<PluginDigest, StoreError> {
        let bytes: &[u8] = self.next()?;
        bytes.try_into().map(PluginDigest).map_err(|error| self.corrupt(&error))
    }

    /// The next value, as a signature.
    pub(crate) fn signature(&mut self) -> Result<[u8; 64], StoreError> {
        let bytes: &[u8] = self.next()?;
        bytes.try_into().map_err(|error: TryFromSliceError| self.corrupt(&error))
    }

    /// The next value, as a moment.
    pub(crate) fn moment(&mut self) -> Result<Timestamp, StoreError> {
        self.next().map(Timestamp::from_micros)
    }

    /// The next value, as a moment if there is one.
    pub(crate) fn moment_if_any(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.next::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    /// The next value, as a priority.
    pub(crate) fn priority(&mut self) -> Result<Priority, StoreError> {
        self.next().map(Priority)
    }

    /// The next value, as who ranked.
    pub(crate) fn ranked_by(&mut self) -> Result<RankedBy, StoreError> {
        self.next().map(RankedBy::from_code)
    }

    /// The next value, as a status.
    pub(crate) fn status(&mut self) -> Result<TaskStatus, StoreError> {
        let code: i16 = self.next()?;
        TaskStatus::from_code(code).ok_or_else(|| self.corrupt(&format!("{code} is not a status")))
    }

    /// The next value, as one of the words of a type.
    pub(crate) fn word<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let word: &str = self.next()?;
        T::deserialize(StrDeserializer::<serde::de::value::Error>::new(word))
            .map_err(|error| self.corrupt(&error))
    }

    /// The next value, as one of the words of a type, if there is one.
    pub(crate) fn word_if_any<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(word) = self.next::<Option<&str>>()? else { return Ok(None) };
        T::deserialize(StrDeserializer::<serde::de::value::Error>::new(word))
            .map(Some)
            .map_err(|error| self.corrupt(&error))
    }

    /// The next value, as a count.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let number: i64 = self.next()?;
        T::try_from(number).map_err(|_| self.corrupt(&format!("{number} is out of range")))
    }

    /// The next value, as a JSON document, kept as it is.
    pub(crate) fn json(&mut self) -> Result<Box<RawValue>, StoreError> {
        RawValue::from_string(self.next()?).map_err(|error| self.corrupt(&error))
    }

    /// The next value, as what a JSON document says.
    pub(crate) fn document<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: &str = self.next()?;
        serde_json::from_str(text).map_err(|error| self.corrupt(&error))
    }

    fn corrupt(&self, why: &impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt { what: self.what.to_owned(), why: why.to_string() }
    }
}
