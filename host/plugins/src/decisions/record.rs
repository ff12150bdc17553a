//! What is written of a decision: compact, and in a form that outlives a start.
//!
//! Numbers are written as differences to the one before, in as many bytes as they need: neighbours in
//! a batch are alike. Who decided, with which settings and of which inputs, is written once per
//! segment as an [`Entry::Origin`], and referred to by its number.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    PluginDigest, Priority, SchedulerId, Timestamp,
    input::{Column, ColumnValues, Columns, InputSource, InputSpec, InputType},
};
use serde::{Deserialize, Serialize, Serializer};

/// Who decided, and of what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    pub(crate) scheduler: SchedulerId,
    pub(crate) generation: u64,
    pub(crate) digest: PluginDigest,
    /// In the form of [`crate::settings::Settings::to_text`]: the same text is the same settings.
    pub(crate) settings: String,
    pub(crate) inputs: Arc<[InputSpec]>,
}

/// A batch, and what was decided of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) took: Duration,
    pub(crate) columns: Columns,
    pub(crate) priorities: Vec<Priority>,
}

/// What a frame begins with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    /// Who decided what refers to its number.
    Origin(u32, StoredOrigin),
    /// A batch; its [`Body`] follows.
    Batch(Head),
}

/// What is known of a batch without reading it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) origin: u32,
    /// In microseconds.
    now: i64,
    /// Less `now`: that is what it mostly is.
    seed: i64,
    took_micros: u64,
    pub(super) tasks: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredOrigin {
    scheduler: String,
    generation: u64,
    digest: [u8; 32],
    settings: String,
    inputs: Vec<StoredInput>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredInput {
    name: String,
    source: String,
    kind: String,
}

/// What is written of a batch.
#[derive(Serialize)]
struct Body<'a> {
    columns: Vec<ColumnBody<'a>>,
    priorities: Differences<'a, Priority>,
}

#[derive(Serialize)]
struct ColumnBody<'a> {
    values: ValuesBody<'a>,
    absent: Differences<'a, u32>,
}

#[derive(Serialize)]
enum ValuesBody<'a> {
    Integers(Differences<'a, i64>),
    Floats(&'a [f64]),
    Texts(Vec<&'a str>, &'a [u32]),
    Flags(&'a [bool]),
}

/// The same, as it is read.
#[derive(Deserialize)]
struct StoredBody {
    columns: Vec<StoredColumn>,
    priorities: Vec<i64>,
}

#[derive(Deserialize)]
struct StoredColumn {
    values: StoredValues,
    absent: Vec<i64>,
}

#[derive(Deserialize)]
enum StoredValues {
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Vec<String>, Vec<u32>),
    Flags(Vec<bool>),
}

/// A frame that is whole, and does not say what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no decision of this version of hinny")]
pub(super) struct Unknown;

/// Numbers, written as differences.
struct Differences<'a, N>(&'a [N]);

trait Number: Copy {
    fn number(self) -> i64;
}

impl Number for i64 {
    fn number(self) -> i64 {
        self
    }
}

impl Number for u32 {
    fn number(self) -> i64 {
        i64::from(self)
    }
}

impl Number for Priority {
    fn number(self) -> i64 {
        self.0
    }
}

impl<N: Number> Serialize for Differences<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0_i64;
        serializer.collect_seq(self.0.iter().map(move |number| {
            let number = number.number();
            let difference = number.wrapping_sub(before);
            before = number;
            difference
        }))
    }
}

/// The numbers again, in place.
fn summed(mut differences: Vec<i64>) -> Vec<i64> {
    let mut sum = 0_i64;
    for number in &mut differences {
        sum = sum.wrapping_add(*number);
        *number = sum;
    }
    differences
}

impl Origin {
    /// The frame that explains a number.
    pub(super) fn encode(&self, number: u32) -> Vec<u8> {
        let inputs = self.inputs.iter().map(|input| StoredInput {
            name: input.name.clone(),
            source: input.source.to_string(),
            kind: input.kind.as_str().to_owned(),
        });
        let stored = StoredOrigin {
            scheduler: self.scheduler.as_str().to_owned(),
            generation: self.generation,
            digest: self.digest.0,
            settings: self.settings.clone(),
            inputs: inputs.collect(),
        };
        encoded(&Entry::Origin(number, stored))
    }
}

impl TryFrom<StoredOrigin> for Origin {
    type Error = Unknown;

