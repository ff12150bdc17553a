//! Checks of text.

use sqlx::{QueryBuilder, Sqlite};

use crate::filter::Check;

/// Appends a check of text.
pub(super) fn text_check(
    sql: &mut QueryBuilder<Sqlite>,
    check: &Check,
    value: impl Fn(&mut QueryBuilder<Sqlite>),
) {
    match check {
        Check::Like { pattern, fold_case: true } => {
            value(sql);
            sql.push(" LIKE ").push_bind(closed(pattern)).push(" ESCAPE '\\'");
        }
        // `LIKE` folds the case of ASCII here, and the pragma against it is for the connection.
        Check::Like { pattern, fold_case: false } => {
            value(sql);
            sql.push(" GLOB ").push_bind(glob(pattern));
        }
        Check::Contains(text) => {
            sql.push("instr(");
            value(sql);
            sql.push(", ").push_bind(text.clone()).push(") > 0");
        }
        Check::StartsWith(text) => {
            sql.push("substr(");
            value(sql);
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            sql.push(", 1, ").push_bind(length).push(") = ").push_bind(text.clone());
        }
        Check::IsNull
        | Check::Compare(..)
        | Check::OneOf(_)
        | Check::Match(_)
        | Check::JsonEquals(_)
        | Check::JsonContains(_)
        | Check::JsonContainedIn(_) => {
            sql.push("false");
        }
    }
}

/// A pattern that does not end in half an escape, which no row would match.
fn closed(pattern: &str) -> String {
    let trailing = pattern.chars().rev().take_while(|c| *c == '\\').count();
    let mut pattern = pattern.to_owned();
    if trailing % 2 == 1 {
        pattern.push('\\');
    }
    pattern
}

/// The pattern of `GLOB` for one of `LIKE`.
fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '\\' => push_literal(&mut glob, characters.next().unwrap_or('\\')),
            character => push_literal(&mut glob, character),
        }
    }
    glob
}

fn push_literal(glob: &mut String, character: char) {
    if matches!(character, '*' | '?' | '[') {
        glob.extend(['[', character, ']']);
    } else {
        glob.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_like_pattern_means_the_same_as_a_glob() {
        for (like, expected) in [
            ("%H2%", "*H2*"),
            ("a_c", "a?c"),
            (r"100\%", "100%"),
            ("[x]*?", "[[]x][*][?]"),
            (r"end\", r"end\"),
        ] {
            assert_eq!(glob(like), expected, "{like}");
        }
    }

    #[test]
    fn a_lone_backslash_at_the_end_stands_for_itself() {
        assert_eq!(closed(r"a\"), r"a\\");
        assert_eq!(closed(r"a\\"), r"a\\");
    }
}
