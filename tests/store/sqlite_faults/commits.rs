//! Commits that fail, that nobody waits for, or that meet others.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use hinny_core::{
    TaskStatus,
    command::StateWrite,
    event::{EventState, KeptEvent},
    plugin::{Slot, World},
    store::{
        Claim, ClaimOutcome, EventWrite, Guard, PushOutcome, ScheduleWrite, StoreError, Unit,
        UpdateOutcome,
    },
    task::NewTask,
    trigger::Message,
};
use hinny_store::{SqliteOptions, SqliteStore};
use sqlx::Connection as _;

use super::{
    super::{
        make::{
            at, claim, event_id, hash, jobs, new_schedule, new_task, pushes, status, task_id,
            update,
        },
        subject::Subject,
    },
    Place,
};

/// What a commit writes to.
const TABLES: [&str; 11] = [
    "event_seen",
    "plugin_state",
    "task_state",
    "task",
    "task_open",
    "hash_history",
    "task_untold",
    "schedule",
    "event_kept",
    "task_event",
    "task_count",
];

/// A unit that writes to all of them, given that task 1 is queued and task 2 handed out.
fn everything() -> Unit {
    let slot = Slot { scheduler: jobs(), world: World::Scheduler };
    let write = StateWrite { key: "a".to_owned(), value: Some(vec![1]), expected: Some(0) };
    let message = Message {
        id: event_id(5),
        source: "scans".to_owned(),
        at: at(1),
        content_type: "text/plain".to_owned(),
        body: vec![1],
        attributes: Vec::new(),
        delivery: 1,
    };
    let kept = KeptEvent {
        message,
        scheduler: jobs(),
        state: EventState::Quarantined,
        retry_at: None,
        reason: "set aside".to_owned(),
    };
    Unit {
        guards: vec![
            Guard::FirstDelivery { scheduler: jobs(), event: event_id(1), at: at(1) },
            Guard::State { slot, write },
        ],
        updates: vec![update(2, status(TaskStatus::Completed))],
        claims: vec![claim(1)],
        schedules: vec![ScheduleWrite::Create(new_schedule(1))],
        pushes: vec![new_task(3)],
        events: vec![EventWrite::Keep(Box::new(kept))],
    }
}

#[tokio::test]
async fn a_commit_that_fails_at_any_table_leaves_nothing_behind() {
    let place = Place::new();
    let subject = place.subject().await;
    subject.tell_finished(&jobs());
    subject.queue([1, 2]).await;
    subject.hand_out(2).await;
    let before = place.rows().await;
    for table in TABLES {
        // Unlike an error of SQLite's own, FAIL does not even undo its own statement.
        place
            .run(&format!(
                "CREATE TRIGGER fail AFTER INSERT ON {table} BEGIN
                    SELECT RAISE(FAIL, 'as asked');
                END"
            ))
            .await;
        let units = vec![pushes(vec![new_task(4)]), everything()];
        let failure = subject.store.commit(units).await.unwrap_err();
        assert!(failure.to_string().contains("as asked"), "{table}: {failure}");
        // Not even for those who look while the next commit is on its way.
        assert_eq!(subject.store.tasks_by_id(&[task_id(3), task_id(4)]).await.unwrap().len(), 0);
        place.run("DROP TRIGGER fail").await;
        subject.unit(Unit::default()).await;
        assert_eq!(place.rows().await, before, "{table}");
    }
    // All that was refused is still possible.
    let outcomes = subject.units(vec![pushes(vec![new_task(4)]), everything()]).await;
    assert_eq!(outcomes[1].refused_by, None);
    assert!(matches!(outcomes[1].updates[..], [UpdateOutcome::Updated { .. }]));
    assert!(matches!(outcomes[1].claims[..], [ClaimOutcome::Claimed(_)]));
    assert_eq!(outcomes[1].pushes, [PushOutcome::Pushed { schedule: None }]);
    let changed = place.rows().await;
    for table in TABLES {
        let of = |rows: &[String]| {
            rows.iter().filter(|row| row.starts_with(&format!("{table}: "))).cloned().collect()
        };
        let (then, now): (Vec<String>, Vec<String>) = (of(&before), of(&changed));
        assert_ne!(then, now, "the unit writes nothing to {table}");
    }
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_happens_whole_or_not_at_all() {
    let place = Place::new();
    let subject = place.subject().await;
    let mut happened = 0;
    for number in 0..80 {
        let tasks = vec![new_task(2 * number), new_task(2 * number + 1)];
        let first = Guard::FirstDelivery {
            scheduler: jobs(),
            event: event_id(u128::from(number)),
            at: at(1),
        };
        let unit = |pushes| Unit { guards: vec![first.clone()], pushes, ..Unit::default() };
        let patience = Duration::from_micros(u64::from(number) * 40);
        let commit = subject.store.commit(vec![unit(tasks)]);
        tokio::time::timeout(patience, commit).await.ok();
        // The next commit comes after it, whatever became of it.
        let outcome = subject.units(vec![unit(Vec::new())]).await.remove(0);
        let ids = [2 * number, 2 * number + 1].map(|number| task_id(u128::from(number)));
        let found = subject.store.tasks_by_id(&ids).await.unwrap().len();
        let expected = if outcome.refused_by.is_some() { 2 } else { 0 };
        assert_eq!(found, expected, "after {patience:?}");
        happened += u64::from(expected > 0);
    }
    let queued = subject.store.queued_tasks(&jobs(), None, 1000).await.unwrap().len();
    assert_eq!(u64::try_from(queued).unwrap(), 2 * happened);
    let counts = subject.store.counts().await.unwrap();
    assert_eq!(counts.iter().map(|row| row.count).sum::<i64>(), i64::try_from(queued).unwrap());
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_unavailable_until_it_lets_go() {
    let place = Place::new();
    let options = SqliteOptions { busy_timeout: Duration::from_millis(50), ..place.options() };
    let subject = Subject::over(Arc::new(SqliteStore::open(&options).await.unwrap()));
    subject.queue([1]).await;
    let mut other = place.stranger().await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refusal = subject.store.commit(vec![pushes(vec![new_task(2)])]).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unavailable { .. }), "{refusal:?}");
    assert_eq!(
        refusal.to_string(),
        "the database cannot be used now: error returned from database: (code: 5) database is \
         locked; hint: another program may hold the database, or the disk fails: see the \
         system's log"
    );
    assert_eq!(subject.task(1).await.status, TaskStatus::Queued, "reading goes on");
    held.rollback().await.unwrap();
    subject.queue([2]).await;
}

