//! Pushes: new tasks.

use std::time::Duration;

use futures::{FutureExt, future::FusedFuture};
use hinny_core::{
    Priority, TaskStatus,
    store::{PushOutcome, ScheduleWrite, Unit},
    task::{NewTask, RankedBy, ScheduleLink},
};

use super::{
    make::{
        at, hash, jobs, json, new_schedule, new_task, pushes, schedule_id, scheduler, status,
        task_id, update,
    },
    subject::Subject,
};

const PUSHED: PushOutcome = PushOutcome::Pushed { schedule: None };

pub(crate) async fn a_task_reads_back_as_it_was_pushed(subject: &Subject) {
    // White space, escapes and the order of fields are the sender's.
    let data = "{ \"z\":1,\n \"a\": \"\\u00e9 é 'quote' \\\\ \\u0000\", \"big\": 1e400 }";
    let sent = NewTask {
        base_priority: Some(Priority(5)),
        priority: Priority::MIN,
        ranked_by: RankedBy::Fallback(4),
        not_before: Some(at(50)),
        data: json(data),
        hash: hash("dit is 'een' hash €"),
        ..new_task(1)
    };
    assert_eq!(subject.push(vec![sent.clone()]).await, [PUSHED]);
    let task = subject.task(1).await;
    assert_eq!((task.id, task.scheduler, task.schedule), (sent.id, jobs(), None));
    assert_eq!((task.organisation, task.kind), (sent.organisation, sent.kind));
    assert_eq!((task.hash, task.data.get()), (sent.hash, data));
    assert_eq!((task.base_priority, task.priority), (Some(Priority(5)), Priority::MIN));
    assert_eq!((task.ranked_by, task.status), (RankedBy::Fallback(4), TaskStatus::Queued));
    assert_eq!((task.attempt, task.not_before, task.lease_until), (0, Some(at(50)), None));
    assert_eq!((task.worker, task.reason, task.dead), (None, None, false));
    assert_eq!((task.created_at, task.modified_at, task.finished_at), (at(1), at(1), None));
}

pub(crate) async fn a_live_hash_is_taken(subject: &Subject) {
    subject.queue([1]).await;
    let second = NewTask { hash: hash("hash-1"), ..new_task(2) };
    let duplicate = PushOutcome::Duplicate { live: task_id(1) };
    assert_eq!(subject.push(vec![second]).await, [duplicate]);
    assert!(subject.store.tasks_by_id(&[task_id(2)]).await.unwrap().is_empty());
}

pub(crate) async fn of_two_pushes_with_one_hash_in_a_commit_the_first_is_queued(subject: &Subject) {
    let unit = |number| pushes(vec![NewTask { hash: hash("same"), ..new_task(number) }]);
    let outcomes = subject.units(vec![unit(1), unit(2)]).await;
    assert_eq!(outcomes[0].pushes, [PUSHED]);
    assert_eq!(outcomes[1].pushes, [PushOutcome::Duplicate { live: task_id(1) }]);
}

pub(crate) async fn a_task_that_is_sent_twice_is_a_duplicate_of_itself(subject: &Subject) {
    subject.queue([1]).await;
    let duplicate = PushOutcome::Duplicate { live: task_id(1) };
    assert_eq!(subject.push(vec![new_task(1)]).await, [duplicate]);
    assert_eq!(subject.task(1).await.status, TaskStatus::Queued);
}

pub(crate) async fn the_hash_of_a_dispatched_task_is_free(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let second = NewTask { hash: hash("hash-1"), ..new_task(2) };
    assert_eq!(subject.push(vec![second]).await, [PUSHED]);
}

pub(crate) async fn schedulers_do_not_share_hashes(subject: &Subject) {
    subject.queue([1]).await;
    let other = NewTask { scheduler: scheduler("other"), hash: hash("hash-1"), ..new_task(2) };
    assert_eq!(subject.push(vec![other]).await, [PUSHED]);
}

pub(crate) async fn the_id_of_a_finished_task_is_taken(subject: &Subject) {
    subject.queue([1]).await;
    subject.moved(1, TaskStatus::Cancelled).await;
    let again = NewTask { hash: hash("another"), ..new_task(1) };
    assert_eq!(subject.push(vec![again]).await, [PushOutcome::IdTaken]);
    // The hash that it came with is still free.
    let free = NewTask { hash: hash("another"), ..new_task(2) };
    assert_eq!(subject.push(vec![free]).await, [PUSHED]);
}

