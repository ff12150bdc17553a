//! Checks of places in documents.
//!
//! Comparison follows the type of the value that was sent: text with text (numbers and flags count
//! as their JSON text), numbers with numbers, flags with flags.

use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use super::push_check;
use crate::filter::{Check, Operand};

/// Appends a check of the value at a place.
pub(super) fn place_check(
    sql: &mut QueryBuilder<Sqlite>,
    column: &str,
    path: &[String],
    check: &Check,
) {
    let places = places(path);
    push_check(sql, check, |sql| {
        for (at, place) in places.iter().enumerate() {
            sql.push(if at == 0 { "coalesce(" } else { ", " });
            value_at(sql, column, place, check);
        }
        // `coalesce` takes two at least.
        sql.push(", NULL)");
    });
}

/// Appends whether the whole document is `null`.
pub(super) fn whole_is_null(sql: &mut QueryBuilder<Sqlite>, column: &str) {
    sql.push("json_type(").push(column).push(") = 'null'");
}

/// Appends the value at a place, as what the check compares.
fn value_at(sql: &mut QueryBuilder<Sqlite>, column: &str, place: &str, check: &Check) {
    let operand = match check {
        Check::Compare(_, operand) => Some(operand),
        Check::OneOf(operands) => operands.first(),
        _ => None,
    };
    let json_type = |sql: &mut QueryBuilder<Sqlite>| {
        sql.push("CASE json_type(").push(column).push(", ").push_bind(place.to_owned()).push(")");
    };
    let extract = |sql: &mut QueryBuilder<Sqlite>| {
        sql.push("json_extract(").push(column).push(", ").push_bind(place.to_owned()).push(")");
    };
    match (check, operand) {
        (Check::IsNull, _) => extract(sql),
        (_, Some(Operand::Integer(_) | Operand::Float(_))) => {
            json_type(sql);
            for number in ["integer", "real"] {
                sql.push(" WHEN '").push(number).push("' THEN ");
                extract(sql);
            }
            sql.push(" END");
        }
        (_, Some(Operand::Flag(_))) => {
            json_type(sql);
            sql.push(" WHEN 'true' THEN true WHEN 'false' THEN false END");
        }
        _ => {
            json_type(sql);
            sql.push(" WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(");
            extract(sql);
            sql.push(" AS TEXT) END");
        }
    }
}

/// Appends whether the document at a place is the same as one: the order of fields does not matter.
pub(super) fn equals(
    sql: &mut QueryBuilder<Sqlite>,
    column: &str,
    path: &[String],
    document: &Value,
) {
    // Where the path leads nowhere there is nothing to be the same or another.
    sql.push("CASE WHEN ");
    at_places(sql, path, |sql, place| {
        sql.push("json_type(").push(column).push(", ").push_bind(place.to_owned());
        sql.push(") IS NOT NULL");
    });
    sql.push(" THEN ");
    at_places(sql, path, |sql, place| equals_at(sql, column, place, document));
    sql.push(" END");
}

/// Appends whether the document at a place contains one: all its fields, all its items.
pub(super) fn contains(
    sql: &mut QueryBuilder<Sqlite>,
    column: &str,
    path: &[String],
    document: &Value,
) {
    at_places(sql, path, |sql, place| {
        contains_at(sql, column, place, document, 0);
        // A list contains a bare value that is one of its items.
        if !document.is_array() && !document.is_object() {
            sql.push(" OR (");
            item_exists(sql, column, place, document, 0);
            sql.push(")");
        }
    });
}

fn at_places(
    sql: &mut QueryBuilder<Sqlite>,
    path: &[String],
    mut check: impl FnMut(&mut QueryBuilder<Sqlite>, &str),
) {
    for (at, place) in places(path).iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ") OR (" });
        check(sql, place);
    }
    sql.push(")");
}

fn equals_at(sql: &mut QueryBuilder<Sqlite>, column: &str, place: &str, document: &Value) {
    match document {
        Value::Object(fields) => {
            is_type(sql, column, place, "object");
            sql.push(" AND (SELECT count(*) FROM json_each(").push(column).push(", ");
            let count = i64::try_from(fields.len()).unwrap_or(i64::MAX);
            sql.push_bind(place.to_owned()).push(")) = ").push_bind(count);
            for (name, field) in fields {
                sql.push(" AND ");
                equals_at(sql, column, &format!("{place}{}", label(name)), field);
            }
        }
        Value::Array(items) => {
            is_type(sql, column, place, "array");
            sql.push(" AND json_array_length(").push(column).push(", ");
            let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
            sql.push_bind(place.to_owned()).push(") = ").push_bind(count);
            for (at, item) in items.iter().enumerate() {
                sql.push(" AND ");
                equals_at(sql, column, &format!("{place}[{at}]"), item);
            }
        }
        scalar => scalar_at(sql, column, place, scalar),
    }
}

