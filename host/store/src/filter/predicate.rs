//! A checked filter: a tree of tests on typed columns.

use hinny_core::filter::{Condition, Filter, FilterError, Operator};
use serde_json::Value;
use uuid::Uuid;

use super::{
    column::{Column, ColumnSpec, ColumnType, Entity, shown},
    containment::{JSON_NODES_MAX, json_of, nodes},
    value::{bad_value, column_check, json_check},
};

/// What must hold of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Predicate {
    /// Each; none at all holds always.
    All(Vec<Predicate>),
    /// One of them.
    Any(Vec<Predicate>),
    /// It does not hold. A test that says neither yes nor no, since there is no value, does not
    /// hold, so this does.
    Not(Box<Predicate>),
    /// A test of the row itself.
    Test(Test),
    /// A test of a row that the relation leads to; there is one that passes.
    Related(Relation, Test),
}

/// Where a relation leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// From a task to its schedule.
    Schedule,
    /// From a schedule to its tasks.
    Tasks,
}

/// A test of one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    /// Of this column.
    pub(crate) column: Column,
    /// Inside of its document, if not empty.
    pub(crate) path: Vec<String>,
    /// Passes when the check fails; without a value neither passes.
    pub(crate) negated: bool,
    /// The check.
    pub(crate) check: Check,
}

/// What is checked of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    /// There is none.
    IsNull,
    /// It compares like this with that.
    Compare(Comparison, Operand),
    /// It is one of these, all of one type.
    OneOf(Vec<Operand>),
    /// It has the form of a pattern with `%`, `_` and `\`.
    Like {
        /// The pattern.
        pattern: String,
        /// Capitals do not matter.
        fold_case: bool,
    },
    /// It contains a text.
    Contains(String),
    /// It starts with a text.
    StartsWith(String),
    /// It has the words of a text.
    Match(String),
    /// It is the same document.
    JsonEquals(Value),
    /// Its document contains this one.
    JsonContains(Value),
    /// Its document is contained in this one.
    JsonContainedIn(Value),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

impl Comparison {
    /// How it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Eq => " = ",
            Self::Lt => " < ",
            Self::Lte => " <= ",
            Self::Gt => " > ",
            Self::Gte => " >= ",
        }
    }
}

/// What a database can do that another cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// It finds words in text.
    pub(crate) full_text: bool,
    /// It says whether a document is contained in another.
    pub(crate) contained_in: bool,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Id(Uuid),
}

impl Predicate {
    /// A test that a column of the row itself compares with a value.
    pub(crate) fn compare(column: Column, comparison: Comparison, operand: Operand) -> Self {
        let check = Check::Compare(comparison, operand);
        Self::Test(Test { column, path: Vec::new(), negated: false, check })
    }

    /// Whether every test is of the row itself and of one of some columns.
    pub(crate) fn only_tests(&self, columns: &[Column]) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().all(|part| part.only_tests(columns))
            }
            Self::Not(part) => part.only_tests(columns),
            Self::Test(test) => columns.contains(&test.column),
            Self::Related(..) => false,
        }
    }

    /// Whether it can be told from tasks as they were pushed, whatever became of them.
    pub(crate) fn is_of_push(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_of_push),
            Self::Not(part) => part.is_of_push(),
            Self::Test(test) => !test.column.is_of_life(),
            Self::Related(relation, _) => *relation == Relation::Schedule,
        }
    }

    /// The value that a column must have, if there is only one.
    pub(crate) fn demands(&self, column: Column) -> Option<&Operand> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.demands(column)),
            Self::Test(Test {
                column: tested,
                negated: false,
                check: Check::Compare(Comparison::Eq, operand),
                ..
            }) if *tested == column => Some(operand),
            _ => None,
        }
    }
}

