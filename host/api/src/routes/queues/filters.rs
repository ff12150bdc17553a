//! Filters of a pop: a filter request, or a bare list as the first clients send it.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use hinny_core::filter::{Condition, Filter, Operator};
use serde_json::Value;

use crate::{
    ApiState,
    body::{self, JsonFields},
    error::ApiError,
    filter::FilterBody,
    input::{Fields, FromFields, Noted},
};

/// What to pop, in either form; without a body, anything.
pub(in crate::routes) struct AnyFilters(pub(super) Filter);

impl FromRequest<Arc<ApiState>> for AnyFilters {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let bytes = body::read_json::<FilterBody>(request, &api.limits).await?;
        if !bytes.trim_ascii_start().starts_with(b"[") {
            return FilterBody::or_all(body::parse(&bytes)?).map(Self);
        }
        let list = [b"{\"filters\":", bytes.as_ref(), b"}"].concat();
        let list: Option<BareList> = body::parse(&list)?;
        Ok(Self(list.map(Filter::from).unwrap_or_default()))
    }
}

/// Conditions on the data; the operator that comes with them never counted.
#[derive(Debug)]
struct BareList(Vec<BareCondition>);

impl FromFields for BareList {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("filters")?))
    }
}

impl JsonFields for BareList {}

#[derive(Debug)]
struct BareCondition {
    field: String,
    value: Value,
}

impl FromFields for BareCondition {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (field, value) = (fields.required("field"), fields.required("value"));
        Ok(Self { field: field?, value: value? })
    }
}

impl From<BareList> for Filter {
    fn from(BareList(list): BareList) -> Self {
        let and = list.into_iter().map(|condition| Condition {
            column: "data".to_owned(),
            path: condition.field.split("__").map(str::to_owned).collect(),
            operator: Operator::Eq,
            value: match condition.value {
                Value::String(text) => Value::String(text),
                other => Value::String(other.to_string()),
            },
        });
        Self { and: and.collect(), ..Self::default() }
    }
}
