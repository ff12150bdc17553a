//! Filters on their way in.

use hinny_core::{
    Organisation,
    filter::{Condition, Filter, FilterGroups, FilterRequest, Operator, WireCondition},
};
use serde::{Deserialize, de::value::StrDeserializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    body::JsonFields,
    error::ApiError,
    input::{Fields, Form, FromFields, FromInput, Input, Noted, Place, Problems},
};

/// Which ones: `{"filters": […]}`, or nothing for all.
#[derive(Debug, ToSchema)]
#[schema(as = FilterRequest)]
pub(crate) struct FilterBody {
    /// A list, of which all must hold; or groups, which must hold together.
    #[schema(value_type = FiltersSchema)]
    filters: FilterRequest,
}

impl FromFields for FilterBody {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self { filters: fields.required("filters")? })
    }
}

impl JsonFields for FilterBody {}

impl FilterBody {
    /// The filter; one that no query can be made of is an error.
    pub(crate) fn into_filter(self) -> Result<Filter, ApiError> {
        Ok(self.filters.try_into()?)
    }

    /// The filter of a body that may be missing.
    pub(crate) fn or_all(body: Option<Self>) -> Result<Filter, ApiError> {
        body.map_or_else(|| Ok(Filter::default()), Self::into_filter)
    }
}

/// Any of some organisations; without any there is no condition.
pub(crate) fn of_organisations(wanted: &[Organisation]) -> Option<Condition> {
    let names: Vec<_> = wanted.iter().map(Organisation::as_str).collect();
    (!names.is_empty()).then(|| Condition {
        column: "organisation".to_owned(),
        path: Vec::new(),
        operator: Operator::In,
        value: names.into(),
    })
}

impl FromInput for FilterRequest {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let filters = match input.form() {
            Form::Array(_) => FilterGroups::All(Vec::read(input, place, problems)?),
            Form::Object(_) => <Groups as FromInput>::read(input, place, problems)?.0,
            _ => {
                let msg = "Input should be a list of filters, or an object with any of `and`, \
                           `or`, `not`";
                return problems.note(place, "list_type", msg, input);
            }
        };
        Ok(Self { filters })
    }
}

struct Groups(FilterGroups);

impl FromFields for Groups {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (and, or, not) =
            (fields.optional("and"), fields.optional("or"), fields.optional("not"));
        fields.deny_others();
        Ok(Self(FilterGroups::Groups {
            and: and?.unwrap_or_default(),
            or: or?.unwrap_or_default(),
            not: not?.unwrap_or_default(),
        }))
    }
}

impl FromFields for WireCondition {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (column, field) = (fields.required("column"), fields.optional("field"));
        let (operator, value) = (fields.required("operator"), fields.required("value"));
        Ok(Self { column: column?, field: field?, operator: operator?, value: value? })
    }
}

impl FromInput for Operator {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let Form::Text(name) = input.form() else {
            return problems.note(place, "string_type", "Input should be a valid string", input);
        };
        let read = Self::deserialize(StrDeserializer::<serde::de::value::Error>::new(&name));
        read.or_else(|error| {
            let error = error.to_string();
            let known = error.split_once("expected ").map_or(error.as_str(), |(_, known)| known);
            problems.note(place, "literal_error", format!("Input should be {known}"), input)
        })
    }
}

/// A list, of which all must hold; or groups, which must hold together.
#[derive(ToSchema)]
#[schema(as = Filters)]
#[expect(dead_code, reason = "it describes what `FilterRequest` reads")]
#[serde(untagged)]
pub(crate) enum FiltersSchema {
    /// All must hold.
    All(Vec<ConditionSchema>),
    /// Every group must hold.
    Groups {
        /// All must hold.
        and: Option<Vec<ConditionSchema>>,
        /// One must hold.
        or: Option<Vec<ConditionSchema>>,
        /// Must not hold; exactly one.
        not: Option<Vec<ConditionSchema>>,
    },
}

/// One comparison.
#[derive(ToSchema)]
#[schema(as = Filter)]
#[expect(dead_code, reason = "it describes what `WireCondition` reads")]
pub(crate) struct ConditionSchema {
    /// A column of the table, or a relation (`schedule` of tasks).
    #[schema(example = "data")]
    column: String,
    /// Path inside a JSON column, segments separated by `__`; or the column of a relation.
    #[schema(example = "target__host")]
    field: Option<String>,
    /// `==` `eq` `!=` `ne` `>` `gt` `>=` `gte` `<` `lt` `<=` `lte` `is` `is_not` `is_null`
    /// `is_not_null` `like` `not_like` `ilike` `not_ilike` `in` `not_in` `any` `match` `contains`
    /// `starts_with` `@>` `<@` `@?` `@@`
    #[schema(example = "==")]
    operator: String,
    /// What to compare with.
    value: Value,
}
