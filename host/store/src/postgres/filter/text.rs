//! Checks of text.

use sqlx::{Postgres, QueryBuilder};

use crate::{filter::Check, postgres::sql::stored};

/// Appends a check of text.
pub(super) fn text_check(
    sql: &mut QueryBuilder<Postgres>,
    check: &Check,
    value: impl Fn(&mut QueryBuilder<Postgres>),
) {
    match check {
        Check::Like { pattern, fold_case } => {
            value(sql);
            // Text compares by bytes, so only the case of ASCII is folded.
            sql.push(if *fold_case { " ILIKE " } else { " LIKE " });
            sql.push_bind(closed(&stored(pattern)));
        }
        Check::Contains(text) => {
            sql.push("strpos(");
            value(sql);
            sql.push(", ").push_bind(stored(text).into_owned()).push(") > 0");
        }
        Check::StartsWith(text) => {
            sql.push("starts_with(");
            value(sql);
            sql.push(", ").push_bind(stored(text).into_owned()).push(")");
        }
        // Words as they are: what language they are of is not known.
        Check::Match(text) => {
            sql.push("to_tsvector('simple', ");
            value(sql);
            sql.push(") @@ plainto_tsquery('simple', ");
            sql.push_bind(stored(text).into_owned()).push(")");
        }
        Check::IsNull
        | Check::Compare(..)
        | Check::OneOf(_)
        | Check::JsonEquals(_)
        | Check::JsonContains(_)
        | Check::JsonContainedIn(_) => {
            sql.push("false");
        }
    }
}

/// A pattern that does not end in half an escape, which the database refuses.
fn closed(pattern: &str) -> String {
    let trailing = pattern.chars().rev().take_while(|c| *c == '\\').count();
    let mut pattern = pattern.to_owned();
    if trailing % 2 == 1 {
        pattern.push('\\');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_backslash_at_the_end_stands_for_itself() {
        assert_eq!(closed(r"a\"), r"a\\");
        assert_eq!(closed(r"a\\"), r"a\\");
    }
}
