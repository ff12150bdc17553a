//! Updates: what a report or a person changes of a task.

use hinny_core::{
    Priority, TaskStatus,
    status::StatusRule,
    store::{ScheduleWrite, TaskUpdate, Unit, UpdateOutcome},
    task::{NewTask, TaskChange},
};

use super::{
    make::{
        at, hash, json, new_schedule, new_task, organisation, schedule_id, shown, status, task_id,
        update,
    },
    subject::Subject,
};

fn open(number: u32, to: TaskStatus) -> TaskUpdate {
    TaskUpdate { rule: StatusRule::Open, ..update(number, status(to)) }
}

pub(crate) async fn an_unknown_task_is_not_found(subject: &Subject) {
    let outcome = subject.update(update(1, status(TaskStatus::Running))).await;
    assert!(matches!(outcome, UpdateOutcome::NotFound));
}

pub(crate) async fn a_move_that_the_table_lacks_is_illegal(subject: &Subject) {
    subject.queue([1]).await;
    let outcome = subject.update(update(1, status(TaskStatus::Completed))).await;
    let UpdateOutcome::Illegal(illegal) = outcome else { panic!("{outcome:?}") };
    assert_eq!((illegal.from, illegal.to), (TaskStatus::Queued, TaskStatus::Completed));
    assert_eq!(subject.task(1).await.status, TaskStatus::Queued);
}

pub(crate) async fn the_open_rule_takes_any_move(subject: &Subject) {
    subject.queue([1]).await;
    for to in TaskStatus::ALL {
        for back in TaskStatus::ALL {
            subject.updated(open(1, to)).await;
            assert_eq!(subject.updated(open(1, back)).await.status, back);
        }
    }
    // Whatever the way was, the queue knows it again.
    subject.updated(open(1, TaskStatus::Queued)).await;
    assert_eq!(subject.hand_out(1).await.attempt, 1);
}

pub(crate) async fn a_report_on_an_old_attempt_is_stale(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Queued).await;
    subject.hand_out(1).await;
    let report = |attempt| TaskChange { attempt: Some(attempt), ..status(TaskStatus::Completed) };
    let outcome = subject.update(update(1, report(1))).await;
    assert!(matches!(outcome, UpdateOutcome::Stale { current: 2 }), "{outcome:?}");
    assert_eq!(subject.task(1).await.status, TaskStatus::Dispatched);
    assert_eq!(subject.updated(update(1, report(2))).await.status, TaskStatus::Completed);
}

pub(crate) async fn an_update_waits_for_its_status(subject: &Subject) {
    subject.queue([1]).await;
    let only = |from: &[TaskStatus]| TaskUpdate {
        only_from: from.to_vec(),
        ..update(1, status(TaskStatus::Cancelled))
    };
    let outcome = subject.update(only(&[TaskStatus::Dispatched, TaskStatus::Running])).await;
    assert!(matches!(outcome, UpdateOutcome::NotNow(TaskStatus::Queued)), "{outcome:?}");
    subject.updated(only(&[TaskStatus::Pending, TaskStatus::Queued])).await;
}

pub(crate) async fn a_lease_that_has_not_ended_keeps_its_task(subject: &Subject) {
    subject.queue([1]).await;
    let lost =
        |by| TaskUpdate { lease_ended_by: Some(at(by)), ..update(1, status(TaskStatus::Queued)) };
    // It is queued and has no lease at all.
    let outcome = subject.update(lost(9999)).await;
    assert!(matches!(outcome, UpdateOutcome::NotNow(TaskStatus::Queued)), "{outcome:?}");
    subject.hand_out(1).await;
    let outcome = subject.update(lost(1999)).await;
    assert!(matches!(outcome, UpdateOutcome::NotNow(TaskStatus::Dispatched)), "{outcome:?}");
    assert_eq!(subject.updated(lost(2000)).await.status, TaskStatus::Queued);
}

pub(crate) async fn a_finished_task_is_closed(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Running).await;
    let change = TaskChange { reason: Some("no route".to_owned()), ..status(TaskStatus::Failed) };
    let outcome = subject.update(update(1, change)).await;
    let UpdateOutcome::Updated { from, task } = outcome else { panic!("{outcome:?}") };
    assert_eq!(from, TaskStatus::Running);
    assert_eq!((task.status, task.finished_at), (TaskStatus::Failed, Some(at(3000))));
    assert_eq!((task.lease_until, task.reason.as_deref()), (None, Some("no route")));
    assert_eq!(shown(&subject.task(1).await), shown(&task));
    let outcome = subject.update(update(1, status(TaskStatus::Queued))).await;
    assert!(matches!(outcome, UpdateOutcome::Illegal(_)), "{outcome:?}");
}

