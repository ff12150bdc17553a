//! A task as Celery reads it: message protocol, version 2.

use hinny_core::task::Task;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldArray, FieldTable, LongString, ShortString},
};

/// A message for Celery.
pub(crate) struct CeleryMessage {
    pub(crate) properties: BasicProperties,
    pub(crate) body: String,
}

/// What `delivery_mode` says of messages that outlive the broker.
const PERSISTENT: u8 = 2;

impl CeleryMessage {
    /// A call of a Celery task with the data of ours. `celery_task` is its name, `origin` who calls.
    pub(crate) fn of(task: &Task, celery_task: &str, origin: &str) -> Self {
        let id = task.id.to_string();
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_content_encoding("utf-8".into())
            .with_correlation_id(ShortString::from(task.id.0.to_string()))
            .with_delivery_mode(PERSISTENT)
            .with_headers(headers(task, &id, celery_task, origin));
        Self { properties, body: body(task) }
    }
}

/// Positional arguments, named arguments, and what is embedded.
fn body(task: &Task) -> String {
    format!(
        r#"[[{}],{{}},{{"callbacks":null,"errbacks":null,"chain":null,"chord":null}}]"#,
        task.data.get()
    )
}

fn headers(task: &Task, id: &str, celery_task: &str, origin: &str) -> FieldTable {
    let mut headers = FieldTable::default();
    let mut put = |name: &'static str, value: AMQPValue| {
        headers.insert(ShortString::from(name), value);
    };
    put("lang", text("py"));
    put("task", text(celery_task));
    put("id", text(id));
    put("root_id", text(id));
    for name in ["parent_id", "group", "shadow", "eta", "expires"] {
        put(name, AMQPValue::Void);
    }
    put("retries", AMQPValue::LongInt(0));
    let no_limits = FieldArray::from(vec![AMQPValue::Void, AMQPValue::Void]);
    put("timelimit", AMQPValue::FieldArray(no_limits));
    put("argsrepr", text(&summary(task.data.get())));
    put("kwargsrepr", text("{}"));
    put("origin", text(origin));
    put("ignore_result", AMQPValue::Boolean(false));
    // What a Celery task needs to report on this attempt: `self.request.hinny_attempt`, and so on.
    put("hinny_scheduler", text(task.scheduler.as_str()));
    put("hinny_organisation", text(task.organisation.as_str()));
    put("hinny_attempt", AMQPValue::LongLongInt(i64::from(task.attempt)));
    put("hinny_priority", AMQPValue::LongLongInt(task.priority.0));
    headers
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

/// What Celery's tools show of the arguments.
fn summary(data: &str) -> String {
    const CHARACTERS_MAX: usize = 200;
    match data.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("({}…,)", data.get(..end).unwrap_or_default()),
        None => format!("({data},)"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use hinny_core::{
        Organisation, Priority, SchedulerId, TaskHash, TaskId, TaskStatus, TaskType, Timestamp,
        task::RankedBy,
    };
    use serde_json::{Value, value::RawValue};
    use uuid::Uuid;

    use super::*;

    /// A task that was just popped.
    pub(crate) fn task(data: &str) -> Task {
        let now = Timestamp::from_millis(1_800_000_000_000);
        Task {
            id: TaskId(Uuid::from_u128(7)),
            scheduler: SchedulerId::new("jobs").unwrap(),
            schedule: None,
            organisation: Organisation::new("acme").unwrap(),
            kind: TaskType::new("job").unwrap(),
            hash: TaskHash::new("hash").unwrap(),
            data: RawValue::from_string(data.to_owned()).unwrap(),
            base_priority: None,
            priority: Priority(3),
            ranked_by: RankedBy::Host,
            status: TaskStatus::Dispatched,
            attempt: 2,
            not_before: None,
            lease_until: None,
            worker: None,
            reason: None,
            dead: false,
            created_at: now,
            modified_at: now,
            finished_at: None,
        }
    }

    #[test]
    fn the_body_is_the_data_as_the_only_argument() {
        let message = CeleryMessage::of(&task(r#"{"n":1.50}"#), "work.run", "hinny@here");
        assert!(message.body.starts_with(r#"[[{"n":1.50}],{},"#), "{}", message.body);
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body[2]["chain"], Value::Null);
    }

    #[test]
    fn the_celery_id_is_the_id_of_the_task_and_the_attempt_goes_with_it() {
        let message = CeleryMessage::of(&task("{}"), "work.run", "hinny@here");
        let headers = message.properties.headers().as_ref().unwrap();
        let id = text("00000000-0000-0000-0000-000000000007");
        for name in ["id", "root_id"] {
            assert_eq!(headers.inner().get(name), Some(&id));
        }
        assert_eq!(headers.inner().get("task"), Some(&text("work.run")));
        assert_eq!(headers.inner().get("hinny_attempt"), Some(&AMQPValue::LongLongInt(2)));
        let correlation = message.properties.correlation_id().as_ref().unwrap();
        assert_eq!(correlation.as_str(), "00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn long_arguments_are_shown_in_part() {
        let shown = summary(&"ä".repeat(500));
        assert_eq!(shown.chars().count(), 204);
    }
}
