//! The filter language.

use std::collections::BTreeSet;

use hinny_core::{
    Priority, TaskStatus, TaskType,
    filter::{Filter, Operator},
    schedule::ScheduleQuery,
    store::{ScheduleWrite, Unit},
    task::{NewTask, ScheduleLink, TaskChange, TaskQuery},
};
use serde_json::{Value, json};

use super::{
    make::{
        at, condition, filter, hash, jobs, json as raw, new_schedule, new_task, organisation,
        schedule_id, status, task_id, update,
    },
    subject::Subject,
};

/// A condition, and the numbers of the tasks that it finds.
pub(crate) type Case = (&'static str, &'static str, Value, Vec<u128>);

impl Subject {
    /// The numbers of the tasks that a filter finds.
    pub(crate) async fn filtered(&self, filter: Filter) -> Vec<u128> {
        self.found(&TaskQuery { filter, ..TaskQuery::default() }).await
    }

    /// Every condition finds what it should.
    pub(crate) async fn finds(&self, cases: Vec<Case>) {
        for (column, operator, value, expected) in cases {
            let (column, field) = column.split_once('.').unwrap_or((column, ""));
            let found = self.filtered(condition(column, field, operator, &value)).await;
            assert_eq!(found, expected, "{column}.{field} {operator} {value}");
        }
    }

    /// Six tasks that differ in their columns.
    pub(crate) async fn six(&self) {
        let schedules = vec![ScheduleWrite::Create(new_schedule(1))];
        self.unit(Unit { schedules, ..Unit::default() }).await;
        let tasks = vec![
            new_task(1),
            NewTask {
                organisation: organisation("Acme_2"),
                base_priority: Some(Priority(5)),
                ..new_task(2)
            },
            NewTask { organisation: organisation("100%"), ..new_task(3) },
            new_task(4),
            new_task(5),
            NewTask {
                kind: TaskType::new("other").unwrap(),
                not_before: Some(at(50)),
                schedule: Some(ScheduleLink::Id(schedule_id(1))),
                ..new_task(6)
            },
        ];
        self.push(tasks).await;
        self.hand_out(4).await;
        let lost = Some("no route".to_owned());
        let end = TaskChange { reason: lost, dead: true, ..status(TaskStatus::Failed) };
        self.updated(update(5, end)).await;
    }
}

