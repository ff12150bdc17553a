//! From the values that were sent to checks.

use hinny_core::{
    TaskStatus, Timestamp,
    filter::{Condition, FilterError, Operator},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    column::{ColumnSpec, ColumnType, shown},
    containment::{JSON_DEPTH_MAX, depth, json_of},
    predicate::{Check, Comparison, Operand, bad_operator},
};

/// Longest value that is shown in an error.
const SHOWN_MAX: usize = 80;

/// Longest text to compare with, in bytes.
const TEXT_MAX: usize = 50_000;

/// Longest pattern, in bytes: a database may write each as three, and takes 50,000.
const PATTERN_MAX: usize = 16_000;

/// The check of a plain column, and whether it is negated.
pub(crate) fn column_check(
    spec: ColumnSpec,
    condition: &Condition,
) -> Result<(bool, Check), FilterError> {
    let value = &condition.value;
    if let Some(found) = null_check(condition) {
        return Ok(found);
    }
    let (negated, operator) = positive(condition.operator);
    let check = match operator {
        Operator::Is if spec.holds == ColumnType::Flag => {
            Check::Compare(Comparison::Eq, operand(spec, condition, value)?)
        }
        Operator::Is => return Err(bad_value(spec.name, condition, value, "null")),
        Operator::In => {
            Check::OneOf(list(spec, condition, |value| operand(spec, condition, value))?)
        }
        operator => match comparison(operator) {
            Some(way) => Check::Compare(way, operand(spec, condition, value)?),
            None if spec.holds == ColumnType::Text => text_check(spec, condition, operator)?,
            None => {
                let why = "it compares text, and this column holds none";
                return Err(bad_operator(spec, condition, why));
            }
        },
    };
    Ok((negated, check))
}

/// The check of a place in a document (or of the `whole` one), and whether it is negated.
pub(crate) fn json_check(
    spec: ColumnSpec,
    whole: bool,
    condition: &Condition,
) -> Result<(bool, Check), FilterError> {
    let value = &condition.value;
    if let Some(found) = null_check(condition) {
        return Ok(found);
    }
    let (negated, operator) = positive(condition.operator);
    let check = match operator {
        Operator::JsonContains => Check::JsonContains(document(spec, condition)?),
        Operator::JsonContainedIn => Check::JsonContainedIn(document(spec, condition)?),
        Operator::Eq if json_of(value).is_some() => Check::JsonEquals(document(spec, condition)?),
        _ if whole => {
            let why = "name a `field` inside of it, or use `@>`";
            return Err(bad_operator(spec, condition, why));
        }
        Operator::Is if !value.is_boolean() => {
            return Err(bad_value(spec.name, condition, value, "null, true or false"));
        }
        Operator::Is => Check::Compare(Comparison::Eq, scalar(spec, condition, value)?),
        Operator::In => {
            Check::OneOf(list(spec, condition, |value| scalar(spec, condition, value))?)
        }
        operator => match comparison(operator) {
            Some(Comparison::Eq) => Check::Compare(Comparison::Eq, scalar(spec, condition, value)?),
            Some(_) if value.is_boolean() => {
                return Err(bad_value(spec.name, condition, value, "text or a number"));
            }
            Some(way) => Check::Compare(way, scalar(spec, condition, value)?),
            None => text_check(spec, condition, operator)?,
        },
    };
    Ok((negated, check))
}

/// The checks that ask whether there is a value at all.
fn null_check(condition: &Condition) -> Option<(bool, Check)> {
    let is_null = condition.value.is_null();
    match condition.operator {
        Operator::IsNull => Some((false, Check::IsNull)),
        Operator::IsNotNull => Some((true, Check::IsNull)),
        Operator::Is | Operator::Eq if is_null => Some((false, Check::IsNull)),
        Operator::IsNot | Operator::Ne if is_null => Some((true, Check::IsNull)),
        _ => None,
    }
}

/// An operator without its negation, and whether it had one.
fn positive(operator: Operator) -> (bool, Operator) {
    match operator {
        Operator::Ne => (true, Operator::Eq),
        Operator::IsNot => (true, Operator::Is),
        Operator::NotIn => (true, Operator::In),
        Operator::NotLike => (true, Operator::Like),
        Operator::NotIlike => (true, Operator::Ilike),
        operator => (false, operator),
    }
}

fn comparison(operator: Operator) -> Option<Comparison> {
    match operator {
        Operator::Eq => Some(Comparison::Eq),
        Operator::Lt => Some(Comparison::Lt),
        Operator::Lte => Some(Comparison::Lte),
        Operator::Gt => Some(Comparison::Gt),
        Operator::Gte => Some(Comparison::Gte),
        _ => None,
    }
}

