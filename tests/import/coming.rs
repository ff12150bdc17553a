//! What comes over, and how.

use hinny_core::{
    ScheduleId, SchedulerId, TaskStatus, Timestamp,
    schedule::{Schedule, ScheduleQuery},
    store::Store as _,
    task::Window,
};

use super::{database::Database, rig::Rig};

/// The id of the thing with a number.
fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Rows of every kind. `{n}` is an id.
fn rows() -> String {
    let text = "
    INSERT INTO schedules VALUES
        ('{1}', 'scan', '_dev', 'aa', '{\"what\": \"a\"}', true, '0 4 * * *', '2030-01-01T04:00:00Z',
            '2025-01-01T00:00:00.123456Z', '2025-01-02T00:00:00Z'),
        ('{2}', 'scan', '_dev', NULL, 'null', false, NULL, NULL, '2025-01-01', '2025-01-01'),
        ('{3}', 'scan', '_dev', 'cc', '{}', true, 'at noon', '2025-01-01', '2025-01-01', '2025-01-01');
    INSERT INTO tasks VALUES
        ('{10}', 'scan', '{1}', '_dev', 'scan', 'aa', 1764000000, '{\"what\": \"a\", \"é\": [1, null]}',
            'QUEUED', '2025-11-24T01:04:30.551546Z', '2025-11-24T01:04:30.551549Z'),
        ('{11}', 'scan', NULL, 'acme', 'scan', 'bb', 1, '{}', 'QUEUED', '2025-11-25', '2025-11-25'),
        ('{12}', 'scan', NULL, '_dev', 'scan', 'aa', 1, '{}', 'COMPLETED', '2025-10-01', '2025-10-02'),
        ('{13}', 'scan', NULL, '_dev', 'scan', 'aa', NULL, '{}', 'FAILED', '2025-10-03', '2025-10-04'),
        ('{14}', 'scan', NULL, '_dev', 'scan', 'dd', 1, '{}', 'CANCELLED', '2025-10-03', '2025-10-04'),
        ('{15}', 'scan', NULL, '_dev', 'scan', 'ee', 1, '{}', 'DISPATCHED', '2025-10-03', now()),
        ('{16}', 'scan', NULL, '_dev', 'scan', 'ff', 1, '{}', 'RUNNING', '2025-10-03', '2025-10-03'),
        ('{17}', 'parse', NULL, '_dev', 'parse', NULL, 5, '{}', 'RUNNING', '2025-10-03', '2025-10-03'),
        ('{18}', 'parse', NULL, '_dev', 'parse', 'gg', 5, '{}', 'PENDING', '2025-10-03', '2025-10-03'),
        ('{19}', 'scan', NULL, '_dev', 'scan', 'bb', 9, '{}', 'QUEUED', '2025-11-26', '2025-11-26'),
        ('{20}', 'other', NULL, '_dev', 'other', 'hh', 5, '{}', 'QUEUED', '2025-10-03', '2025-10-03');";
    let mut text = text.to_owned();
    for number in 1..=20 {
        text = text.replace(&format!("{{{number}}}"), &id(number));
    }
    text
}

