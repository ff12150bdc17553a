//! Connections that are cut during commits: nothing acknowledged is lost, nothing is doubled.

use std::{collections::HashSet, time::Duration};

use hinny_core::{
    TaskId,
    store::{PushOutcome, Store as _, Unit},
};
use sqlx::Connection as _;
use tokio_util::sync::CancellationToken;

use super::{open, until_it_answers};
use crate::store::{
    make::{jobs, new_task, task_id},
    server::Database,
};

/// Commits that each test makes.
const COMMITS: u32 = 300;

/// Tasks of each commit.
const TASKS: u32 = 5;

/// Cuts all connections of hinny again and again, until it is told to stop; how many there were.
async fn cut(database: &Database, stop: CancellationToken) -> i64 {
    let mut connection = database.stranger().await;
    let mut cut = 0;
    while !stop.is_cancelled() {
        cut += sqlx::query_scalar::<_, i64>(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name LIKE 'hinny %'",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    connection.close().await.unwrap();
    cut
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_cut_is_there_once() {
    let database = Database::new().await;
    let store = open(&database).await;
    let stop = CancellationToken::new();
    let push = async {
        let (mut acknowledged, mut failed) = (HashSet::new(), 0);
        for commit in 0..COMMITS {
            let numbers: Vec<u32> = (commit * TASKS..(commit + 1) * TASKS).collect();
            let pushes: Vec<_> = numbers.iter().map(|number| new_task(*number)).collect();
            let ids: Vec<TaskId> = pushes.iter().map(|push| push.id).collect();
            if let Ok(outcomes) = store.commit(vec![Unit { pushes, ..Unit::default() }]).await {
                let pushed = |push: &PushOutcome| matches!(push, PushOutcome::Pushed { .. });
                assert!(outcomes[0].pushes.iter().all(pushed));
                acknowledged.extend(ids);
            } else {
                failed += 1;
                until_it_answers(&store).await;
                // All of the commit happened or nothing; what is said now stays true.
                if let Ok(found) = store.tasks_by_id(&ids).await {
                    assert!(found.is_empty() || found.len() == ids.len(), "half a commit");
                    acknowledged.extend(found.iter().map(|task| task.id));
                }
            }
        }
        stop.cancel();
        (acknowledged, failed)
    };
    let ((acknowledged, failed), cut) = tokio::join!(push, cut(&database, stop.clone()));
    assert!(cut > 0 && failed > 0, "{cut} connections were cut, {failed} commits failed");
    until_it_answers(&store).await;
    let mut stored = HashSet::new();
    let mut after = None;
    loop {
        let page = store.queued_tasks(&jobs(), after, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for task in page {
            assert!(stored.insert(task.id), "task {} is there twice", task.id);
        }
    }
    assert!(acknowledged.is_subset(&stored));
    let counts = store.counts().await.unwrap();
    let counted: i64 = counts.iter().map(|row| row.count).sum();
    assert_eq!(usize::try_from(counted).unwrap(), stored.len());
    assert!(!stored.contains(&task_id(u128::from(COMMITS * TASKS))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_lock_is_taken_again() {
    let database = Database::new().await;
    let store = open(&database).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(cut(&database, stop).await, 0);
    database
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await;
    let again = async {
        while PostgresStoreUser::of(&database).await.is_none() || store.ping().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(super::MEND_MAX, again).await.unwrap();
    assert_eq!(store.standing(), hinny_store::postgres::Standing::Held);
}

/// Who has the lock.
struct PostgresStoreUser;

impl PostgresStoreUser {
    async fn of(database: &Database) -> Option<String> {
        hinny_store::PostgresStore::user(&database.options()).await.unwrap()
    }
}