fn text_check(
    spec: ColumnSpec,
    condition: &Condition,
    operator: Operator,
) -> Result<Check, FilterError> {
    let text = text(spec, condition, &condition.value)?;
    if matches!(operator, Operator::Like | Operator::Ilike) && text.len() > PATTERN_MAX {
        let expected = "a pattern of at most 16000 bytes";
        return Err(bad_value(spec.name, condition, &condition.value, expected));
    }
    match operator {
        Operator::Like => Ok(Check::Like { pattern: text, fold_case: false }),
        Operator::Ilike => Ok(Check::Like { pattern: text, fold_case: true }),
        Operator::Contains => Ok(Check::Contains(text)),
        Operator::StartsWith => Ok(Check::StartsWith(text)),
        Operator::Match => Ok(Check::Match(text)),
        _ => Err(bad_operator(spec, condition, "it works inside of JSON columns only")),
    }
}

/// A value for a plain column.
fn operand(spec: ColumnSpec, condition: &Condition, value: &Value) -> Result<Operand, FilterError> {
    let bad = |expected| bad_value(spec.name, condition, value, expected);
    match spec.holds {
        ColumnType::Text => text(spec, condition, value).map(Operand::Text),
        ColumnType::Integer => number(value).ok_or_else(|| bad("a number")),
        ColumnType::Flag => value.as_bool().map(Operand::Flag).ok_or_else(|| bad("true or false")),
        ColumnType::Id => value
            .as_str()
            .and_then(|text| Uuid::parse_str(text).ok())
            .map(Operand::Id)
            .ok_or_else(|| bad("a UUID")),
        ColumnType::Moment => value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
            .map(|moment| Operand::Integer(moment.as_micros()))
            .ok_or_else(|| bad("a date-time in RFC 3339, such as `2026-01-31T12:00:00Z`")),
        ColumnType::Status => value
            .as_str()
            .and_then(|text| text.to_ascii_lowercase().parse::<TaskStatus>().ok())
            .map(|status| Operand::Integer(i64::from(status.code())))
            .ok_or_else(|| {
                bad("pending, queued, dispatched, running, completed, failed or cancelled")
            }),
        ColumnType::Json => scalar(spec, condition, value),
    }
}

/// A value for a place in a document.
fn scalar(spec: ColumnSpec, condition: &Condition, value: &Value) -> Result<Operand, FilterError> {
    match value {
        Value::Bool(flag) => Ok(Operand::Flag(*flag)),
        Value::String(_) => text(spec, condition, value).map(Operand::Text),
        _ => number(value)
            .ok_or_else(|| bad_value(spec.name, condition, value, "text, a number, true or false")),
    }
}

/// The values of a list, which must be of one type.
fn list(
    spec: ColumnSpec,
    condition: &Condition,
    convert: impl Fn(&Value) -> Result<Operand, FilterError>,
) -> Result<Vec<Operand>, FilterError> {
    let value = &condition.value;
    let Value::Array(values) = value else {
        return Err(bad_value(spec.name, condition, value, "a list"));
    };
    let operands: Vec<_> = values.iter().map(convert).collect::<Result<_, _>>()?;
    let mixed = operands.windows(2).any(|pair| match pair {
        [one, other] => !same_type(one, other),
        _ => false,
    });
    if mixed {
        return Err(bad_value(spec.name, condition, value, "a list of values of one type"));
    }
    Ok(operands)
}

fn same_type(one: &Operand, other: &Operand) -> bool {
    use Operand::{Float, Integer};
    matches!((one, other), (Integer(_) | Float(_), Integer(_) | Float(_)))
        || std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn number(value: &Value) -> Option<Operand> {
    value
        .as_i64()
        .map(Operand::Integer)
        .or_else(|| value.as_f64().filter(|number| number.is_finite()).map(Operand::Float))
}

fn text(spec: ColumnSpec, condition: &Condition, value: &Value) -> Result<String, FilterError> {
    match value.as_str() {
        Some(text) if text.len() <= TEXT_MAX => Ok(text.to_owned()),
        Some(_) => Err(bad_value(spec.name, condition, value, "text of at most 50000 bytes")),
        None => Err(bad_value(spec.name, condition, value, "text")),
    }
}

/// A document to compare with: as it is, or as the text of one.
fn document(spec: ColumnSpec, condition: &Condition) -> Result<Value, FilterError> {
    let value = &condition.value;
    let document = json_of(value).or_else(|| match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.clone()),
    });
    match document {
        Some(document) if depth(&document) <= JSON_DEPTH_MAX => Ok(document),
        Some(_) => Err(bad_value(spec.name, condition, value, "a JSON document at most 16 deep")),
        None => Err(bad_value(spec.name, condition, value, "a JSON document, as text or as it is")),
    }
}

/// The error for a value that does not fit.
pub(crate) fn bad_value(
    column: &str,
    condition: &Condition,
    value: &Value,
    expected: &'static str,
) -> FilterError {
    let text = value.to_string();
    let mut value: String = text.chars().take(SHOWN_MAX).collect();
    if value.len() < text.len() {
        value.push('…');
    }
    let (column, operator) = (shown(column), condition.operator.name());
    FilterError::BadValue { column, operator, value, expected }
}