pub(crate) async fn a_repeated_report_changes_nothing(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Completed).await;
    let before = subject.task(1).await;
    let late = TaskUpdate { at: at(9000), ..update(1, status(TaskStatus::Completed)) };
    let outcome = subject.update(late).await;
    let UpdateOutcome::Updated { from, task } = outcome else { panic!("{outcome:?}") };
    assert_eq!(from, TaskStatus::Completed);
    assert_eq!(shown(&task), shown(&before));
    assert_eq!(subject.store.task_events(task_id(1)).await.unwrap().len(), 3);
}

pub(crate) async fn a_task_that_comes_back_waits_for_its_time(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let back = TaskChange {
        not_before: Some(at(3060)),
        reason: Some("the worker was lost".to_owned()),
        ..status(TaskStatus::Queued)
    };
    let task = subject.updated(update(1, back)).await;
    assert_eq!((task.status, task.not_before), (TaskStatus::Queued, Some(at(3060))));
    assert_eq!((task.lease_until, task.attempt), (None, 1));
    assert_eq!(shown(&subject.task(1).await), shown(&task));
    // It is the live task of its hash again.
    let second = NewTask { hash: hash("hash-1"), ..new_task(2) };
    let duplicate = hinny_core::store::PushOutcome::Duplicate { live: task_id(1) };
    assert_eq!(subject.push(vec![second]).await, [duplicate]);
}

pub(crate) async fn a_task_cannot_come_back_beside_a_live_one(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.push(vec![NewTask { hash: hash("hash-1"), ..new_task(2) }]).await;
    let outcome = subject.update(update(1, status(TaskStatus::Queued))).await;
    assert!(
        matches!(outcome, UpdateOutcome::Duplicate { live } if live == task_id(2)),
        "{outcome:?}"
    );
    assert_eq!(subject.task(1).await.status, TaskStatus::Dispatched);
    // In one commit with the end of the other it can.
    let updates =
        vec![update(2, status(TaskStatus::Cancelled)), update(1, status(TaskStatus::Queued))];
    let outcome = subject.unit(Unit { updates, ..Unit::default() }).await;
    assert!(matches!(outcome.updates[1], UpdateOutcome::Updated { .. }), "{outcome:?}");
}

pub(crate) async fn a_hash_cannot_be_changed_to_a_live_one(subject: &Subject) {
    subject.queue([1, 2]).await;
    let change = TaskChange { hash: Some(hash("hash-1")), ..TaskChange::default() };
    let outcome = subject.update(update(2, change.clone())).await;
    assert!(
        matches!(outcome, UpdateOutcome::Duplicate { live } if live == task_id(1)),
        "{outcome:?}"
    );
    // A task off the queue may have the hash of a live one.
    subject.hand_out(2).await;
    assert_eq!(subject.updated(update(2, change)).await.hash, hash("hash-1"));
}

pub(crate) async fn a_changed_hash_moves_the_live_task(subject: &Subject) {
    subject.queue([1]).await;
    let change = TaskChange { hash: Some(hash("new")), ..TaskChange::default() };
    subject.updated(update(1, change)).await;
    let pushed = |number, text: &str| NewTask { hash: hash(text), ..new_task(number) };
    let outcomes = subject.push(vec![pushed(2, "new"), pushed(3, "hash-1")]).await;
    assert_eq!(
        outcomes,
        [
            hinny_core::store::PushOutcome::Duplicate { live: task_id(1) },
            hinny_core::store::PushOutcome::Pushed { schedule: None },
        ]
    );
}

