//! What a `PostgreSQL` database has so that statements are quick: the way to completed tasks, and
//! statistics of young tables.

use std::sync::Arc;

use hinny_core::{
    TaskStatus,
    status::StatusRule,
    store::{Store as _, TaskUpdate, Unit},
    task::{NewTask, TaskChange, TaskQuery, Window},
};
use hinny_store::PostgresStore;
use serde_json::json;
use sqlx::PgConnection;

use super::{
    make::{
        at, claim, condition, jobs, json as raw, new_task, organisation, pushes, scheduler, status,
        update,
    },
    server::{Database, until},
    subject::Subject,
};

/// Rows of tasks that statements fetched.
const FETCHED: &str =
    "SELECT coalesce(idx_tup_fetch, 0)::bigint FROM pg_stat_user_tables WHERE relname = 'task'";

/// How often the way was gone.
const GONE: &str = "
    SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes
    WHERE relname = 'task_completed'";

const ANALYZED: &str = "SELECT reltuples::bigint FROM pg_class WHERE relname = 'task'";

async fn open(database: &Database) -> (Arc<PostgresStore>, Subject) {
    let store = Arc::new(PostgresStore::open(&database.options()).await.unwrap());
    (Arc::clone(&store), Subject::on_server(store, None))
}

/// Pushes tasks and has them completed.
async fn complete(
    store: &PostgresStore,
    tasks: Vec<NewTask>,
    numbers: std::ops::RangeInclusive<u32>,
) {
    store.commit(vec![pushes(tasks)]).await.unwrap();
    let claims = numbers.clone().map(claim).collect();
    let end = |number| update(number, status(TaskStatus::Completed));
    let updates = numbers.map(end).collect();
    store.commit(vec![Unit { claims, ..Unit::default() }]).await.unwrap();
    store.commit(vec![Unit { updates, ..Unit::default() }]).await.unwrap();
}

fn completed() -> TaskQuery {
    TaskQuery {
        scheduler: Some(jobs()),
        organisation: Some(organisation("acme")),
        status: Some(TaskStatus::Completed),
        ..TaskQuery::default()
    }
}

async fn number(stranger: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(stranger).await.unwrap()
}

#[tokio::test]
async fn a_list_of_completed_tasks_does_not_pass_over_all_that_wait() {
    let database = Database::new().await;
    let (store, _) = open(&database).await;
    complete(&store, (1..=20).map(new_task).collect(), 1..=20).await;
    store.commit(vec![pushes((21..=2_020).map(new_task).collect())]).await.unwrap();
    store.close().await.unwrap();
    // What a connection counted is told when it is closed, each by its own process.
    let mut stranger = database.stranger().await;
    let settled = async || {
        let first = number(&mut stranger, FETCHED).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        (first, number(&mut stranger, FETCHED).await)
    };
    let (fetched, _) = until(settled, |(first, second)| first == second, "rest").await;
    let gone = number(&mut stranger, GONE).await;

    let (store, subject) = open(&database).await;
    assert_eq!(subject.found(&completed()).await, (1..=20).rev().collect::<Vec<_>>());
    store.close().await.unwrap();
    until(async || number(&mut stranger, GONE).await, |now| *now > gone, "look at the way").await;
    let more = number(&mut stranger, FETCHED).await - fetched;
    assert!(more < 200, "{more} tasks were fetched for a page of 20");
}

