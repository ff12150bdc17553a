//! What a ranker reads of a task: declared once, extracted once, sent as columns.

mod bucket;
mod choice;
mod dictionary;
mod excerpt;
mod table;

use std::{fmt, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use self::bucket::bucket;
pub use self::{bucket::BUCKETS, excerpt::Excerpt, table::InputTable};

use crate::{Organisation, Priority, TaskId, TaskStatus, TaskType, Timestamp};

/// One thing that a ranker reads of each task.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct InputSpec {
    /// The ranker's name for it.
    pub name: String,
    /// Where it comes from.
    pub source: InputSource,
    /// Its type.
    pub kind: InputType,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSource {
    /// When the task was pushed, in milliseconds since the epoch (integer).
    CreatedAt,
    /// Milliseconds since then, at the time of ranking (integer). Needs a refresh to move.
    Wait,
    /// The priority that was asked for (integer); absent when none was.
    BasePriority,
    /// How often it was handed out (integer).
    Attempts,
    /// Whose work it is (text).
    Organisation,
    /// Kind of work (text).
    TaskType,
    /// When the last finished task of the same hash ended, in milliseconds since the epoch
    /// (integer); absent before the first.
    LastRunAt,
    /// How it ended (text: `completed`, `failed`, `cancelled`).
    LastRunStatus,
    /// How long it took from hand-out to end, in milliseconds (integer).
    LastRunDuration,
    /// Into which of [`BUCKETS`] equal parts of all tasks it falls, by its id (integer). The host's
    /// own: no ranker declares it.
    Bucket,
    /// A place in the task's data, as a JSON pointer (RFC 6901). The empty pointer is the whole
    /// document, as text.
    Pointer(String),
}

/// Type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// A 64-bit integer. Data with a fraction is absent, as is text.
    Integer,
    /// A 64-bit float, never infinite or NaN.
    Float,
    /// Text. Numbers and flags are written as JSON.
    Text,
    /// True or false.
    Flag,
}

/// One input of one task.
#[derive(Debug, Clone, PartialEq)]
pub enum InputValue {
    /// There is none, or it does not fit the type.
    Absent,
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A flag.
    Flag(bool),
}

/// The inputs of one task, in the order in which they are declared.
pub type InputRow = Box<[InputValue]>;

/// What is known of a task apart from its data.
#[derive(Debug, Clone)]
pub struct TaskFacts<'a> {
    /// Who it is.
    pub id: TaskId,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// The priority that was asked for.
    pub base_priority: Option<Priority>,
    /// How often it was handed out.
    pub attempts: u32,
    /// Whose work it is.
    pub organisation: &'a Organisation,
    /// Kind of work.
    pub kind: &'a TaskType,
    /// The last finished task of the same hash.
    pub last_run: Option<LastRun>,
}

/// The last finished task of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// When it ended.
    pub finished_at: Timestamp,
    /// How it ended.
    pub status: TaskStatus,
    /// From hand-out to end, in milliseconds.
    pub duration_ms: u64,
}

/// One input of many tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// One value per task.
    pub values: ColumnValues,
    /// Positions, ascending, of the tasks without a value. Their place in `values` holds a zero.
    pub absent: Vec<u32>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValues {
    /// Integers.
    Integers(Vec<i64>),
    /// Floats.
    Floats(Vec<f64>),
    /// Text: `codes[i]` is a place in the dictionary, which holds each text once.
    Texts {
        /// Each text once.
        dictionary: Vec<Arc<str>>,
        /// One place per task.
        codes: Vec<u32>,
    },
    /// Flags.
    Flags(Vec<bool>),
}

/// A batch of tasks, as the ranker gets it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    /// How many tasks.
    pub len: usize,
    /// One column per declared input, in that order.
    pub columns: Vec<Column>,
}

/// An input that cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// More than the limit.
    #[error("declares {got} inputs, at most {max} are allowed")]
    TooMany {
        /// What was declared.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// Type and source do not go together.
    #[error("input `{name}`: `{from}` is {offered}, not {asked}")]
    WrongType {
        /// The input.
        name: String,
        /// Its source.
        from: String,
        /// Its type.
        offered: &'static str,
        /// The declared type.
        asked: &'static str,
    },
    /// Not a JSON pointer.
    #[error(
        "input `{name}`: `{pointer}` is not a JSON pointer, it must be empty or start with `/`"
    )]
    BadPointer {
        /// The input.
        name: String,
        /// What was declared.
        pointer: String,
    },
}

impl InputType {
    /// The name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Flag => "flag",
        }
    }
}

