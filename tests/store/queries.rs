//! The other questions.

use hinny_core::{
    Priority, TaskId, TaskStatus,
    filter::Filter,
    input::LastRun,
    store::{Claim, StoredFacts, TaskUpdate},
    task::{NewTask, TaskChange},
};
use serde_json::json;

use super::{
    make::{at, claim, condition, hash, jobs, new_task, scheduler, status, task_id, update},
    subject::Subject,
};

fn ids(numbers: &[u128]) -> Vec<TaskId> {
    numbers.iter().copied().map(task_id).collect()
}

impl Subject {
    async fn newest(&self, text: &str) -> Option<TaskId> {
        let task = self.store.newest_by_hash(&jobs(), &hash(text)).await.unwrap();
        let newest = task.map(|task| task.id);
        // Asked for with others, it is the same.
        let hashes = [hash("nobody's"), hash(text), hash(text)];
        let found = self.store.newest_by_hashes(&jobs(), &hashes).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|task| task.map(|task| task.id)).collect();
        assert_eq!(found, [None, newest, newest]);
        newest
    }
}

pub(crate) async fn queued_tasks_come_by_id_in_pages(subject: &Subject) {
    subject.queue([5, 3, 1, 4, 2]).await;
    subject.push(vec![NewTask { scheduler: scheduler("other"), ..new_task(6) }]).await;
    subject.hand_out(3).await;
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = subject.store.queued_tasks(&jobs(), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        found.extend(page.iter().map(|task| task.id));
    }
    assert_eq!(found, ids(&[1, 2, 4, 5]));
}

pub(crate) async fn tasks_by_id_leave_out_unknown_ones(subject: &Subject) {
    subject.queue([1, 2]).await;
    let tasks = subject.store.tasks_by_id(&ids(&[2, 9, 1])).await.unwrap();
    let mut found: Vec<_> = tasks.iter().map(|task| task.id).collect();
    found.sort();
    assert_eq!(found, ids(&[1, 2]));
    assert!(subject.store.tasks_by_id(&[]).await.unwrap().is_empty());
}

pub(crate) async fn matching_keeps_the_order_it_was_given(subject: &Subject) {
    subject.queue(1..=6).await;
    let odd = condition("data", "number", "in", &json!([1, 3, 5]));
    let among = ids(&[6, 5, 2, 1, 9]);
    let found = subject.store.match_queued(&jobs(), &odd, Some(&among), 10).await.unwrap();
    assert_eq!(found, ids(&[5, 1]));
    let found = subject.store.match_queued(&jobs(), &odd, Some(&among), 1).await.unwrap();
    assert_eq!(found, ids(&[5]));
    let found = subject.store.match_queued(&jobs(), &odd, None, 2).await.unwrap();
    assert_eq!(found, ids(&[1, 3]));
    let found = subject.store.match_queued(&jobs(), &odd, Some(&[]), 2).await.unwrap();
    assert_eq!(found, []);
}

pub(crate) async fn matching_sees_only_what_is_queued(subject: &Subject) {
    subject.queue(1..=3).await;
    subject.push(vec![NewTask { scheduler: scheduler("other"), ..new_task(4) }]).await;
    subject.hand_out(2).await;
    let all = Filter::default();
    let found = subject.store.match_queued(&jobs(), &all, None, 10).await.unwrap();
    assert_eq!(found, ids(&[1, 3]));
    let among = ids(&[4, 3, 2]);
    let found = subject.store.match_queued(&jobs(), &all, Some(&among), 10).await.unwrap();
    assert_eq!(found, ids(&[3]));
}