    fn try_from(stored: StoredOrigin) -> Result<Self, Unknown> {
        let inputs = stored.inputs.into_iter().map(TryInto::try_into);
        Ok(Self {
            scheduler: SchedulerId::new(stored.scheduler).map_err(|_| Unknown)?,
            generation: stored.generation,
            digest: PluginDigest(stored.digest),
            settings: stored.settings,
            inputs: inputs.collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<StoredInput> for InputSpec {
    type Error = Unknown;

    fn try_from(stored: StoredInput) -> Result<Self, Unknown> {
        Ok(Self {
            name: stored.name,
            source: source(stored.source)?,
            kind: match &*stored.kind {
                "integer" => InputType::Integer,
                "float" => InputType::Float,
                "text" => InputType::Text,
                "flag" => InputType::Flag,
                _ => return Err(Unknown),
            },
        })
    }
}

/// The reverse of what [`InputSource`] displays: pointers are empty, or begin with a slash.
fn source(text: String) -> Result<InputSource, Unknown> {
    Ok(match &*text {
        "created-at" => InputSource::CreatedAt,
        "wait" => InputSource::Wait,
        "base-priority" => InputSource::BasePriority,
        "attempts" => InputSource::Attempts,
        "bucket" => InputSource::Bucket,
        "organisation" => InputSource::Organisation,
        "task-type" => InputSource::TaskType,
        "last-run-at" => InputSource::LastRunAt,
        "last-run-status" => InputSource::LastRunStatus,
        "last-run-duration" => InputSource::LastRunDuration,
        pointer if pointer.is_empty() || pointer.starts_with('/') => InputSource::Pointer(text),
        _ => return Err(Unknown),
    })
}

impl Batch {
    /// The frame of a batch; `origin` is the number of who decided it.
    pub(super) fn encode(&self, origin: u32) -> Vec<u8> {
        let now = self.now.as_micros();
        let head = Head {
            origin,
            now,
            seed: (self.seed as i64).wrapping_sub(now),
            took_micros: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            tasks: self.columns.len as u32,
        };
        let columns = self.columns.columns.iter().map(ColumnBody::of).collect();
        let body = Body { columns, priorities: Differences(&self.priorities) };
        let mut frame = encoded(&Entry::Batch(head));
        frame.extend(encoded(&body));
        frame
    }
}

impl<'a> ColumnBody<'a> {
    fn of(column: &'a Column) -> Self {
        let values = match &column.values {
            ColumnValues::Integers(values) => ValuesBody::Integers(Differences(values)),
            ColumnValues::Floats(values) => ValuesBody::Floats(values),
            ColumnValues::Flags(values) => ValuesBody::Flags(values),
            ColumnValues::Texts { dictionary, codes } => {
                ValuesBody::Texts(dictionary.iter().map(AsRef::as_ref).collect(), codes)
            }
        };
        Self { values, absent: Differences(&column.absent) }
    }
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    // Writing to memory does not fail, and each of the types has a known length.
    postcard::to_allocvec(value).unwrap_or_default()
}

impl Entry {
    /// What a frame begins with, and the rest of it.
    pub(super) fn decode(frame: &[u8]) -> Result<(Self, &[u8]), Unknown> {
        postcard::take_from_bytes(frame).map_err(|_| Unknown)
    }
}

impl Head {
    /// When it was decided.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    /// The batch that it begins.
    pub(super) fn decode_body(&self, body: &[u8]) -> Result<Batch, Unknown> {
        let stored: StoredBody = postcard::from_bytes(body).map_err(|_| Unknown)?;
        let len = self.tasks as usize;
        let columns = stored.columns.into_iter().map(TryInto::try_into);
        let columns = Columns { len, columns: columns.collect::<Result<_, _>>()? };
        let priorities: Vec<_> = summed(stored.priorities).into_iter().map(Priority).collect();
        if priorities.len() != len || !columns.columns.iter().all(|column| is_whole(column, len)) {
            return Err(Unknown);
        }
        Ok(Batch {
            now: self.now(),
            seed: self.seed.wrapping_add(self.now) as u64,
            took: Duration::from_micros(self.took_micros),
            columns,
            priorities,
        })
    }
}

impl TryFrom<StoredColumn> for Column {
    type Error = Unknown;

    fn try_from(stored: StoredColumn) -> Result<Self, Unknown> {
        let absent = summed(stored.absent).into_iter().map(u32::try_from);
        Ok(Self {
            values: match stored.values {
                StoredValues::Integers(values) => ColumnValues::Integers(summed(values)),
                StoredValues::Floats(values) => ColumnValues::Floats(values),
                StoredValues::Texts(texts, codes) => {
                    let dictionary = texts.into_iter().map(Into::into).collect();
                    ColumnValues::Texts { dictionary, codes }
                }
                StoredValues::Flags(values) => ColumnValues::Flags(values),
            },
            absent: absent.collect::<Result<_, _>>().map_err(|_| Unknown)?,
        })
    }
}

/// Whether a column is as long as its batch, and refers to nothing that is not there.
fn is_whole(column: &Column, len: usize) -> bool {
    let values = match &column.values {
        ColumnValues::Integers(values) => values.len(),
        ColumnValues::Floats(values) => values.len(),
        ColumnValues::Flags(values) => values.len(),
        ColumnValues::Texts { dictionary, codes } => {
            let absent = |at: usize| column.absent.binary_search(&(at as u32)).is_ok();
            let known =
                |(at, code): (usize, &u32)| (*code as usize) < dictionary.len() || absent(at);
            if !codes.iter().enumerate().all(known) {
                return false;
            }
            codes.len()
        }
    };
    values == len && column.absent.iter().all(|at| (*at as usize) < len)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Who decided what tests record.
    pub(in crate::decisions) fn origin(scheduler: &str) -> Origin {
        let input = |name: &str, source, kind| InputSpec { name: name.to_owned(), source, kind };
        let level = InputSource::Pointer("/level".to_owned());
        Origin {
            scheduler: SchedulerId::new(scheduler).unwrap(),
            generation: 3,
            digest: PluginDigest([7; 32]),
            settings: r#"{"weight":2}"#.to_owned(),
            inputs: [
                input("age", InputSource::Wait, InputType::Integer),
                input("level", level, InputType::Float),
                input("all", InputSource::Pointer(String::new()), InputType::Text),
                input("urgent", InputSource::Pointer("/urgent".to_owned()), InputType::Flag),
            ]
            .into(),
        }
    }

    /// A batch for it, at a second.
    pub(in crate::decisions) fn batch(second: i64, tasks: usize) -> Batch {
        let numbers = || (0..tasks as i64).map(|number| number * 7919 % 101 - 50);
        let column = |values, absent| Column { values, absent };
        let texts = ["a", "grün"].map(Into::into).to_vec();
        let codes = numbers().map(|number| u32::from(number > 0)).collect();
        let columns = vec![
            column(ColumnValues::Integers(numbers().map(|n| n << 40).collect()), vec![]),
            column(ColumnValues::Floats(numbers().map(|n| n as f64 / 3.0).collect()), vec![0]),
            column(ColumnValues::Texts { dictionary: texts, codes }, vec![]),
            column(ColumnValues::Flags(numbers().map(|n| n % 2 == 0).collect()), vec![]),
        ];
        Batch {
            now: Timestamp::from_millis(second * 1000),
            seed: u64::MAX - 3,
            took: Duration::from_micros(17),
            columns: Columns { len: tasks, columns },
            priorities: numbers().map(|n| Priority(n * (Priority::MAX.0 / 50))).collect(),
        }
    }

    #[test]
    fn a_batch_reads_back_as_it_was_written() {
        for tasks in [1, 2, 500] {
            let batch = batch(1_767_225_600, tasks);
            let frame = batch.encode(9);
            let (Entry::Batch(head), body) = Entry::decode(&frame).unwrap() else {
                panic!("a batch")
            };
            assert_eq!((head.origin, head.tasks as usize, head.now()), (9, tasks, batch.now));
            assert_eq!(head.decode_body(body), Ok(batch));
        }
    }

    #[test]
    fn who_decided_reads_back_with_every_kind_of_input() {
        let sources = [
            InputSource::CreatedAt,
            InputSource::Wait,
            InputSource::BasePriority,
            InputSource::Attempts,
            InputSource::Bucket,
            InputSource::Organisation,
            InputSource::TaskType,
            InputSource::LastRunAt,
            InputSource::LastRunStatus,
            InputSource::LastRunDuration,
            InputSource::Pointer("/a~1b".to_owned()),
        ];
        let inputs = sources.into_iter().map(|source| InputSpec {
            name: "x".to_owned(),
            source,
            kind: InputType::Integer,
        });
        for origin in [origin("jobs"), Origin { inputs: inputs.collect(), ..origin("a/b") }] {
            let frame = origin.encode(2);
            let (Entry::Origin(2, stored), []) = Entry::decode(&frame).unwrap() else {
                panic!("an origin")
            };
            assert_eq!(Origin::try_from(stored), Ok(origin));
        }
    }

    #[test]
    fn what_refers_to_nothing_is_refused() {
        let mut short = batch(1, 4);
        short.priorities.pop();
        let mut unknown_text = batch(1, 4);
        let texts = &mut unknown_text.columns.columns[2].values;
        *texts = ColumnValues::Texts { dictionary: vec![], codes: vec![0; 4] };
        let mut beyond = batch(1, 4);
        beyond.columns.columns[0].absent = vec![4];
        for wrong in [short, unknown_text, beyond] {
            let frame = wrong.encode(0);
            let (Entry::Batch(head), body) = Entry::decode(&frame).unwrap() else {
                panic!("a batch")
            };
            assert_eq!(head.decode_body(body), Err(Unknown));
        }
        assert!(Entry::decode(&[9, 9]).is_err());
    }

    #[test]
    fn a_task_takes_a_few_bytes() {
        let mut batch = batch(1_767_225_600, 1000);
        let created = (0..1000).map(|number| 1_767_000_000_000 + number * 250);
        batch.columns.columns[0].values = ColumnValues::Integers(created.collect());
        batch.columns.columns.remove(1);
        batch.priorities = (0..1000).map(|number| Priority(29_450_000 + number % 500)).collect();
        assert!(batch.encode(0).len() < 8 * 1000, "{}", batch.encode(0).len());
    }
}
