//! Predicates as SQL: words of this file, and values bound.

mod json;
mod text;

use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use self::{
    json::{contains, equals, place_check, whole_is_null},
    text::text_check,
};
use crate::filter::{
    Abilities, Check, Column, Operand, Predicate, Relation, Tables, Test, expression, mentions,
};

/// What this database can do.
pub(crate) const ABILITIES: Abilities = Abilities { full_text: false, contained_in: false };

/// Appends a predicate, in brackets.
pub(crate) fn push(sql: &mut QueryBuilder<Sqlite>, tables: Tables, predicate: &Predicate) {
    match predicate {
        Predicate::All(parts) => push_parts(sql, tables, parts, " AND ", "true"),
        Predicate::Any(parts) => push_parts(sql, tables, parts, " OR ", "false"),
        Predicate::Not(part) => {
            // Neither yes nor no counts as no.
            sql.push("NOT ifnull(");
            push(sql, tables, part);
            sql.push(", false)");
        }
        Predicate::Test(test) => push_test(sql, tables, test),
        Predicate::Related(relation, test) => push_related(sql, *relation, test),
    }
}

fn push_parts(
    sql: &mut QueryBuilder<Sqlite>,
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

fn push_related(sql: &mut QueryBuilder<Sqlite>, relation: Relation, test: &Test) {
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

fn push_test(sql: &mut QueryBuilder<Sqlite>, tables: Tables, test: &Test) {
    let column = expression(tables, test.column);
    let in_document = test.column == Column::Data;
    sql.push(if test.negated { "NOT (" } else { "(" });
    push_mentions(sql, column, &mentions(test));
    if in_document {
        // A document that is deeper than the database reads is no match; it must not end the list.
        sql.push("CASE WHEN json_valid(").push(column).push(") THEN ");
    }
    match (&test.check, test.column) {
        (Check::JsonEquals(document), _) => equals(sql, column, &test.path, document),
        (Check::JsonContains(document), _) => contains(sql, column, &test.path, document),
        (Check::IsNull, Column::Data) if test.path.is_empty() => whole_is_null(sql, column),
        (check, Column::Data) => place_check(sql, column, &test.path, check),
        (check, _) => push_check(sql, check, |sql| {
            sql.push(column);
        }),
    }
    sql.push(if in_document { " END)" } else { ")" });
}

/// Appends that a document mentions one of some texts, or may do so in another way.
fn push_mentions(sql: &mut QueryBuilder<Sqlite>, column: &str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    sql.push("(");
    for text in texts {
        sql.push("instr(").push(column).push(", ").push_bind(text.clone()).push(") > 0 OR ");
    }
    sql.push("instr(").push(column).push(", '\\') > 0) AND ");
}

/// Appends a check of a value.
fn push_check(
    sql: &mut QueryBuilder<Sqlite>,
    check: &Check,
    value: impl Fn(&mut QueryBuilder<Sqlite>),
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
        Check::OneOf(operands) => {
            value(sql);
            // One parameter for any number of values: a statement takes only so many.
            let item =
                if matches!(operands[..], [Operand::Id(_), ..]) { "unhex(value)" } else { "value" };
            sql.push(" IN (SELECT ").push(item).push(" FROM json_each(");
            sql.push_bind(list(operands)).push("))");
        }
        check => text_check(sql, check, value),
    }
}

/// Values as a JSON document; ids are hex in it.
fn list(operands: &[Operand]) -> String {
    let values = operands.iter().map(|operand| match operand {
        Operand::Text(text) => Value::from(text.as_str()),
        Operand::Integer(number) => Value::from(*number),
        Operand::Float(number) => Value::from(*number),
        Operand::Flag(flag) => Value::from(*flag),
        Operand::Id(id) => Value::from(id.simple().to_string()),
    });
    Value::Array(values.collect()).to_string()
}

/// Binds a value.
fn bind(sql: &mut QueryBuilder<Sqlite>, operand: &Operand) {
    match operand {
        Operand::Text(text) => sql.push_bind(text.clone()),
        Operand::Integer(number) => sql.push_bind(*number),
        Operand::Float(number) => sql.push_bind(*number),
        Operand::Flag(flag) => sql.push_bind(*flag),
        Operand::Id(id) => sql.push_bind(id.as_bytes().to_vec()),
    };
}

#[cfg(test)]
mod tests;