#[tokio::test]
async fn a_database_from_before_there_was_the_way_has_all_its_tasks_in_lists() {
    let database = Database::new().await;
    let (store, _) = open(&database).await;
    complete(&store, (1..=30).map(new_task).collect(), 1..=30).await;
    store.close().await.unwrap();
    database.run("TRUNCATE task_completed; UPDATE task_completed_until SET seq = 0").await;
    let (store, subject) = open(&database).await;
    assert_eq!(subject.found(&completed()).await, (1..=30).rev().collect::<Vec<_>>());
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_completed_task_that_is_queued_again_is_not_among_the_completed() {
    let database = Database::new().await;
    let (store, subject) = open(&database).await;
    complete(&store, (1..=3).map(new_task).collect(), 1..=3).await;
    assert_eq!(subject.found(&completed()).await, [3, 2, 1]);
    let again = TaskUpdate { rule: StatusRule::Open, ..update(2, status(TaskStatus::Queued)) };
    subject.updated(again).await;
    assert_eq!(subject.found(&completed()).await, [3, 1]);
    // A second time changes nothing but that it is there again, once.
    subject.hand_out(2).await;
    subject.moved(2, TaskStatus::Completed).await;
    assert_eq!(subject.found(&completed()).await, [3, 2, 1]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_completed_task_that_moves_in_the_order_is_listed_once_and_there() {
    let database = Database::new().await;
    let (store, subject) = open(&database).await;
    complete(&store, (1..=3).map(new_task).collect(), 1..=3).await;
    assert_eq!(subject.found(&completed()).await, [3, 2, 1]);
    let newest = TaskChange { created_at: Some(at(9)), ..TaskChange::default() };
    subject.updated(update(1, newest)).await;
    assert_eq!(subject.found(&completed()).await, [1, 3, 2]);
    let other = Some(organisation("other"));
    subject
        .updated(update(3, TaskChange { organisation: other.clone(), ..TaskChange::default() }))
        .await;
    assert_eq!(subject.found(&completed()).await, [1, 2]);
    assert_eq!(subject.found(&TaskQuery { organisation: other, ..completed() }).await, [3]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn completed_tasks_are_narrowed_by_whatever_they_are_counted_by() {
    let database = Database::new().await;
    let (store, subject) = open(&database).await;
    let tasks = vec![
        new_task(1),
        NewTask { scheduler: scheduler("other"), ..new_task(2) },
        NewTask { organisation: organisation("other"), ..new_task(3) },
        NewTask { created_at: at(0), ..new_task(4) },
    ];
    complete(&store, tasks, 1..=4).await;
    let all = TaskQuery { status: Some(TaskStatus::Completed), ..TaskQuery::default() };
    assert_eq!(subject.found(&all).await, [3, 2, 1, 4]);
    let of_one = TaskQuery { organisation: Some(organisation("acme")), ..all.clone() };
    assert_eq!(subject.found(&of_one).await, [2, 1, 4]);
    let of_both = TaskQuery { scheduler: Some(jobs()), ..of_one };
    assert_eq!(subject.found(&of_both).await, [1, 4]);
    assert_eq!(subject.found(&TaskQuery { scheduler: Some(jobs()), ..all }).await, [3, 1, 4]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_is_remembered_of_the_past_is_what_is_there() {
    const COUNT: u64 = 1_200;
    let database = Database::new().await;
    let (store, subject) = open(&database).await;
    // One a second, so most are of the past.
    subject.queue(1..=1_200).await;
    let window = |count_max| Window { offset: 0, limit: 1, count_max };
    let filter = condition("data", "number", "gt", &json!(0));
    let query = TaskQuery { filter, ..TaskQuery::default() };
    let count = async |count_max| subject.page(&query, window(count_max)).await.0;
    let recorded = async || (count(None).await, count(None).await, count(Some(1_000)).await);
    assert_eq!(recorded().await, (COUNT, COUNT, 1_000));
    // Nothing but what came since is looked at: what a stranger removes is still counted.
    database.run("DELETE FROM task WHERE id = '00000000-0000-0000-0000-000000000007'").await;
    assert_eq!(count(None).await, COUNT);
    subject.queue([1_201]).await;
    assert_eq!(count(None).await, COUNT + 1);
    assert_eq!(count(Some(COUNT)).await, COUNT);
    // What comes into the past, or is changed there, is counted with all else.
    subject.push(vec![NewTask { created_at: at(5), ..new_task(1_202) }]).await;
    assert_eq!(count(None).await, COUNT + 1);
    assert_eq!(count(None).await, COUNT + 1);
    let no_number = TaskChange { data: Some(raw("{}")), ..TaskChange::default() };
    subject.updated(update(9, no_number)).await;
    assert_eq!(count(None).await, COUNT);
    store.close().await.unwrap();
}

#[tokio::test]
async fn tables_are_analyzed_while_they_grow_and_do_not_wait_for_the_server() {
    let database = Database::new().await;
    let (store, _) = open(&database).await;
    database.run("ALTER TABLE task SET (autovacuum_enabled = false)").await;
    let mut stranger = database.stranger().await;
    let mut known = async |at_least: i64| {
        let known = async || number(&mut stranger, ANALYZED).await;
        until(known, |known| *known >= at_least, format_args!("statistics of {at_least}")).await;
    };
    // An empty table is known to be empty.
    known(0).await;
    store.commit(vec![pushes((1..=1_000).map(new_task).collect())]).await.unwrap();
    known(1_000).await;
    store.commit(vec![pushes((1_001..=2_000).map(new_task).collect())]).await.unwrap();
    known(2_000).await;
    store.close().await.unwrap();
}