pub(crate) async fn the_steps_of_a_task_are_told_in_order(subject: &Subject) {
    subject.queue([1, 2]).await;
    subject.hand_out(1).await;
    subject.hand_out(2).await;
    let back = TaskChange { reason: Some("lost".to_owned()), ..status(TaskStatus::Queued) };
    subject.updated(update(1, back)).await;
    subject.claim(Claim { worker: None, at: at(4000), ..claim(1) }).await;
    let end = TaskChange { worker: Some("w".to_owned()), ..status(TaskStatus::Completed) };
    subject.updated(TaskUpdate { at: at(5000), ..update(1, end) }).await;
    let steps = subject.store.task_events(task_id(1)).await.unwrap();
    let told: Vec<_> = steps
        .iter()
        .map(|step| {
            (step.at, step.status, step.attempt, step.worker.as_deref(), step.reason.as_deref())
        })
        .collect();
    let worker = Some("worker-1");
    assert_eq!(
        told,
        [
            (at(1), TaskStatus::Queued, 0, None, None),
            (at(1000), TaskStatus::Dispatched, 1, worker, None),
            (at(3000), TaskStatus::Queued, 1, worker, Some("lost")),
            (at(4000), TaskStatus::Dispatched, 2, None, None),
            (at(5000), TaskStatus::Completed, 2, Some("w"), None),
        ]
    );
    assert!(subject.store.task_events(task_id(9)).await.unwrap().is_empty());
}

pub(crate) async fn leases_end_at_their_moment(subject: &Subject) {
    subject.queue(1..=4).await;
    for (number, until) in [(1, Some(at(30))), (2, Some(at(10))), (3, None), (4, Some(at(31)))] {
        subject.claim(Claim { lease_until: until, ..claim(number) }).await;
    }
    let ended = async |by| {
        let tasks = subject.store.ended_leases(&jobs(), at(by), 10).await.unwrap();
        tasks.iter().map(|task| task.id).collect::<Vec<_>>()
    };
    assert_eq!(ended(9).await, []);
    assert_eq!(ended(30).await, ids(&[2, 1]));
    subject.moved(2, TaskStatus::Completed).await;
    assert_eq!(ended(30).await, ids(&[1]));
    let other = scheduler("other");
    assert!(subject.store.ended_leases(&other, at(99), 10).await.unwrap().is_empty());
}

pub(crate) async fn the_newest_task_of_a_hash_is_found_in_every_status(subject: &Subject) {
    assert_eq!(subject.newest("hash-1").await, None);
    subject.queue([1]).await;
    for step in [TaskStatus::Queued, TaskStatus::Dispatched, TaskStatus::Running] {
        subject.moved(1, step).await;
        assert_eq!(subject.newest("hash-1").await, Some(task_id(1)), "{step}");
    }
    subject.moved(1, TaskStatus::Failed).await;
    assert_eq!(subject.newest("hash-1").await, Some(task_id(1)));
    // A task that gets another hash takes its place there.
    let renamed = TaskChange { hash: Some(hash("new")), ..TaskChange::default() };
    subject.updated(update(1, renamed)).await;
    assert_eq!(subject.newest("hash-1").await, None);
    assert_eq!(subject.newest("new").await, Some(task_id(1)));
}

pub(crate) async fn the_newest_of_a_hash_is_the_one_pushed_last(subject: &Subject) {
    let same = |number| NewTask { hash: hash("same"), ..new_task(number) };
    for number in [1, 2, 3] {
        subject.push(vec![same(number)]).await;
        assert_eq!(subject.newest("same").await, Some(task_id(u128::from(number))));
        subject.hand_out(number).await;
    }
    // However they end.
    for number in [3, 1, 2] {
        subject.moved(number, TaskStatus::Completed).await;
        assert_eq!(subject.newest("same").await, Some(task_id(3)));
    }
}

pub(crate) async fn last_runs_come_in_the_order_of_the_question(subject: &Subject) {
    subject.queue([1, 2]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Completed).await;
    subject.moved(2, TaskStatus::Cancelled).await;
    let hashes = ["hash-2", "none", "hash-1", "hash-2"].map(hash);
    let runs = subject.store.last_runs(&jobs(), &hashes).await.unwrap();
    let statuses: Vec<_> = runs.iter().map(|run| run.map(|run| run.status)).collect();
    let (completed, cancelled) = (Some(TaskStatus::Completed), Some(TaskStatus::Cancelled));
    assert_eq!(statuses, [cancelled, None, completed, cancelled]);
    let other = scheduler("other");
    assert_eq!(subject.store.last_runs(&other, &hashes[..1]).await.unwrap(), [None]);
    assert_eq!(subject.store.last_runs(&jobs(), &[]).await.unwrap(), []);
}