#[tokio::test]
async fn two_hosts_on_one_file_queue_a_hash_once_and_hand_a_task_out_once() {
    let place = Place::new();
    let hosts = [place.subject().await, place.subject().await];
    let both = || hosts.iter().zip([0, 100_u32]);
    for round in 1..=20 {
        let same = |number| NewTask { hash: hash(&round.to_string()), ..new_task(number) };
        let pushed = join_all(both().map(|(host, own)| host.push(vec![same(round + own)]))).await;
        let pushed: Vec<_> = pushed.into_iter().flatten().collect();
        let queued: Vec<_> = [round, round + 100]
            .into_iter()
            .zip(&pushed)
            .filter(|(_, outcome)| **outcome == PushOutcome::Pushed { schedule: None })
            .map(|(number, _)| number)
            .collect();
        let [number] = queued[..] else { panic!("{pushed:?}") };
        let live = task_id(u128::from(number));
        assert!(pushed.contains(&PushOutcome::Duplicate { live }), "{pushed:?}");
        let by = |own: u32| Claim { worker: Some(own.to_string()), ..claim(number) };
        let claims = join_all(both().map(|(host, own)| host.claim(by(own)))).await;
        let claimed = claims.iter().filter(|claim| matches!(claim, ClaimOutcome::Claimed(_)));
        assert_eq!(claimed.count(), 1);
        assert_eq!(hosts[0].task(number).await.attempt, 1);
    }
}

#[tokio::test]
async fn what_was_answered_is_in_the_file() {
    let place = Place::new();
    let store = place.store().await;
    let subject = Subject::over(Arc::clone(&store));
    subject.queue(1..=100).await;
    subject.hand_out(1).await;
    // As after the loss of the process: the files as they are now, and nothing said good-bye.
    let copy = Place::new();
    for suffix in ["", "-wal"] {
        let of = |place: &Place| format!("{}{suffix}", place.path.display());
        std::fs::copy(of(&place), of(&copy)).unwrap();
    }
    let after = copy.subject().await;
    assert_eq!(after.store.queued_tasks(&jobs(), None, 1000).await.unwrap().len(), 99);
    assert_eq!(after.task(1).await.status, TaskStatus::Dispatched);
    after.queue([101]).await;
    // Closed in order, all is in the one file.
    store.close().await.unwrap();
    let log = format!("{}-wal", place.path.display());
    assert!(!std::path::Path::new(&log).exists());
    assert_eq!(place.subject().await.task(100).await.status, TaskStatus::Queued);
}
