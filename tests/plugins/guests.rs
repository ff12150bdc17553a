//! The components that tests load, and what they are given to rank.

use std::{fs, path::PathBuf, sync::Arc};

use hinny_core::{
    EventId, Organisation, Priority, SchedulerId, TaskId, TaskType, Timestamp,
    input::{Columns, InputRow, InputSpec, InputTable, TaskFacts},
    ranker::{RankContext, Ranker},
    scheduler::Draft,
    trigger::{Message, Trigger},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The moment of all tests.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

/// A component of `dist/`, such as `guests/counter`.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../dist/{name}.wasm"));
    fs::read(&file).unwrap_or_else(|error| {
        panic!("{}: {error}; hint: `cargo xtask plugins --all` builds it", file.display())
    })
}

/// The settings that make an evil guest sin.
pub(crate) fn sin(name: &str) -> Value {
    json!({"sin": name})
}

/// The settings of `rank-weighted` for a sum that tells which settings made it.
pub(crate) fn base(base: i64) -> Value {
    json!({"base": base, "terms": [{"input": "/x", "weight": 1}]})
}

pub(crate) fn scheduler(name: &str) -> SchedulerId {
    SchedulerId::new(name).unwrap()
}

pub(crate) fn context() -> RankContext {
    RankContext { now: now(), scheduler: scheduler("jobs"), seed: 7 }
}

/// A batch of tasks with these data, pushed a second apart, as a queue makes it for a ranker.
pub(crate) fn batch(ranker: &dyn Ranker, data: &[Value]) -> Columns {
    columns(ranker.inputs(), data)
}

/// The same for declared inputs.
pub(crate) fn columns(inputs: &Arc<[InputSpec]>, data: &[Value]) -> Columns {
    let (organisation, kind) = (Organisation::new("acme").unwrap(), TaskType::new("job").unwrap());
    let row = |(at, data): (i64, &Value)| -> (Timestamp, InputRow) {
        let facts = TaskFacts {
            id: TaskId(Uuid::from_u128(at as u128)),
            created_at: Timestamp::from_millis(at * 1_000),
            base_priority: data["asked"].as_i64().map(Priority),
            attempts: 2,
            organisation: &organisation,
            kind: &kind,
            last_run: None,
        };
        (facts.created_at, inputs.iter().map(|input| input.extract(&facts, data)).collect())
    };
    let rows: Vec<_> = (0..).zip(data).map(row).collect();
    InputTable::columns_of_rows(inputs, &rows, now())
}

/// A batch of tasks that no guest minds.
pub(crate) fn good(ranker: &dyn Ranker, len: usize) -> Columns {
    batch(ranker, &vec![json!({"x": 1}); len])
}

/// A batch that some evil guests cannot bear.
pub(crate) fn poisoned(ranker: &dyn Ranker) -> Columns {
    batch(ranker, &[json!({"poison": true})])
}

/// A task that is pushed over the API.
pub(crate) fn draft(data: &str) -> Draft {
    Draft {
        sent_id: None,
        fresh_id: TaskId(Uuid::from_u128(1)),
        organisation: Organisation::new("acme").unwrap(),
        priority: None,
        data: data.to_owned(),
        not_before: None,
    }
}

/// A message of the source that evil guests listen to.
pub(crate) fn message(body: &str) -> Trigger {
    Trigger::Message(Message {
        id: EventId(Uuid::from_u128(1)),
        source: "evil".to_owned(),
        at: now(),
        content_type: "application/json".to_owned(),
        body: body.into(),
        attributes: Vec::new(),
        delivery: 1,
    })
}