pub(crate) async fn an_older_end_does_not_replace_the_last_run(subject: &Subject) {
    let same = |number| NewTask { hash: hash("same"), ..new_task(number) };
    for number in [1, 2] {
        subject.push(vec![same(number)]).await;
        subject.hand_out(number).await;
    }
    let end = |number, to, moment| TaskUpdate { at: at(moment), ..update(number, status(to)) };
    subject.updated(end(1, TaskStatus::Failed, 9000)).await;
    subject.updated(end(2, TaskStatus::Completed, 8000)).await;
    let runs = subject.store.last_runs(&jobs(), &[hash("same")]).await.unwrap();
    let last = runs[0].unwrap();
    assert_eq!((last.status, last.finished_at), (TaskStatus::Failed, at(9000)));
}

pub(crate) async fn the_last_run_measures_from_the_hand_out(subject: &Subject) {
    subject.queue([1, 2]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Running).await;
    subject.moved(1, TaskStatus::Completed).await;
    subject.moved(2, TaskStatus::Cancelled).await;
    let runs = subject.store.last_runs(&jobs(), &[hash("hash-1"), hash("hash-2")]).await.unwrap();
    let run = |status, duration_ms| Some(LastRun { finished_at: at(3000), status, duration_ms });
    // Handed out at 1000 s; the other one never was.
    assert_eq!(runs, [run(TaskStatus::Completed, 2_000_000), run(TaskStatus::Cancelled, 0)]);
}

pub(crate) async fn what_rankers_read_is_what_the_task_says(subject: &Subject) {
    let asked = NewTask { base_priority: Some(Priority(-7)), ..new_task(2) };
    subject.push(vec![new_task(1), asked]).await;
    subject.hand_out(1).await;
    let ids = ids(&[2, 99, 1]);
    let mut read = subject.store.facts_by_id(&ids).await.unwrap();
    let tasks = subject.store.tasks_by_id(&ids).await.unwrap();
    let mut expected: Vec<_> = tasks.into_iter().map(StoredFacts::from).collect();
    read.sort_by_key(|facts| facts.id);
    expected.sort_by_key(|facts| facts.id);
    assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    assert_eq!((read.len(), read[0].attempt), (2, 1));
    assert_eq!(read[1].base_priority, Some(Priority(-7)));
}

/// However the tasks asked for lie in the table: side by side, apart, backwards, or not there.
pub(crate) async fn data_comes_in_the_order_of_the_ids(subject: &Subject) {
    // Not stored in the order of their ids.
    subject.queue((1..=900).filter(|number| number % 3 != 0)).await;
    subject.queue((1..=900).filter(|number| number % 3 == 0)).await;
    let together: Vec<u128> = (1..=900).collect();
    let backwards = together.iter().rev().copied().collect();
    let apart = together.iter().step_by(90).copied().collect();
    let with_unknown = (890..910).chain([0, 5, 5]).collect();
    for asked in [together, backwards, apart, with_unknown, vec![7], vec![]] {
        let data = subject.store.data_by_id(&ids(&asked)).await.unwrap();
        let numbers: Vec<_> = data
            .iter()
            .map(|data| {
                let data: serde_json::Value = serde_json::from_str(data.as_ref()?).unwrap();
                data["number"].as_u64().map(u128::from)
            })
            .collect();
        let expected = asked.iter().map(|number| (1..=900).contains(number).then_some(*number));
        assert_eq!(numbers, expected.collect::<Vec<_>>());
    }
}

pub(crate) async fn the_database_answers(subject: &Subject) {
    subject.store.ping().await.unwrap();
}
