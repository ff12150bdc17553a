//! The filter language of lists and pops.
//!
//! `{"filters": [f, …]}` holds when all hold; `{"filters": {"and": […], "or": […], "not": [f]}}`
//! holds when every group does. `f` is `{"column", "field"?, "operator", "value"}`; `field` is a
//! path inside a JSON column, segments separated by `__`.
//!
//! Comparison inside JSON follows the type of the value: text with text, number with number. A row
//! where the path leads nowhere matches neither `eq` nor `ne`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What must hold. The empty filter holds always.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Every one holds.
    pub and: Vec<Condition>,
    /// One holds; no condition at all holds, too.
    pub or: Vec<Condition>,
    /// This one does not hold.
    pub not: Option<Box<Condition>>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The column, as the API names it (`data`, `organisation`, `schedule` …).
    pub column: String,
    /// Path inside a JSON column, or the column of a relation. Empty: the column itself.
    pub path: Vec<String>,
    /// How to compare.
    pub operator: Operator,
    /// What to compare with.
    pub value: Value,
}

/// How to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of SQL")]
pub enum Operator {
    #[serde(alias = "==")]
    Eq,
    #[serde(alias = "!=")]
    Ne,
    #[serde(alias = ">")]
    Gt,
    #[serde(alias = ">=")]
    Gte,
    #[serde(alias = "<")]
    Lt,
    #[serde(alias = "<=")]
    Lte,
    Is,
    IsNot,
    IsNull,
    IsNotNull,
    Like,
    NotLike,
    Ilike,
    NotIlike,
    In,
    NotIn,
    Any,
    Match,
    Contains,
    StartsWith,
    #[serde(rename = "@>")]
    JsonContains,
    #[serde(rename = "<@")]
    JsonContainedIn,
    #[serde(rename = "@?")]
    JsonPathExists,
    #[serde(rename = "@@")]
    JsonPathMatches,
}

/// A filter that cannot be used, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The column is not one of the listed.
    #[error("filter column `{column}` is unknown, expected one of {known}")]
    UnknownColumn {
        /// What was sent.
        column: String,
        /// What can be sent, comma separated.
        known: String,
    },
    /// The column cannot be looked into.
    #[error("filter column `{column}` has no fields inside, drop `field: {path}`")]
    NoField {
        /// What was sent.
        column: String,
        /// What was sent.
        path: String,
    },
    /// The value does not fit column or operator.
    #[error(
        "filter on `{column}` with operator `{operator}`: value {value} does not fit, expected {expected}"
    )]
    BadValue {
        /// What was sent.
        column: String,
        /// What was sent.
        operator: String,
        /// What was sent.
        value: String,
        /// What can be sent.
        expected: &'static str,
    },
    /// The operator does not work on this column, or not in this database.
    #[error("filter operator `{operator}` does not work on `{column}`: {why}")]
    BadOperator {
        /// What was sent.
        column: String,
        /// What was sent.
        operator: String,
        /// The reason.
        why: &'static str,
    },
    /// `not` takes one condition.
    #[error("filter group `not` takes exactly one filter, got {0}")]
    NotGroup(usize),
    /// More conditions than a statement takes.
    #[error("a filter has at most {max} conditions, got {got}")]
    TooMany {
        /// The limit.
        max: usize,
        /// What was sent.
        got: usize,
    },
}

impl Filter {
    /// Most conditions in one filter.
    pub const MAX_CONDITIONS: usize = 64;

    /// Whether it holds always.
    pub fn is_empty(&self) -> bool {
        self.and.is_empty() && self.or.is_empty() && self.not.is_none()
    }

    /// All conditions, whatever their group.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.and.iter().chain(&self.or).chain(self.not.as_deref())
    }

    /// Whether it holds, given the truth of each condition.
    pub fn holds(&self, mut truth: impl FnMut(&Condition) -> bool) -> bool {
        self.and.iter().all(&mut truth)
            && (self.or.is_empty() || self.or.iter().any(&mut truth))
            && self.not.as_deref().is_none_or(|condition| !truth(condition))
    }
}

