//! How values go into statements.
//!
//! A [`Script`] is one statement of several parts, so that they take one round trip. Rows go in by
//! column, as arrays, so the text of a part is the same for any number of rows and prepared once.

use std::borrow::Cow;

use hinny_core::store::StoreError;
use serde::Serialize;
use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, PgConnection, Postgres, Type,
    postgres::{PgArguments, PgRow},
};

use super::error::meaning;

/// `PostgreSQL` cannot hold the character zero, and plugins and workers may send it. This one is
/// no character of Unicode, and begins a pair that stands for one of the two.
const ESCAPE: char = '\u{10ffff}';

/// Text as it is stored.
pub(crate) fn stored(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, '1']),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// Text that was stored, as it was.
pub(crate) fn original(stored: String) -> String {
    if !stored.contains(ESCAPE) {
        return stored;
    }
    let mut text = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(character) = characters.next() {
        match character {
            ESCAPE => text.push(if characters.next() == Some('0') { '\0' } else { ESCAPE }),
            other => text.push(other),
        }
    }
    text
}

/// Values as a JSON document.
pub(crate) fn json(values: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|error| meaning(&sqlx::Error::Encode(error.into())))
}

/// How the parts of a statement are joined.
#[derive(Debug, Clone, Copy)]
enum Join {
    /// The rows of each, one after the other.
    Rows,
    /// Each writes; all see the database as it was before any of them.
    Writes,
}

/// A statement of several parts.
pub(crate) struct Script {
    join: Join,
    sql: String,
    parts: usize,
    arguments: PgArguments,
    failed: Option<sqlx::Error>,
}

impl Script {
    /// A statement that returns the rows of its parts; their columns have the same types.
    pub(crate) fn of_rows() -> Self {
        Self::new(Join::Rows)
    }

    /// A statement of which each part writes.
    pub(crate) fn of_writes() -> Self {
        Self::new(Join::Writes)
    }

    fn new(join: Join) -> Self {
        Self { join, sql: String::new(), parts: 0, arguments: PgArguments::default(), failed: None }
    }

    /// Adds a part. Each `?` in it is the next value that is bound.
    pub(crate) fn part(&mut self, sql: &'static str) -> &mut Self {
        let mut next = self.arguments.len();
        let before = match (self.join, self.parts) {
            (Join::Rows, 0) => String::new(),
            (Join::Rows, _) => "\nUNION ALL\n".to_owned(),
            (Join::Writes, 0) => "WITH p0 AS (".to_owned(),
            (Join::Writes, part) => format!("),\np{part} AS ("),
        };
        self.sql.push_str(&before);
        for (at, piece) in sql.split('?').enumerate() {
            if at > 0 {
                next += 1;
                self.sql.push('$');
                self.sql.push_str(&next.to_string());
            }
            self.sql.push_str(piece);
        }
        self.parts += 1;
        self
    }

    /// Whether it has no parts yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// Binds the next value.
    pub(crate) fn bind<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres> + 't,
    {
        if let Err(error) = self.arguments.add(value) {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Runs the statement; without parts nothing happens.
    pub(crate) async fn run(
        mut self,
        connection: &mut PgConnection,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.is_empty() {
            return Ok(Vec::new());
        }
        if matches!(self.join, Join::Writes) {
            self.sql.push_str(")\nSELECT 1");
        }
        // The text is made of this crate's constants; values are bound.
        sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).fetch_all(connection).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_reads_back() {
        for text in ["", "plain", "\0", "a\0\u{10ffff}0\u{10ffff}1", "\u{10ffff}"] {
            let stored = stored(text).into_owned();
            assert!(!stored.contains('\0'), "{stored:?}");
            assert_eq!(original(stored), text);
        }
    }

    #[test]
    fn the_values_of_all_parts_are_numbered_through() {
        let mut script = Script::of_writes();
        script.part("A ? ?").bind(1_i64).bind(2_i64);
        script.part("B ?").bind(3_i64);
        assert_eq!(script.sql, "WITH p0 AS (A $1 $2),\np1 AS (B $3");
    }
}
