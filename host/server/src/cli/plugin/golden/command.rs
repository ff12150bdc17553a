//! What a scheduler plugin answers, as JSON for people.

use hinny_core::{
    command::{Command, Handled},
    filter::FilterRequest,
    scheduler::{Admitted, SchedulePlan},
};
use serde_json::{Map, Value, json};

/// What it does about a trigger; parts without anything in them are left out.
pub(super) fn handled(handled: &Handled) -> Value {
    let commands = handled.commands.iter().map(command).collect::<Vec<_>>();
    let state = handled.state.iter().map(|write| {
        let value = write.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned());
        json!({"key": write.key, "value": value})
    });
    let messages = handled.messages.iter().map(|message| {
        trimmed(json!({
            "source": message.source,
            "body": String::from_utf8_lossy(&message.body),
            "not_before": message.not_before,
        }))
    });
    let mut answer = json!({ "commands": commands });
    if let Value::Object(answer) = &mut answer {
        put(answer, "state", state.collect());
        put(answer, "messages", messages.collect());
    }
    answer
}

fn put(answer: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        answer.insert(name.to_owned(), list.into());
    }
}

fn command(command: &Command) -> Value {
    match command {
        Command::Push(push) => json!({"push": trimmed(json!({
            "id": push.id,
            "organisation": push.organisation,
            "hash": push.hash,
            "data": document(&push.data),
            "priority": push.priority.map(|priority| priority.0),
            "not_before": push.not_before,
            "schedule": push.schedule,
        }))}),
        Command::Cancel(cancel) => json!({"cancel": {
            "filters": FilterRequest::from(&cancel.filter).filters,
            "reason": cancel.reason,
        }}),
        Command::UpsertSchedule(schedule) => json!({"upsert_schedule": trimmed(json!({
            "organisation": schedule.organisation,
            "hash": schedule.hash,
            "data": document(&schedule.data),
            "cron": schedule.cron,
            "time_zone": schedule.time_zone,
            "deadline_at": schedule.deadline_at,
            "missed": schedule.missed,
        }))}),
        Command::DisableSchedule { hash, reason } => {
            json!({"disable_schedule": {"hash": hash, "reason": reason}})
        }
    }
}

/// A task that is taken.
pub(super) fn admitted(admitted: &Admitted) -> Value {
    let plan = admitted.plan.as_ref().map(|plan| {
        let SchedulePlan { cron, time_zone, deadline_at, .. } = plan;
        trimmed(json!({"cron": cron, "time_zone": time_zone, "deadline_at": deadline_at}))
    });
    json!({"admitted": trimmed(json!({
        "id": admitted.id,
        "hash": admitted.hash,
        "data": document(&admitted.data),
        "priority": admitted.priority.map(|priority| priority.0),
        "plan": plan,
    }))})
}

fn document(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|_| data.into())
}

/// Without what is null.
fn trimmed(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
