//! Checks of places in documents.
//!
//! Comparison follows the type of the value that was sent: text with text (numbers and flags count
//! as their JSON text), numbers with numbers, flags with flags. A document that `jsonb` cannot
//! hold is no match.

use std::slice;

use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};

use super::push_check;
use crate::{
    filter::{Check, Comparison, Operand},
    postgres::sql::stored,
};

/// A text that is shorter than so many characters is another than every text that begins
/// otherwise, or goes on. An index over whole texts would refuse long ones, and the push with them.
pub(crate) const TEXT_MAX: usize = 200;

/// Appends a check of the value at a place.
pub(super) fn place_check(
    sql: &mut QueryBuilder<Postgres>,
    column: &str,
    path: &[String],
    check: &Check,
) {
    let is_null = matches!(check, Check::IsNull);
    if is_null {
        sql.push("CASE WHEN hinny_document(").push(column).push(") IS NOT NULL THEN ");
    }
    push_check(sql, check, |sql| value_at(sql, column, path, check));
    if is_null {
        sql.push(" END");
    }
}

/// Appends whether the whole document is `null`.
pub(super) fn whole_is_null(sql: &mut QueryBuilder<Postgres>, column: &str) {
    sql.push("jsonb_typeof(hinny_document(").push(column).push(")) = 'null'");
}

/// Appends whether the document at a place is the same as one: the order of fields does not matter.
pub(super) fn equals(
    sql: &mut QueryBuilder<Postgres>,
    column: &str,
    path: &[String],
    document: &Value,
) {
    place(sql, column, path);
    sql.push(" = ");
    bind_document(sql, document);
}

/// Appends whether the document at a place contains one: all its fields, all its items.
pub(super) fn contains(
    sql: &mut QueryBuilder<Postgres>,
    column: &str,
    path: &[String],
    document: &Value,
) {
    place(sql, column, path);
    sql.push(" @> ");
    bind_document(sql, document);
}

/// Appends whether the document at a place is contained in one.
pub(super) fn contained_in(
    sql: &mut QueryBuilder<Postgres>,
    column: &str,
    path: &[String],
    document: &Value,
) {
    place(sql, column, path);
    sql.push(" <@ ");
    bind_document(sql, document);
}

/// A document that the database cannot hold is none.
fn bind_document(sql: &mut QueryBuilder<Postgres>, document: &Value) {
    sql.push("hinny_document(").push_bind(document.to_string()).push(")");
}

/// Appends the value at a place, as what the check compares.
fn value_at(sql: &mut QueryBuilder<Postgres>, column: &str, path: &[String], check: &Check) {
    let operand = match check {
        Check::Compare(_, operand) => Some(operand),
        Check::OneOf(operands) => operands.first(),
        _ => None,
    };
    match operand {
        Some(Operand::Integer(_) | Operand::Float(_)) => {
            typed(sql, column, path, "number", "numeric");
        }
        Some(Operand::Flag(_)) => typed(sql, column, path, "boolean", "boolean"),
        _ => text_at(sql, column, path, is_short(check)),
    }
}

/// Appends the value at a place as text; if it is compared with short texts, its beginning will do,
/// and is what there is an index over if there is one: see [`crate::postgres::place`].
fn text_at(sql: &mut QueryBuilder<Postgres>, column: &str, path: &[String], short: bool) {
    sql.push(if short { "left(((" } else { "((" });
    place(sql, column, path);
    sql.push(" #>> '{}') COLLATE \"C\")");
    if short {
        sql.push(", ").push(TEXT_MAX.to_string()).push(")");
    }
}

/// Whether a check asks if a value is one of some short texts.
fn is_short(check: &Check) -> bool {
    let operands = match check {
        Check::Compare(Comparison::Eq, operand) => slice::from_ref(operand),
        Check::OneOf(operands) => operands,
        _ => return false,
    };
    let is_short = |operand: &Operand| match operand {
        Operand::Text(text) => stored(text).chars().count() < TEXT_MAX,
        _ => false,
    };
    operands.iter().all(is_short)
}

/// Appends the value at a place if it is of a type.
fn typed(sql: &mut QueryBuilder<Postgres>, column: &str, path: &[String], kind: &str, cast: &str) {
    sql.push("CASE WHEN jsonb_typeof(");
    place(sql, column, path);
    sql.push(") = '").push(kind).push("' THEN ");
    place(sql, column, path);
    sql.push("::").push(cast).push(" END");
}

/// Whether a segment of a path is a position in a list, or the name of a field: digits. Whatever
/// else the database takes for a position (`-1`) is a name.
pub(crate) fn is_position(segment: &str) -> bool {
    !segment.is_empty() && segment.len() <= 9 && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Appends the document at a place.
fn place(sql: &mut QueryBuilder<Postgres>, column: &str, path: &[String]) {
    sql.push("(hinny_document(").push(column).push(")");
    for segment in path {
        if is_position(segment) {
            sql.push(" #> ARRAY[").push_bind(segment.clone()).push("::text]");
        } else {
            sql.push(" -> ").push_bind(stored(segment).into_owned()).push("::text");
        }
    }
    sql.push(")");
}
