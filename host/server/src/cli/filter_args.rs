//! Arguments that say which tasks or schedules are meant.

use anyhow::Context;
use clap::Args;
use hinny_core::filter::{FilterGroups, FilterRequest, Operator, WireCondition};
use serde_json::Value;

use super::input::Input;

/// Which are meant; all conditions must hold.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FilterArgs {
    /// A condition, such as `organisation=acme`, `priority>=5` or `data.image=nmap`; can be
    /// repeated
    #[arg(long = "where", value_name = "CONDITION", value_parser = condition)]
    conditions: Vec<WireCondition>,
    /// A filter in the language of the API: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON", conflicts_with = "conditions")]
    filter: Option<Input>,
}

impl FilterArgs {
    /// Whether everything is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.filter.is_none()
    }

    /// As the API wants it.
    pub(crate) fn request(&self) -> anyhow::Result<FilterRequest> {
        let Some(filter) = &self.filter else {
            return Ok(FilterRequest { filters: FilterGroups::All(self.conditions.clone()) });
        };
        let json = filter.json()?;
        // Both the whole body and what is inside `filters` are taken.
        let whole = if json.get("filters").is_some() {
            json
        } else {
            serde_json::json!({ "filters": json })
        };
        serde_json::from_value(whole).context(
            "this is not a filter; hint: write a list of {\"column\", \"field\", \"operator\", \"value\"}",
        )
    }
}

/// Reads `COLUMN[.PATH]OPERATORVALUE`.
fn condition(text: &str) -> Result<WireCondition, String> {
    const OPERATORS: [(&str, Operator); 7] = [
        ("!=", Operator::Ne),
        (">=", Operator::Gte),
        ("<=", Operator::Lte),
        ("==", Operator::Eq),
        ("=", Operator::Eq),
        (">", Operator::Gt),
        ("<", Operator::Lt),
    ];
    let malformed = || {
        "expected COLUMN, then one of = != < <= > >=, then a value, such as organisation=acme"
            .to_owned()
    };
    let at = text.find(['=', '!', '<', '>']).filter(|at| *at > 0).ok_or_else(malformed)?;
    let (place, rest) = text.split_at(at);
    let (operator, value) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)))
        .ok_or_else(malformed)?;
    let (column, path) = match place.trim().split_once('.') {
        Some((column, path)) => (column, Some(path.replace('.', "__"))),
        None => (place.trim(), None),
    };
    let value = value.trim();
    Ok(WireCondition {
        column: column.to_owned(),
        field: path,
        operator,
        value: serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        serde_json::to_string(&condition(text).unwrap()).unwrap()
    }

    #[test]
    fn conditions_that_people_write_become_filters() {
        assert_eq!(
            shown("organisation=acme"),
            r#"{"column":"organisation","operator":"eq","value":"acme"}"#
        );
        assert_eq!(shown("priority>=5"), r#"{"column":"priority","operator":"gte","value":5}"#);
        assert_eq!(
            shown("data.tool.id != \"5\""),
            r#"{"column":"data","field":"tool__id","operator":"ne","value":"5"}"#
        );
        assert_eq!(
            shown("schedule_id==null"),
            r#"{"column":"schedule_id","operator":"eq","value":null}"#
        );
    }

    #[test]
    fn what_is_not_a_condition_is_refused() {
        for text in ["organisation", "=acme", "priority!5", ""] {
            assert!(condition(text).is_err(), "{text}");
        }
    }
}
