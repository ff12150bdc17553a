//! Predicates as SQL: words of this file, and values bound.

mod json;
mod text;

use sqlx::{Postgres, QueryBuilder};

pub(crate) use self::json::{TEXT_MAX, is_position};
use self::{
    json::{contained_in, contains, equals, place_check, whole_is_null},
    text::text_check,
};
use super::sql::stored;
use crate::filter::{
    Abilities, Check, Column, Operand, Predicate, Relation, Tables, Test, expression, mentions,
};

/// What this database can do.
pub(crate) const ABILITIES: Abilities = Abilities { full_text: true, contained_in: true };

/// Appends a predicate, in brackets.
pub(crate) fn push(sql: &mut QueryBuilder<Postgres>, tables: Tables, predicate: &Predicate) {
    match predicate {
        Predicate::All(parts) => push_parts(sql, tables, parts, " AND ", "true"),
        Predicate::Any(parts) => push_parts(sql, tables, parts, " OR ", "false"),
        Predicate::Not(part) => {
            // Neither yes nor no counts as no.
            sql.push("NOT coalesce(");
            push(sql, tables, part);
            sql.push(", false)");
        }
        Predicate::Test(test) => push_test(sql, tables, test),
        Predicate::Related(relation, test) => push_related(sql, *relation, test),
    }
}

fn push_parts(
    sql: &mut QueryBuilder<Postgres>,
    tables: Tables,
    parts: &[Predicate],
    between: &str,
    none: &str,
) {
    if parts.is_empty() {
        sql.push(none);
        return;
    }
    sql.push("(");
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            sql.push(between);
        }
        push(sql, tables, part);
    }
    sql.push(")");
}

fn push_related(sql: &mut QueryBuilder<Postgres>, relation: Relation, test: &Test) {
    match relation {
        Relation::Schedule => {
            sql.push("EXISTS (SELECT 1 FROM schedule AS rs WHERE rs.id = t.schedule AND ");
            push_test(sql, Tables::RelatedSchedule, test);
            sql.push(")");
        }
        // Not looked up per schedule: nothing leads from a schedule to its tasks but this one pass.
        Relation::Tasks => {
            sql.push(
                "s.id IN (SELECT rt.schedule FROM task AS rt \
                 JOIN task_state AS rs ON rs.task = rt.id WHERE ",
            );
            push_test(sql, Tables::RelatedTasks, test);
            sql.push(")");
        }
    }
}

fn push_test(sql: &mut QueryBuilder<Postgres>, tables: Tables, test: &Test) {
    let column = expression(tables, test.column);
    sql.push(if test.negated { "NOT (" } else { "(" });
    push_mentions(sql, column, &mentions(test));
    match (&test.check, test.column) {
        (Check::JsonEquals(document), _) => equals(sql, column, &test.path, document),
        (Check::JsonContains(document), _) => contains(sql, column, &test.path, document),
        (Check::JsonContainedIn(document), _) => contained_in(sql, column, &test.path, document),
        (Check::IsNull, Column::Data) if test.path.is_empty() => whole_is_null(sql, column),
        (check, Column::Data) => place_check(sql, column, &test.path, check),
        (check, _) => push_check(sql, check, |sql| {
            sql.push(column);
        }),
    }
    sql.push(")");
}

/// Appends that a document mentions one of some texts, or may do so in another way. The planner has
/// it looked at first, since it is so much cheaper than what follows.
fn push_mentions(sql: &mut QueryBuilder<Postgres>, column: &str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    sql.push("(");
    for text in texts {
        sql.push("strpos(").push(column).push(", ");
        sql.push_bind(stored(text).into_owned()).push("::text) > 0 OR ");
    }
    sql.push("strpos(").push(column).push(", '\\') > 0) AND ");
}

/// Appends a check of a value.
fn push_check(
    sql: &mut QueryBuilder<Postgres>,
    check: &Check,
    value: impl Fn(&mut QueryBuilder<Postgres>),
) {
    match check {
        Check::IsNull => {
            value(sql);
            sql.push(" IS NULL");
        }
        Check::Compare(comparison, operand) => {
            value(sql);
            sql.push(comparison.sign());
            bind(sql, operand);
        }
        Check::OneOf(operands) => one_of(sql, operands, value),
        check => text_check(sql, check, value),
    }
}

/// Binds a value.
fn bind(sql: &mut QueryBuilder<Postgres>, operand: &Operand) {
    match operand {
        Operand::Text(text) => sql.push_bind(stored(text).into_owned()).push("::text"),
        Operand::Integer(number) => sql.push_bind(*number).push("::bigint"),
        // As the text of it: of a number with a decimal point the database would keep 15 digits.
        Operand::Float(number) => sql.push_bind(number.to_string()).push("::text::numeric"),
        Operand::Flag(flag) => sql.push_bind(*flag).push("::boolean"),
        Operand::Id(id) => sql.push_bind(*id).push("::uuid"),
    };
}

/// Appends whether a value is one of some of the same type: one parameter for any number of them.
fn one_of(
    sql: &mut QueryBuilder<Postgres>,
    operands: &[Operand],
    value: impl Fn(&mut QueryBuilder<Postgres>),
) {
    let Some(first) = operands.first() else {
        sql.push("false");
        return;
    };
    value(sql);
    sql.push(" = ANY(");
    match first {
        Operand::Text(_) => sql.push_bind(texts(operands)).push("::text[])"),
        Operand::Integer(_) | Operand::Float(_) => {
            sql.push_bind(texts(operands)).push("::text[]::numeric[])")
        }
        Operand::Flag(_) => sql.push_bind(texts(operands)).push("::text[]::boolean[])"),
        Operand::Id(_) => sql.push_bind(texts(operands)).push("::text[]::uuid[])"),
    };
}

fn texts(operands: &[Operand]) -> Vec<String> {
    let text = |operand: &Operand| match operand {
        Operand::Text(text) => stored(text).into_owned(),
        Operand::Integer(number) => number.to_string(),
        Operand::Float(number) => number.to_string(),
        Operand::Flag(flag) => flag.to_string(),
        Operand::Id(id) => id.to_string(),
    };
    operands.iter().map(text).collect()
}

#[cfg(test)]
mod tests;
