//! From tasks to columns, as the host does it.

use std::collections::HashMap;

use serde_json::Value;

use super::task::TestTask;
use crate::{
    bindings::ranker::exports::hinny::plugin::ranker::{Column, ColumnValues, TextValues},
    inputs::{Batch, Input, InputSource, InputType},
};

/// One input of one task; `None`: absent.
type Cell = Option<Value>;

/// The batch for declared inputs; refuses what the host would refuse.
pub(super) fn of(inputs: &[Input], tasks: &[TestTask], now: i64) -> Result<Batch, String> {
    const INPUTS_MAX: usize = 64;
    if inputs.len() > INPUTS_MAX {
        return Err(format!("{} inputs are declared, the host takes {INPUTS_MAX}", inputs.len()));
    }
    let columns: Result<_, String> = inputs
        .iter()
        .map(|input| {
            check(input)?;
            Ok(column(input.kind, tasks.iter().map(|task| cell(input, task, now)).collect()))
        })
        .collect();
    Ok(Batch { len: tasks.len() as u32, columns: columns? })
}

fn check(input: &Input) -> Result<(), String> {
    let name = &input.name;
    let offered = match &input.source {
        InputSource::Other(source) => return Err(format!("input `{name}`: no source `{source}`")),
        InputSource::Pointer(pointer) if pointer.is_empty() => InputType::Text,
        InputSource::Pointer(pointer) if pointer.starts_with('/') => return Ok(()),
        InputSource::Pointer(pointer) => {
            return Err(format!("input `{name}`: `{pointer}` is not a JSON pointer"));
        }
        InputSource::Organisation | InputSource::TaskType | InputSource::LastRunStatus => {
            InputType::Text
        }
        _ => InputType::Integer,
    };
    if offered == input.kind {
        return Ok(());
    }
    Err(format!("input `{name}` is {}, not {}", offered.name(), input.kind.name()))
}

fn cell(input: &Input, task: &TestTask, now: i64) -> Cell {
    let last_run = task.last_run.as_ref();
    match &input.source {
        InputSource::CreatedAt => Some(task.created_at.into()),
        InputSource::Wait => Some((now - task.created_at).max(0).into()),
        InputSource::BasePriority => task.base_priority.map(Value::from),
        InputSource::Attempts => Some(task.attempts.into()),
        InputSource::Organisation => Some(task.organisation.as_str().into()),
        InputSource::TaskType => Some(task.task_type.as_str().into()),
        InputSource::LastRunAt => last_run.map(|run| run.ended_at.into()),
        InputSource::LastRunStatus => last_run.map(|run| run.status.as_str().into()),
        InputSource::LastRunDuration => last_run.map(|run| run.duration_ms.into()),
        InputSource::Pointer(pointer) if pointer.is_empty() => Some(task.data.to_string().into()),
        InputSource::Pointer(pointer) => {
            convert(input.kind, task.data.pointer(pointer).unwrap_or(&Value::Null))
        }
        InputSource::Other(_) => None,
    }
}

/// Data of another type counts as absent, but an integer fits `float`, a float without fraction
/// fits `integer`, and everything fits `text`.
fn convert(kind: InputType, value: &Value) -> Cell {
    match (kind, value) {
        (_, Value::Null) => None,
        (InputType::Integer, Value::Number(number)) => {
            let is_exact = |float: &f64| float.fract() == 0.0 && float.abs() < 2_f64.powi(53);
            let whole = || number.as_f64().filter(is_exact);
            number.as_i64().or_else(|| whole().map(|float| float as i64)).map(Value::from)
        }
        (InputType::Float, Value::Number(_))
        | (InputType::Flag, Value::Bool(_))
        | (InputType::Text, Value::String(_)) => Some(value.clone()),
        (InputType::Text, other) => Some(other.to_string().into()),
        _ => None,
    }
}

fn column(kind: InputType, cells: Vec<Cell>) -> Column {
    let absent = (0..).zip(&cells).filter(|(_, cell)| cell.is_none()).map(|(at, _)| at).collect();
    let values = cells.into_iter().map(Option::unwrap_or_default);
    let values = match kind {
        InputType::Integer => {
            ColumnValues::Integers(values.map(|it| it.as_i64().unwrap_or_default()).collect())
        }
        InputType::Float => {
            ColumnValues::Floats(values.map(|it| it.as_f64().unwrap_or_default()).collect())
        }
        InputType::Flag => {
            ColumnValues::Flags(values.map(|it| it.as_bool().unwrap_or_default()).collect())
        }
        InputType::Text => ColumnValues::Texts(texts(values)),
    };
    Column { values, absent }
}

/// Each text once. What is absent gets code 0, which may be nothing at all, as in the host.
fn texts(values: impl Iterator<Item = Value>) -> TextValues {
    let mut dictionary = Vec::new();
    let mut known = HashMap::new();
    let codes = values.map(|value| {
        let Value::String(text) = value else { return 0 };
        *known.entry(text).or_insert_with_key(|text| {
            dictionary.push(text.clone());
            (dictionary.len() - 1) as u32
        })
    });
    let codes = codes.collect();
    TextValues { dictionary, codes }
}