pub(crate) async fn every_operator_finds_what_it_should(subject: &Subject) {
    subject.six().await;
    let cases: Vec<Case> = vec![
        ("organisation", "==", json!("acme"), vec![6, 5, 4, 1]),
        ("organisation", "eq", json!("ACME"), vec![]),
        ("organisation", "!=", json!("acme"), vec![3, 2]),
        ("organisation", "ne", json!("100%"), vec![6, 5, 4, 2, 1]),
        ("organisation", ">", json!("Acme_2"), vec![6, 5, 4, 1]),
        ("organisation", ">=", json!("Acme_2"), vec![6, 5, 4, 2, 1]),
        ("organisation", "lt", json!("Acme_2"), vec![3]),
        ("organisation", "lte", json!("Acme_2"), vec![3, 2]),
        ("organisation", "like", json!("Acme%"), vec![2]),
        ("organisation", "like", json!("_cme"), vec![6, 5, 4, 1]),
        ("organisation", "like", json!("100\\%"), vec![3]),
        ("organisation", "like", json!("%\\_%"), vec![2]),
        ("organisation", "like", json!("*"), vec![]),
        ("organisation", "like", json!("[a]cme"), vec![]),
        ("organisation", "not_like", json!("Acme%"), vec![6, 5, 4, 3, 1]),
        ("organisation", "ilike", json!("ACME%"), vec![6, 5, 4, 2, 1]),
        ("organisation", "ilike", json!("100\\%"), vec![3]),
        ("organisation", "not_ilike", json!("ACME%"), vec![3]),
        ("organisation", "in", json!(["acme", "100%", "x"]), vec![6, 5, 4, 3, 1]),
        ("organisation", "in", json!([]), vec![]),
        ("organisation", "not_in", json!(["acme", "x"]), vec![3, 2]),
        ("organisation", "contains", json!("e_"), vec![2]),
        ("organisation", "contains", json!("ACME"), vec![]),
        ("organisation", "starts_with", json!("100%"), vec![3]),
        ("organisation", "starts_with", json!("cme"), vec![]),
        ("id", "eq", json!(task_id(3).to_string().to_uppercase()), vec![3]),
        (
            "id",
            "in",
            json!([task_id(3).to_string(), task_id(1).0.simple().to_string()]),
            vec![3, 1],
        ),
        ("scheduler_id", "eq", json!("jobs"), vec![6, 5, 4, 3, 2, 1]),
        ("schedule_id", "eq", json!(schedule_id(1).to_string()), vec![6]),
        ("schedule_id", "is", Value::Null, vec![5, 4, 3, 2, 1]),
        ("type", "eq", json!("other"), vec![6]),
        ("hash", "in", json!(["hash-2", "hash-6"]), vec![6, 2]),
        ("base_priority", "eq", json!(5), vec![2]),
        ("base_priority", "ne", json!(5), vec![]),
        ("base_priority", "ne", json!(6), vec![2]),
        ("base_priority", "in", json!([4.5, 5]), vec![2]),
        ("base_priority", "is_null", Value::Null, vec![6, 5, 4, 3, 1]),
        ("base_priority", "is_not_null", Value::Null, vec![2]),
        ("priority", "lt", json!(1.5), vec![4, 1]),
        ("priority", "gte", json!(5), vec![6, 5]),
        ("status", "eq", json!("dispatched"), vec![4]),
        ("status", "ne", json!("QUEUED"), vec![5, 4]),
        ("status", "in", json!(["dispatched", "failed", "running"]), vec![5, 4]),
        ("attempt", "eq", json!(1), vec![4]),
        ("worker", "is_not", Value::Null, vec![4]),
        ("worker", "eq", json!("worker-1"), vec![4]),
        ("worker", "ne", json!("worker-1"), vec![]),
        ("reason", "contains", json!("route"), vec![5]),
        ("dead", "is", json!(true), vec![5]),
        ("dead", "eq", json!(false), vec![6, 4, 3, 2, 1]),
        ("dead", "is_not", json!(true), vec![6, 4, 3, 2, 1]),
        ("not_before", "lte", json!(at(50).to_string()), vec![6]),
        ("not_before", "lt", json!(at(50).to_string()), vec![]),
        ("lease_until", "gt", json!("2026-01-01T00:00:00Z"), vec![4]),
        ("created_at", "gt", json!("2026-01-01T00:00:04Z"), vec![6, 5]),
        ("created_at", "eq", json!("2026-01-01T01:00:04+01:00"), vec![4]),
        ("modified_at", "gte", json!(at(1000).to_string()), vec![4]),
        ("finished_at", "is_not_null", Value::Null, vec![5]),
    ];
    let used: BTreeSet<_> = cases
        .iter()
        .map(|(_, name, ..)| serde_json::from_value::<Operator>(json!(name)).unwrap().name())
        .collect();
    assert_eq!(used.len(), 18, "one of the operators of plain columns has no case: {used:?}");
    subject.finds(cases).await;
}

pub(crate) async fn groups_combine(subject: &Subject) {
    subject.six().await;
    let acme = json!({ "column": "organisation", "operator": "eq", "value": "acme" });
    let queued = json!({ "column": "status", "operator": "eq", "value": "queued" });
    let failed = json!({ "column": "status", "operator": "eq", "value": "failed" });
    let asked = json!({ "column": "base_priority", "operator": "eq", "value": 5 });
    let cases = [
        (json!([]), vec![6, 5, 4, 3, 2, 1]),
        (json!({}), vec![6, 5, 4, 3, 2, 1]),
        (json!([acme, queued]), vec![6, 1]),
        (json!({ "and": [acme, queued] }), vec![6, 1]),
        (json!({ "or": [failed, asked] }), vec![5, 2]),
        (json!({ "not": [acme] }), vec![3, 2]),
        // What is not there does not equal 5.
        (json!({ "not": [asked] }), vec![6, 5, 4, 3, 1]),
        (json!({ "and": [acme], "or": [queued, failed], "not": [failed] }), vec![6, 1]),
        (json!({ "or": [queued], "not": [acme] }), vec![3, 2]),
    ];
    for (groups, expected) in cases {
        let filter = filter(&json!({ "filters": groups }).to_string());
        assert_eq!(subject.filtered(filter.clone()).await, expected, "{groups}");
        // Matching says the same of what is queued.
        let among: Vec<_> = (1..=6).map(task_id).collect();
        let matched = subject.store.match_queued(&jobs(), &filter, Some(&among), 10).await.unwrap();
        let queued = expected.iter().rev().filter(|number| ![4, 5].contains(*number));
        assert_eq!(matched, queued.map(|number| task_id(*number)).collect::<Vec<_>>(), "{groups}");
    }
}