pub(crate) async fn database() -> Database {
    let database = Database::new().await;
    database.run(&rows()).await;
    database
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn schedules(rig: &Rig) -> Vec<Schedule> {
    let store = rig.store().await;
    let window = Window { offset: 0, limit: 100, count_max: None };
    let mut page = store.list_schedules(&ScheduleQuery::default(), window).await.unwrap();
    store.close().await.unwrap();
    page.items.sort_by_key(|schedule| schedule.id);
    page.items
}

#[tokio::test]
async fn tasks_come_over_with_ids_hashes_times_and_what_became_of_them() {
    let (database, rig) = (database().await, Rig::new());
    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    insta::assert_snapshot!(said.out);

    let queued = rig.task(&id(10)).await;
    assert_eq!(queued.status, TaskStatus::Queued);
    assert_eq!((queued.scheduler.as_str(), queued.organisation.as_str()), ("scan", "_dev"));
    assert_eq!((queued.kind.as_str(), queued.hash.as_str(), queued.attempt), ("scan", "aa", 0));
    assert_eq!(queued.base_priority.map(|priority| priority.0), Some(1_764_000_000));
    assert_eq!(queued.created_at, at("2025-11-24T01:04:30.551546Z"));
    assert_eq!(queued.modified_at, at("2025-11-24T01:04:30.551549Z"));
    assert_eq!(queued.schedule, Some(ScheduleId(id(1).parse().unwrap())));
    let data: serde_json::Value = serde_json::from_str(queued.data.get()).unwrap();
    assert_eq!(data, serde_json::json!({ "what": "a", "é": [1, null] }));

    for (number, status, attempt) in [
        (12, TaskStatus::Completed, 1),
        (13, TaskStatus::Failed, 1),
        (14, TaskStatus::Cancelled, 1),
        (15, TaskStatus::Dispatched, 1),
        // Longer ago than the lease of its scheduler.
        (16, TaskStatus::Failed, 1),
        // That scheduler lets workers keep tasks for ever.
        (17, TaskStatus::Running, 1),
        (18, TaskStatus::Pending, 0),
        // The same work as 11, which is queued.
        (19, TaskStatus::Cancelled, 0),
    ] {
        let task = rig.task(&id(number)).await;
        assert_eq!((task.status, task.attempt), (status, attempt), "{number}");
    }
    assert_eq!(rig.task(&id(12)).await.finished_at, Some(at("2025-10-02")));
    assert!(rig.task(&id(15)).await.lease_until.is_some());
    database.drop().await;
}

#[tokio::test]
async fn schedules_come_over_with_cron_deadline_and_whether_they_fire() {
    let (database, rig) = (database().await, Rig::new());
    rig.import(&database.url, &[]);
    let [daily, off, unread] = &schedules(&rig).await[..] else { panic!("three schedules") };
    assert_eq!((daily.enabled, daily.cron.as_deref()), (true, Some("0 4 * * *")));
    assert_eq!((daily.hash.as_str(), daily.data.get()), ("aa", r#"{"what": "a"}"#));
    assert_eq!(daily.deadline_at, Some(at("2030-01-01T04:00:00Z")));
    assert_eq!(daily.created_at, at("2025-01-01T00:00:00.123456Z"));
    assert_eq!(daily.modified_at, at("2025-01-02"));
    assert_eq!((off.enabled, off.cron.as_deref(), off.deadline_at), (false, None, None));
    assert_eq!((off.hash.as_str(), off.data.get()), (id(2).as_str(), "null"));
    assert_eq!((unread.enabled, unread.cron.as_deref()), (false, Some("at noon")));
    database.drop().await;
}

#[tokio::test]
async fn history_counts_as_the_last_run_of_a_hash() {
    let (database, rig) = (database().await, Rig::new());
    rig.import(&database.url, &[]);
    let (store, scan) = (rig.store().await, SchedulerId::new("scan").unwrap());
    let runs = store.last_runs(&scan, &["aa".parse().unwrap()]).await.unwrap();
    let run = runs[0].unwrap();
    assert_eq!((run.status, run.finished_at), (TaskStatus::Failed, at("2025-10-04")));
    let told = store.untold_finished(&scan, 10).await.unwrap();
    assert!(told.is_empty(), "nobody is told of what ended elsewhere");
    let counted: i64 = store.counts().await.unwrap().iter().map(|row| row.count).sum();
    assert_eq!(counted, 11);
    store.close().await.unwrap();
    database.drop().await;
}

#[tokio::test]
async fn importing_again_changes_nothing() {
    let (database, rig) = (database().await, Rig::new());
    rig.import(&database.url, &[]);
    let before = (format!("{:?}", rig.tasks().await), format!("{:?}", schedules(&rig).await));
    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    insta::assert_snapshot!(said.out);
    let after = (format!("{:?}", rig.tasks().await), format!("{:?}", schedules(&rig).await));
    assert_eq!(after, before);
    database.drop().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_and_writes_nothing() {
    let (database, rig) = (database().await, Rig::new());
    let said = rig.import(&database.url, &["--dry-run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("WOULD COME"), "{}", said.out);
    assert!(!rig.target().exists());

    rig.import(&database.url, &["--only", "schedules"]);
    let said = rig.import(&database.url, &["--dry-run"]);
    insta::assert_snapshot!(said.out);
    assert!(rig.tasks().await.is_empty());
    database.drop().await;
}

#[tokio::test]
async fn old_history_and_other_kinds_can_be_left_out() {
    let (database, rig) = (database().await, Rig::new());
    rig.import(&database.url, &["--only", "tasks", "--since", "2025-10-02"]);
    assert!(schedules(&rig).await.is_empty());
    let tasks = rig.tasks().await;
    assert_eq!(tasks.len(), 10, "all but 12");
    let queued = rig.task(&id(10)).await;
    assert_eq!(queued.schedule, None, "its schedule did not come over");
    assert!(tasks.iter().all(|task| task.id.to_string() != id(12)));
    database.drop().await;
}