fn contains_at(
    sql: &mut QueryBuilder<Sqlite>,
    column: &str,
    place: &str,
    document: &Value,
    depth: usize,
) {
    match document {
        Value::Object(fields) => {
            is_type(sql, column, place, "object");
            for (name, field) in fields {
                sql.push(" AND ");
                contains_at(sql, column, &format!("{place}{}", label(name)), field, depth);
            }
        }
        Value::Array(items) => {
            is_type(sql, column, place, "array");
            for item in items {
                sql.push(" AND ");
                item_exists(sql, column, place, item, depth);
            }
        }
        scalar => scalar_at(sql, column, place, scalar),
    }
}

/// Appends whether the list at a place has an item that contains one.
fn item_exists(
    sql: &mut QueryBuilder<Sqlite>,
    column: &str,
    place: &str,
    item: &Value,
    depth: usize,
) {
    let alias = format!("e{depth}");
    is_type(sql, column, place, "array");
    sql.push(" AND EXISTS (SELECT 1 FROM json_each(").push(column).push(", ");
    sql.push_bind(place.to_owned()).push(") AS ").push(&alias).push(" WHERE ");
    if item.is_object() || item.is_array() {
        // Only containers have a document as their value; that of text may look like one.
        sql.push(&alias).push(".type IN ('object', 'array') AND ");
        sql.push("CASE WHEN ").push(&alias).push(".type IN ('object', 'array') THEN ");
        contains_at(sql, &format!("{alias}.value"), "$", item, depth + 1);
        sql.push(" END");
    } else {
        let column = |name: &'static str| {
            let alias = alias.clone();
            move |sql: &mut QueryBuilder<Sqlite>| {
                sql.push(&alias).push(name);
            }
        };
        scalar_is(sql, item, column(".type"), column(".value"));
    }
    sql.push(")");
}

fn scalar_at(sql: &mut QueryBuilder<Sqlite>, column: &str, place: &str, scalar: &Value) {
    // Without a subquery: a statement may hold thousands of these, and each one would be planned.
    let kind = |sql: &mut QueryBuilder<Sqlite>| {
        sql.push("ifnull(json_type(").push(column).push(", ").push_bind(place.to_owned());
        sql.push("), '')");
    };
    scalar_is(sql, scalar, kind, |sql| {
        sql.push("json_extract(").push(column).push(", ").push_bind(place.to_owned()).push(")");
    });
}

fn scalar_is(
    sql: &mut QueryBuilder<Sqlite>,
    scalar: &Value,
    kind: impl Fn(&mut QueryBuilder<Sqlite>),
    value: impl Fn(&mut QueryBuilder<Sqlite>),
) {
    kind(sql);
    match scalar {
        Value::Bool(true) => {
            sql.push(" = 'true'");
        }
        Value::Bool(false) => {
            sql.push(" = 'false'");
        }
        Value::String(text) => {
            sql.push(" = 'text' AND ");
            value(sql);
            sql.push(" = ").push_bind(text.clone());
        }
        Value::Number(number) => {
            sql.push(" IN ('integer', 'real') AND ");
            value(sql);
            sql.push(" = ");
            match number.as_i64() {
                Some(number) => sql.push_bind(number),
                None => sql.push_bind(number.as_f64()),
            };
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {
            sql.push(" = 'null'");
        }
    }
}

fn is_type(sql: &mut QueryBuilder<Sqlite>, column: &str, place: &str, kind: &str) {
    sql.push("ifnull(json_type(").push(column).push(", ").push_bind(place.to_owned());
    sql.push("), '') = '").push(kind).push("'");
}

/// The places that a path may mean: digits are a position in a list, or the name of a field.
fn places(path: &[String]) -> Vec<String> {
    let is_position = |segment: &String| {
        !segment.is_empty() && segment.len() <= 9 && segment.bytes().all(|b| b.is_ascii_digit())
    };
    let joined = |positions: bool| {
        let step = |segment: &String| {
            if positions && is_position(segment) { format!("[{segment}]") } else { label(segment) }
        };
        std::iter::once("$".to_owned()).chain(path.iter().map(step)).collect::<String>()
    };
    let names = joined(false);
    if path.iter().any(is_position) { vec![joined(true), names] } else { vec![names] }
}

/// A field in a path. It is quoted as in JSON, so that no character of it has a meaning.
fn label(name: &str) -> String {
    format!(".{}", Value::String(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_path_cannot_leave_its_quotes() {
        assert_eq!(label(r#"a".b"#), r#"."a\".b""#);
    }

    #[test]
    fn digits_are_a_position_or_a_name() {
        let path = ["a".to_owned(), "0".to_owned()];
        assert_eq!(places(&path), [r#"$."a"[0]"#, r#"$."a"."0""#]);
    }
}