/// Checks a filter.
pub(crate) fn predicate_of(
    entity: Entity,
    filter: &Filter,
    abilities: Abilities,
) -> Result<Predicate, FilterError> {
    let got = filter.conditions().count();
    if got > Filter::MAX_CONDITIONS {
        return Err(FilterError::TooMany { max: Filter::MAX_CONDITIONS, got });
    }
    refuse_many_values(filter)?;
    let mut parts = tests(entity, &filter.and, abilities)?;
    if !filter.or.is_empty() {
        parts.push(Predicate::Any(tests(entity, &filter.or, abilities)?));
    }
    if let Some(condition) = &filter.not {
        parts.push(Predicate::Not(Box::new(test(entity, condition, abilities)?)));
    }
    Ok(Predicate::All(parts))
}

fn refuse_many_values(filter: &Filter) -> Result<(), FilterError> {
    let mut left = JSON_NODES_MAX;
    for condition in filter.conditions() {
        // The values of a list are one parameter.
        if matches!(condition.operator, Operator::In | Operator::NotIn) {
            continue;
        }
        let values = json_of(&condition.value).map_or(0, |document| nodes(&document));
        left = left.checked_sub(values).ok_or_else(|| {
            let expected = "documents of at most 64 values in all of the filter";
            bad_value(&condition.column, condition, &condition.value, expected)
        })?;
    }
    Ok(())
}

fn tests(
    entity: Entity,
    conditions: &[Condition],
    abilities: Abilities,
) -> Result<Vec<Predicate>, FilterError> {
    conditions.iter().map(|condition| test(entity, condition, abilities)).collect()
}

fn test(
    entity: Entity,
    condition: &Condition,
    abilities: Abilities,
) -> Result<Predicate, FilterError> {
    if let Some(spec) = entity.column(&condition.column) {
        return column_test(spec, &condition.path, condition, abilities).map(Predicate::Test);
    }
    if condition.column != entity.relation() {
        return Err(entity.unknown(&condition.column, true));
    }
    let related = entity.related();
    let (name, path) =
        condition.path.split_first().map_or(("", &[][..]), |(name, path)| (name.as_str(), path));
    let spec = related.column(name).ok_or_else(|| related.unknown(name, false))?;
    let relation = match entity {
        Entity::Task => Relation::Schedule,
        Entity::Schedule => Relation::Tasks,
    };
    Ok(Predicate::Related(relation, column_test(spec, path, condition, abilities)?))
}

fn column_test(
    spec: ColumnSpec,
    path: &[String],
    condition: &Condition,
    abilities: Abilities,
) -> Result<Test, FilterError> {
    refuse_unknown_ways(spec, condition, abilities)?;
    let (negated, check) = match (spec.holds, path) {
        (ColumnType::Json, path) => json_check(spec, path.is_empty(), condition)?,
        (_, []) => column_check(spec, condition)?,
        (_, path) => {
            let (column, path) = (spec.name.to_owned(), shown(&path.join("__")));
            return Err(FilterError::NoField { column, path });
        }
    };
    Ok(Test { column: spec.column, path: path.to_vec(), negated, check })
}

/// Operators that no column has here.
fn refuse_unknown_ways(
    spec: ColumnSpec,
    condition: &Condition,
    abilities: Abilities,
) -> Result<(), FilterError> {
    let why = match condition.operator {
        Operator::Any => "use `in` with a list",
        Operator::Match if !abilities.full_text => {
            "this database has no full-text search, use `ilike` or `contains`"
        }
        Operator::JsonContainedIn if !abilities.contained_in => {
            "this database cannot turn `@>` around, use `in` on a field"
        }
        Operator::JsonPathExists | Operator::JsonPathMatches => {
            "this database has no JSON path expressions, name the `field` and compare it"
        }
        _ => return Ok(()),
    };
    Err(bad_operator(spec, condition, why))
}

/// The error for an operator that a column does not have.
pub(crate) fn bad_operator(
    spec: ColumnSpec,
    condition: &Condition,
    why: &'static str,
) -> FilterError {
    FilterError::BadOperator {
        column: spec.name.to_owned(),
        operator: condition.operator.name(),
        why,
    }
}