pub(crate) async fn relations_lead_to_the_other_table(subject: &Subject) {
    subject.six().await;
    subject
        .finds(vec![
            ("schedule.time_zone", "eq", json!("Europe/Amsterdam"), vec![6]),
            ("schedule.time_zone", "ne", json!("Europe/Amsterdam"), vec![]),
            ("schedule.enabled", "is", json!(true), vec![6]),
            ("schedule.data__a", "eq", json!(1), vec![6]),
            ("schedule.data__a", "eq", json!(2), vec![]),
        ])
        .await;
    let by_tasks = |field, operator, value| ScheduleQuery {
        filter: condition("tasks", field, operator, &value),
        ..ScheduleQuery::default()
    };
    for (query, expected) in [
        (by_tasks("status", "eq", json!("queued")), vec![1]),
        (by_tasks("status", "eq", json!("failed")), vec![]),
        (by_tasks("data__number", "eq", json!(6)), vec![1]),
        (by_tasks("data__number", "eq", json!(5)), vec![]),
    ] {
        assert_eq!(subject.found_schedules(&query).await, expected, "{query:?}");
    }
    // A schedule that was removed leads nowhere.
    let schedules = vec![ScheduleWrite::Delete(schedule_id(1))];
    subject.unit(Unit { schedules, ..Unit::default() }).await;
    subject.finds(vec![("schedule.enabled", "is", json!(true), vec![])]).await;
    subject.finds(vec![("schedule_id", "is_not_null", Value::Null, vec![])]).await;
}

pub(crate) async fn schedules_have_filters_too(subject: &Subject) {
    let schedules = vec![
        ScheduleWrite::Create(new_schedule(1)),
        ScheduleWrite::Create(hinny_core::schedule::NewSchedule {
            cron: None,
            deadline_at: None,
            data: raw(r#"{"report": {"id": "r-1"}}"#),
            ..new_schedule(2)
        }),
        ScheduleWrite::Create(new_schedule(3)),
        ScheduleWrite::Disable { scheduler: jobs(), hash: hash("hash-3") },
    ];
    subject.unit(Unit { schedules, ..Unit::default() }).await;
    let cases: Vec<Case> = vec![
        ("enabled", "is", json!(false), vec![3]),
        ("schedule", "like", json!("0 10%"), vec![3, 1]),
        ("schedule", "is", Value::Null, vec![2]),
        ("time_zone", "starts_with", json!("Europe/"), vec![3, 2, 1]),
        ("deadline_at", "lt", json!(at(103).to_string()), vec![1]),
        ("data.report__id", "eq", json!("r-1"), vec![2]),
        ("data.report__id", "in", json!(["r-1", "r-2"]), vec![2]),
        ("hash", "eq", json!("hash-1"), vec![1]),
        ("id", "ne", json!(schedule_id(1).to_string()), vec![3, 2]),
        ("created_at", "gte", json!(at(2).to_string()), vec![3, 2]),
    ];
    for (column, operator, value, expected) in cases {
        let (column, field) = column.split_once('.').unwrap_or((column, ""));
        let filter = condition(column, field, operator, &value);
        let query = ScheduleQuery { filter, ..ScheduleQuery::default() };
        let found = subject.found_schedules(&query).await;
        assert_eq!(found, expected, "{column}.{field} {operator} {value}");
    }
}