impl Columns {
    /// What a task of the batch has, with the names of the inputs.
    pub fn row(&self, inputs: &[InputSpec], at: usize) -> Vec<(String, InputValue)> {
        let named = inputs.iter().zip(&self.columns);
        named.map(|(input, column)| (input.name.clone(), column.value(at))).collect()
    }
}

impl Column {
    /// What a task has.
    fn value(&self, at: usize) -> InputValue {
        if self.absent.binary_search(&(at as u32)).is_ok() {
            return InputValue::Absent;
        }
        let value = match &self.values {
            ColumnValues::Integers(values) => values.get(at).copied().map(InputValue::Integer),
            ColumnValues::Floats(values) => values.get(at).copied().map(InputValue::Float),
            ColumnValues::Flags(values) => values.get(at).copied().map(InputValue::Flag),
            ColumnValues::Texts { dictionary, codes } => {
                let text = codes.get(at).and_then(|code| dictionary.get(*code as usize));
                text.cloned().map(InputValue::Text)
            }
        };
        value.unwrap_or(InputValue::Absent)
    }
}

impl fmt::Display for InputSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreatedAt => "created-at",
            Self::Wait => "wait",
            Self::BasePriority => "base-priority",
            Self::Attempts => "attempts",
            Self::Organisation => "organisation",
            Self::TaskType => "task-type",
            Self::LastRunAt => "last-run-at",
            Self::LastRunStatus => "last-run-status",
            Self::LastRunDuration => "last-run-duration",
            Self::Bucket => "bucket",
            Self::Pointer(pointer) => pointer,
        })
    }
}

impl InputSpec {
    /// Most inputs that a ranker may declare.
    pub const MAX_INPUTS: usize = 64;

    /// Checks what a ranker declares.
    pub fn check_all(specs: &[Self]) -> Result<(), InputError> {
        if specs.len() > Self::MAX_INPUTS {
            return Err(InputError::TooMany { got: specs.len(), max: Self::MAX_INPUTS });
        }
        specs.iter().try_for_each(Self::check)
    }

    fn check(&self) -> Result<(), InputError> {
        let offered = match &self.source {
            InputSource::Pointer(pointer) if pointer.is_empty() => InputType::Text,
            InputSource::Pointer(pointer) if pointer.starts_with('/') => return Ok(()),
            InputSource::Pointer(pointer) => {
                return Err(InputError::BadPointer {
                    name: self.name.clone(),
                    pointer: pointer.clone(),
                });
            }
            InputSource::Organisation | InputSource::TaskType | InputSource::LastRunStatus => {
                InputType::Text
            }
            _ => InputType::Integer,
        };
        if offered == self.kind {
            return Ok(());
        }
        Err(InputError::WrongType {
            name: self.name.clone(),
            from: self.source.to_string(),
            offered: offered.as_str(),
            asked: self.kind.as_str(),
        })
    }

    /// The place in the task's data that it reads, if it reads the data.
    pub fn place(&self) -> Option<&str> {
        match &self.source {
            InputSource::Pointer(pointer) => Some(pointer),
            _ => None,
        }
    }

    /// Whether the last run of the same hash must be looked up for it.
    pub fn reads_last_run(&self) -> bool {
        matches!(
            self.source,
            InputSource::LastRunAt | InputSource::LastRunStatus | InputSource::LastRunDuration
        )
    }

    /// Whether it is known of a queued task without asking the database for more than its data.
    pub fn is_at_hand(&self) -> bool {
        matches!(
            self.source,
            InputSource::CreatedAt
                | InputSource::Wait
                | InputSource::Organisation
                | InputSource::Bucket
                | InputSource::Pointer(_)
        )
    }

    /// The value for one task. `Wait` is 0 here; see [`InputTable::columns`].
    pub fn extract(&self, facts: &TaskFacts<'_>, data: &Value) -> InputValue {
        match &self.source {
            InputSource::BasePriority => integer(facts.base_priority.map(|priority| priority.0)),
            InputSource::Attempts => InputValue::Integer(i64::from(facts.attempts)),
            InputSource::TaskType => InputValue::Text(facts.kind.shared()),
            InputSource::LastRunAt => {
                integer(facts.last_run.map(|run| run.finished_at.as_millis()))
            }
            InputSource::LastRunStatus => facts
                .last_run
                .map_or(InputValue::Absent, |run| InputValue::Text(run.status.as_str().into())),
            InputSource::LastRunDuration => {
                integer(facts.last_run.and_then(|run| i64::try_from(run.duration_ms).ok()))
            }
            InputSource::CreatedAt
            | InputSource::Wait
            | InputSource::Organisation
            | InputSource::Bucket
            | InputSource::Pointer(_) => {
                self.extract_at_hand(facts.id, facts.created_at, facts.organisation, data)
            }
        }
    }