impl Operator {
    /// The name that clients send.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            _ => format!("{self:?}"),
        }
    }
}

/// The wire form of a filter request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FilterRequest {
    /// A list, of which all must hold, or groups.
    pub filters: FilterGroups,
}

/// The wire form of the conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FilterGroups {
    /// All must hold.
    All(Vec<WireCondition>),
    /// Every group must hold.
    Groups {
        /// All must hold.
        #[serde(default, rename = "and")]
        and: Vec<WireCondition>,
        /// One must hold.
        #[serde(default, rename = "or")]
        or: Vec<WireCondition>,
        /// Must not hold; exactly one.
        #[serde(default, rename = "not")]
        not: Vec<WireCondition>,
    },
}

impl Default for FilterGroups {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// The wire form of one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireCondition {
    /// The column.
    pub column: String,
    /// Path inside it, segments separated by `__`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How to compare.
    pub operator: Operator,
    /// What to compare with.
    pub value: Value,
}

impl From<WireCondition> for Condition {
    fn from(wire: WireCondition) -> Self {
        let path = wire.field.filter(|field| !field.is_empty());
        Self {
            column: wire.column,
            path: path
                .map(|field| field.split("__").map(str::to_owned).collect())
                .unwrap_or_default(),
            operator: wire.operator,
            value: wire.value,
        }
    }
}

impl From<&Condition> for WireCondition {
    fn from(condition: &Condition) -> Self {
        Self {
            column: condition.column.clone(),
            field: (!condition.path.is_empty()).then(|| condition.path.join("__")),
            operator: condition.operator,
            value: condition.value.clone(),
        }
    }
}

/// A filter as it is sent; it is read again as what it was.
impl From<&Filter> for FilterRequest {
    fn from(filter: &Filter) -> Self {
        Self {
            filters: FilterGroups::Groups {
                and: filter.and.iter().map(Into::into).collect(),
                or: filter.or.iter().map(Into::into).collect(),
                not: filter.not.iter().map(|condition| condition.as_ref().into()).collect(),
            },
        }
    }
}

impl TryFrom<FilterRequest> for Filter {
    type Error = FilterError;

    fn try_from(request: FilterRequest) -> Result<Self, FilterError> {
        let (and, or, mut not) = match request.filters {
            FilterGroups::All(and) => (and, Vec::new(), Vec::new()),
            FilterGroups::Groups { and, or, not } => (and, or, not),
        };
        let got = and.len() + or.len() + not.len();
        if got > Self::MAX_CONDITIONS {
            return Err(FilterError::TooMany { max: Self::MAX_CONDITIONS, got });
        }
        if not.len() > 1 {
            return Err(FilterError::NotGroup(not.len()));
        }
        Ok(Self {
            and: and.into_iter().map(Into::into).collect(),
            or: or.into_iter().map(Into::into).collect(),
            not: not.pop().map(|condition| Box::new(condition.into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Filter, String> {
        let request: FilterRequest =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        request.try_into().map_err(|error: FilterError| error.to_string())
    }

    #[test]
    fn a_list_and_an_and_group_are_the_same_filter() {
        let one = r#"{"column": "data", "field": "boefje__id", "operator": "==", "value": "x"}"#;
        let list = parse(&format!(r#"{{"filters": [{one}]}}"#)).unwrap();
        assert_eq!(list, parse(&format!(r#"{{"filters": {{"and": [{one}]}}}}"#)).unwrap());
        assert_eq!(list.and[0].path, ["boefje", "id"]);
        assert_eq!(list.and[0].operator, Operator::Eq);
    }

    #[test]
    fn two_filters_in_a_not_group_are_refused() {
        let one = r#"{"column": "status", "operator": "eq", "value": "x"}"#;
        assert_eq!(
            parse(&format!(r#"{{"filters": {{"not": [{one}, {one}]}}}}"#)),
            Err("filter group `not` takes exactly one filter, got 2".to_owned())
        );
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        assert!(
            parse(r#"{"filters": [{"column": "status", "operator": "=~", "value": "x"}]}"#)
                .is_err()
        );
    }
}