pub(crate) async fn of_two_pushes_with_one_id_in_a_commit_the_first_is_queued(subject: &Subject) {
    let other = NewTask { hash: hash("another"), ..new_task(1) };
    let outcomes = subject.push(vec![new_task(1), other, new_task(2)]).await;
    assert_eq!(outcomes, [PUSHED, PushOutcome::IdTaken, PUSHED]);
    assert_eq!(subject.task(1).await.hash, hash("hash-1"));
}

pub(crate) async fn a_cancellation_frees_the_hash_within_its_unit(subject: &Subject) {
    subject.queue([1]).await;
    let replace = Unit {
        updates: vec![update(1, status(TaskStatus::Cancelled))],
        pushes: vec![NewTask { hash: hash("hash-1"), ..new_task(2) }],
        ..Unit::default()
    };
    // Also for a unit before the one that cancels: phases go over all units.
    let earlier = pushes(vec![NewTask { hash: hash("hash-1"), ..new_task(3) }]);
    let outcomes = subject.units(vec![earlier, replace]).await;
    assert_eq!(outcomes[0].pushes, [PUSHED]);
    assert_eq!(outcomes[1].pushes, [PushOutcome::Duplicate { live: task_id(3) }]);
    assert_eq!(subject.task(1).await.status, TaskStatus::Cancelled);
}

pub(crate) async fn a_link_leads_to_the_schedule_of_its_hash(subject: &Subject) {
    let link = |number: u32, hash_of: u32| NewTask {
        schedule: Some(ScheduleLink::Hash(hash(&format!("hash-{hash_of}")))),
        ..new_task(number)
    };
    let by_id = NewTask { schedule: Some(ScheduleLink::Id(schedule_id(1))), ..new_task(4) };
    let made = Unit {
        schedules: vec![ScheduleWrite::Create(new_schedule(1))],
        pushes: vec![link(2, 1)],
        ..Unit::default()
    };
    let linked = PushOutcome::Pushed { schedule: Some(schedule_id(1)) };
    // The schedule is made in the same unit, then it is there already.
    assert_eq!(subject.unit(made).await.pushes, std::slice::from_ref(&linked));
    assert_eq!(subject.push(vec![link(3, 1), by_id]).await, [linked.clone(), linked]);
    for number in [2, 3, 4] {
        assert_eq!(subject.task(number).await.schedule, Some(schedule_id(1)));
    }
}

pub(crate) async fn a_link_that_leads_nowhere_is_no_link(subject: &Subject) {
    let links = [ScheduleLink::Hash(hash("none")), ScheduleLink::Id(schedule_id(9))];
    let tasks = links.into_iter().zip(1..);
    let tasks = tasks.map(|(link, number)| NewTask { schedule: Some(link), ..new_task(number) });
    assert_eq!(subject.push(tasks.collect()).await, [PUSHED, PUSHED]);
    assert_eq!(subject.task(1).await.schedule, None);
    assert_eq!(subject.task(2).await.schedule, None);
}

pub(crate) async fn a_commit_of_nothing_does_nothing(subject: &Subject) {
    assert!(subject.units(Vec::new()).await.is_empty());
    let outcome = subject.unit(Unit::default()).await;
    assert!(outcome.pushes.is_empty() && outcome.updates.is_empty() && outcome.claims.is_empty());
}

pub(crate) async fn many_tasks_go_in_with_one_commit(subject: &Subject) {
    let units: Vec<_> = (0..20)
        .map(|unit| pushes((0..500).map(|at| new_task(unit * 500 + at)).collect()))
        .collect();
    let outcomes = subject.units(units).await;
    assert!(outcomes.iter().all(|outcome| outcome.pushes.iter().all(|push| *push == PUSHED)));
    let queued = subject.store.queued_tasks(&jobs(), None, 100_000).await.unwrap();
    assert_eq!(queued.len(), 10_000);
    assert!(queued.iter().zip(0..).all(|(task, number)| task.id == task_id(number)));
}

pub(crate) async fn a_commit_that_nobody_waits_for_holds_up_no_other(subject: &Subject) {
    for looks in 0..6 {
        let number = 10 * looks + 1;
        let mut first = std::pin::pin!(subject.push(vec![new_task(number)]).fuse());
        for _ in 0..looks {
            if futures::poll!(&mut first).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let other = subject.push(vec![new_task(number + 1)]);
        let other = tokio::time::timeout(Duration::from_secs(10), other).await;
        assert_eq!(other.expect("it waits for one that nobody waits for"), [PUSHED], "{looks}");
        if !first.is_terminated() {
            assert_eq!(first.await, [PUSHED], "{looks}");
        }
    }
}