    /// The value for one task, of what [is at hand](Self::is_at_hand); absent for anything else.
    pub fn extract_at_hand(
        &self,
        id: TaskId,
        created_at: Timestamp,
        organisation: &Organisation,
        data: &Value,
    ) -> InputValue {
        match &self.source {
            InputSource::Bucket => InputValue::Integer(bucket(id)),
            InputSource::CreatedAt => InputValue::Integer(created_at.as_millis()),
            InputSource::Wait => InputValue::Integer(0),
            InputSource::Organisation => InputValue::Text(organisation.shared()),
            InputSource::Pointer(pointer) if pointer.is_empty() => {
                InputValue::Text(data.to_string().into())
            }
            InputSource::Pointer(pointer) => {
                data.pointer(pointer).map_or(InputValue::Absent, |value| self.kind.convert(value))
            }
            _ => InputValue::Absent,
        }
    }
}

fn integer(value: Option<i64>) -> InputValue {
    value.map_or(InputValue::Absent, InputValue::Integer)
}

impl InputType {
    fn convert(self, value: &Value) -> InputValue {
        match (self, value) {
            (_, Value::Null) => InputValue::Absent,
            (Self::Integer, Value::Number(number)) => integer(number.as_i64().or_else(|| {
                // 2.0 is an integer to people, and to JSON.
                number
                    .as_f64()
                    .filter(|float| float.fract() == 0.0 && float.abs() < 2f64.powi(53))
                    .map(|float| float as i64)
            })),
            (Self::Float, Value::Number(number)) => number
                .as_f64()
                .filter(|float| float.is_finite())
                .map_or(InputValue::Absent, InputValue::Float),
            (Self::Flag, Value::Bool(flag)) => InputValue::Flag(*flag),
            (Self::Text, Value::String(text)) => InputValue::Text(text.as_str().into()),
            (Self::Text, other) => InputValue::Text(other.to_string().into()),
            _ => InputValue::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(name: &str, source: InputSource, kind: InputType) -> InputSpec {
        InputSpec { name: name.to_owned(), source, kind }
    }

    fn pointer(pointer: &str, kind: InputType) -> InputSpec {
        spec("x", InputSource::Pointer(pointer.to_owned()), kind)
    }

    fn extract(spec: &InputSpec, data: &Value) -> InputValue {
        let organisation = Organisation::new("acme").unwrap();
        let kind = TaskType::new("scan").unwrap();
        let facts = TaskFacts {
            id: TaskId(uuid::Uuid::from_u128(7)),
            created_at: Timestamp::from_millis(1_000),
            base_priority: Some(Priority(7)),
            attempts: 2,
            organisation: &organisation,
            kind: &kind,
            last_run: None,
        };
        spec.extract(&facts, data)
    }

    #[test]
    fn data_is_read_by_type_and_what_does_not_fit_is_absent() {
        let data =
            json!({"level": 3, "ratio": 0.5, "name": "a", "on": true, "whole": 2.0, "none": null});
        for (path, kind, value) in [
            ("/level", InputType::Integer, InputValue::Integer(3)),
            ("/whole", InputType::Integer, InputValue::Integer(2)),
            ("/ratio", InputType::Integer, InputValue::Absent),
            ("/level", InputType::Float, InputValue::Float(3.0)),
            ("/level", InputType::Text, InputValue::Text("3".into())),
            ("/name", InputType::Text, InputValue::Text("a".into())),
            ("/name", InputType::Integer, InputValue::Absent),
            ("/on", InputType::Flag, InputValue::Flag(true)),
            ("/none", InputType::Text, InputValue::Absent),
            ("/missing", InputType::Flag, InputValue::Absent),
        ] {
            assert_eq!(extract(&pointer(path, kind), &data), value, "{path} as {kind:?}");
        }
    }

    #[test]
    fn a_well_known_input_of_the_wrong_type_is_refused() {
        let refused = InputSpec::check_all(&[spec("age", InputSource::CreatedAt, InputType::Text)]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "input `age`: `created-at` is integer, not text"
        );
        let refused = InputSpec::check_all(&[pointer("level", InputType::Integer)]);
        assert!(refused.unwrap_err().to_string().contains("is not a JSON pointer"));
    }
}