pub(crate) async fn the_fields_that_are_sent_change(subject: &Subject) {
    let schedules = vec![ScheduleWrite::Create(new_schedule(5))];
    subject.unit(Unit { schedules, ..Unit::default() }).await;
    subject.queue([1]).await;
    let before = subject.task(1).await;
    assert_eq!(
        shown(&subject.updated(update(1, TaskChange::default())).await),
        shown(&before),
        "nothing is sent, nothing changes"
    );
    let change = TaskChange {
        data: Some(json("[ 1 ]")),
        organisation: Some(organisation("other")),
        schedule: Some(Some(schedule_id(5))),
        created_at: Some(at(7)),
        modified_at: Some(at(8)),
        ..TaskChange::default()
    };
    let task = subject.updated(update(1, change)).await;
    assert_eq!((task.data.get(), task.schedule), ("[ 1 ]", Some(schedule_id(5))));
    assert_eq!(task.organisation, organisation("other"));
    assert_eq!((task.created_at, task.modified_at), (at(7), at(8)));
    assert_eq!(shown(&subject.task(1).await), shown(&task));
    let cut = TaskChange { schedule: Some(None), ..TaskChange::default() };
    assert_eq!(subject.updated(update(1, cut)).await.schedule, None);
}

pub(crate) async fn a_priority_is_what_was_asked_for(subject: &Subject) {
    subject.queue([1]).await;
    let change = TaskChange { priority: Some(Priority(-3)), ..TaskChange::default() };
    subject.updated(update(1, change)).await;
    let task = subject.task(1).await;
    assert_eq!((task.base_priority, task.priority), (Some(Priority(-3)), Priority(-3)));
}

pub(crate) async fn a_heartbeat_only_moves_the_lease(subject: &Subject) {
    subject.queue([1, 2]).await;
    subject.hand_out(1).await;
    let beat = |number| {
        let change = TaskChange { lease_until: Some(at(4000)), ..TaskChange::default() };
        update(number, change)
    };
    let mut expected = subject.task(1).await;
    expected.lease_until = Some(at(4000));
    assert_eq!(shown(&subject.updated(beat(1)).await), shown(&expected));
    assert_eq!(subject.store.task_events(task_id(1)).await.unwrap().len(), 2);
    // Nobody holds this one.
    assert_eq!(subject.updated(beat(2)).await.lease_until, None);
}

pub(crate) async fn a_reason_without_a_move_is_a_step_too(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let reason = TaskChange { reason: Some("half way".to_owned()), ..TaskChange::default() };
    let task = subject.updated(update(1, reason)).await;
    assert_eq!((task.status, task.reason.as_deref()), (TaskStatus::Dispatched, Some("half way")));
    let steps = subject.store.task_events(task_id(1)).await.unwrap();
    let last = steps.last().unwrap();
    assert_eq!((steps.len(), last.status, last.at), (3, TaskStatus::Dispatched, at(3000)));
    assert_eq!(last.reason.as_deref(), Some("half way"));
}

pub(crate) async fn a_task_that_is_given_up_says_so(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let change = TaskChange { dead: true, ..status(TaskStatus::Failed) };
    assert!(subject.updated(update(1, change)).await.dead);
    assert!(subject.task(1).await.dead);
    // A person who opens it again takes it back.
    assert!(!subject.updated(open(1, TaskStatus::Queued)).await.dead);
}

pub(crate) async fn updates_of_one_task_in_a_commit_follow_each_other(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let unit = |to| Unit { updates: vec![update(1, status(to))], ..Unit::default() };
    let outcomes = subject
        .units(vec![
            unit(TaskStatus::Running),
            unit(TaskStatus::Completed),
            unit(TaskStatus::Running),
        ])
        .await;
    assert!(matches!(
        outcomes[1].updates[..],
        [UpdateOutcome::Updated { from: TaskStatus::Running, .. }]
    ));
    assert!(matches!(outcomes[2].updates[..], [UpdateOutcome::Illegal(_)]));
    let steps = subject.store.task_events(task_id(1)).await.unwrap();
    let statuses: Vec<_> = steps.iter().map(|step| step.status).collect();
    let expected =
        [TaskStatus::Queued, TaskStatus::Dispatched, TaskStatus::Running, TaskStatus::Completed];
    assert_eq!(statuses, expected);
}

pub(crate) async fn the_time_of_modification_stays(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Running).await;
    assert_eq!(subject.moved(1, TaskStatus::Completed).await.modified_at, at(1000));
}

pub(crate) async fn a_link_to_a_schedule_that_is_not_there_is_dropped(subject: &Subject) {
    subject.queue([1]).await;
    let change = TaskChange { schedule: Some(Some(schedule_id(9))), ..TaskChange::default() };
    assert_eq!(subject.updated(update(1, change)).await.schedule, None);
}
