//! Values for the tests of databases.

use hinny_core::{
    EventId, Organisation, Priority, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus,
    TaskType, Timestamp,
    filter::{Filter, FilterRequest},
    schedule::{MissedFire, NewSchedule},
    status::StatusRule,
    store::{Claim, ClaimOutcome, PushOutcome, TaskUpdate, Unit, UpdateOutcome},
    task::{NewTask, RankedBy, Task, TaskChange},
};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use super::subject::Subject;

/// A moment: seconds after the start of 2026.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_767_225_600 + seconds) * 1_000_000)
}

pub(crate) fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

pub(crate) fn scheduler(name: &str) -> SchedulerId {
    SchedulerId::new(name).unwrap()
}

pub(crate) fn hash(text: &str) -> TaskHash {
    TaskHash::new(text).unwrap()
}

pub(crate) fn organisation(name: &str) -> Organisation {
    Organisation::new(name).unwrap()
}

pub(crate) fn task_id(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(number))
}

pub(crate) fn schedule_id(number: u128) -> ScheduleId {
    ScheduleId(Uuid::from_u128(number))
}

pub(crate) fn event_id(number: u128) -> EventId {
    EventId(Uuid::from_u128(number))
}

pub(crate) fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// A task on its way in: number, hash and time of creation follow from the number.
pub(crate) fn new_task(number: u32) -> NewTask {
    NewTask {
        id: task_id(u128::from(number)),
        scheduler: jobs(),
        schedule: None,
        organisation: organisation("acme"),
        kind: TaskType::new("job").unwrap(),
        hash: hash(&format!("hash-{number}")),
        data: json(&format!(r#"{{"number": {number}}}"#)),
        base_priority: None,
        priority: Priority(i64::from(number)),
        ranked_by: RankedBy::Host,
        not_before: None,
        created_at: at(i64::from(number)),
    }
}

pub(crate) fn new_schedule(number: u32) -> NewSchedule {
    NewSchedule {
        id: schedule_id(u128::from(number)),
        scheduler: jobs(),
        organisation: organisation("acme"),
        hash: hash(&format!("hash-{number}")),
        data: json(r#"{"a": 1}"#),
        cron: Some("0 10 * * *".to_owned()),
        time_zone: "Europe/Amsterdam".to_owned(),
        deadline_at: Some(at(100 + i64::from(number))),
        missed: MissedFire::Skip,
        created_at: at(i64::from(number)),
    }
}

pub(crate) fn claim(number: u32) -> Claim {
    Claim {
        task: task_id(u128::from(number)),
        priority: Priority(-7),
        ranked_by: RankedBy::Generation(3),
        worker: Some("worker-1".to_owned()),
        lease_until: Some(at(2000)),
        at: at(1000),
    }
}

/// An update under the strict rule, at 3000 s.
pub(crate) fn update(number: u32, change: TaskChange) -> TaskUpdate {
    TaskUpdate {
        task: task_id(u128::from(number)),
        change,
        rule: StatusRule::Strict,
        only_from: Vec::new(),
        lease_ended_by: None,
        at: at(3000),
    }
}

/// A change of status and nothing else.
pub(crate) fn status(status: TaskStatus) -> TaskChange {
    TaskChange { status: Some(status), ..TaskChange::default() }
}

pub(crate) fn pushes(pushes: Vec<NewTask>) -> Unit {
    Unit { pushes, ..Unit::default() }
}

pub(crate) fn filter(json: &str) -> Filter {
    serde_json::from_str::<FilterRequest>(json).unwrap().try_into().unwrap()
}

/// A filter of one condition.
pub(crate) fn condition(column: &str, field: &str, operator: &str, value: &Value) -> Filter {
    let condition = serde_json::json!({
        "column": column, "field": field, "operator": operator, "value": value,
    });
    filter(&serde_json::json!({ "filters": [condition] }).to_string())
}

impl Subject {
    /// Pushes tasks.
    pub(crate) async fn push(&self, tasks: Vec<NewTask>) -> Vec<PushOutcome> {
        self.unit(pushes(tasks)).await.pushes
    }

    /// Pushes the tasks with some numbers, which must all be queued.
    pub(crate) async fn queue(&self, numbers: impl IntoIterator<Item = u32>) {
        let outcomes = self.push(numbers.into_iter().map(new_task).collect()).await;
        for outcome in outcomes {
            assert_eq!(outcome, PushOutcome::Pushed { schedule: None });
        }
    }

    /// Claims a task.
    pub(crate) async fn claim(&self, claim: Claim) -> ClaimOutcome {
        self.unit(Unit { claims: vec![claim], ..Unit::default() }).await.claims.remove(0)
    }

    /// Claims the task with a number, which must be queued.
    pub(crate) async fn hand_out(&self, number: u32) -> Task {
        match self.claim(claim(number)).await {
            ClaimOutcome::Claimed(task) => *task,
            ClaimOutcome::Gone => panic!("task {number} is not queued"),
        }
    }

    /// Makes an update.
    pub(crate) async fn update(&self, update: TaskUpdate) -> UpdateOutcome {
        self.unit(Unit { updates: vec![update], ..Unit::default() }).await.updates.remove(0)
    }

    /// Makes an update that must be done.
    pub(crate) async fn updated(&self, update: TaskUpdate) -> Task {
        match self.update(update).await {
            UpdateOutcome::Updated { task, .. } => *task,
            other => panic!("not updated: {other:?}"),
        }
    }

    /// Moves a task to a status, under the strict rule.
    pub(crate) async fn moved(&self, number: u32, to: TaskStatus) -> Task {
        self.updated(update(number, status(to))).await
    }

    /// The stored task with a number.
    pub(crate) async fn task(&self, number: u32) -> Task {
        let mut tasks = self.store.tasks_by_id(&[task_id(u128::from(number))]).await.unwrap();
        assert_eq!(tasks.len(), 1, "task {number}");
        tasks.remove(0)
    }
}

/// Everything of a task, to compare two.
pub(crate) fn shown(task: &Task) -> String {
    format!("{task:#?}")
}
