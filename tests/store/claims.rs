//! Claims: tasks handed to workers.

use hinny_core::{
    Priority, TaskStatus,
    store::{Claim, ClaimOutcome, Unit},
    task::RankedBy,
};

use super::{
    make::{at, claim, shown},
    subject::Subject,
};

pub(crate) async fn a_claimed_task_comes_as_it_was_with_attempt_lease_and_rank(subject: &Subject) {
    subject.queue([1]).await;
    let mut before = subject.task(1).await;
    let handed_out = subject.hand_out(1).await;
    before.attempt = 1;
    before.lease_until = Some(at(2000));
    before.priority = Priority(-7);
    before.ranked_by = RankedBy::Generation(3);
    assert_eq!(shown(&handed_out), shown(&before));
}

pub(crate) async fn a_claim_is_stored(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    let task = subject.task(1).await;
    assert_eq!((task.status, task.attempt), (TaskStatus::Dispatched, 1));
    assert_eq!((task.priority, task.ranked_by), (Priority(-7), RankedBy::Generation(3)));
    assert_eq!((task.worker.as_deref(), task.lease_until), (Some("worker-1"), Some(at(2000))));
    assert_eq!((task.modified_at, task.created_at), (at(1000), at(1)));
}

pub(crate) async fn a_worker_may_call_itself_anything(subject: &Subject) {
    let names = ["", "'; --", "\"\\", "\u{0}a\u{0}", "\u{1f980}\u{200b}\u{7}", "null", "12"];
    subject.queue(1..8).await;
    for (name, number) in names.into_iter().zip(1..) {
        subject.claim(Claim { worker: Some(name.to_owned()), ..claim(number) }).await;
        assert_eq!(subject.task(number).await.worker.as_deref(), Some(name), "{name:?}");
    }
}

pub(crate) async fn a_task_is_handed_out_once(subject: &Subject) {
    subject.queue([1]).await;
    let unit = || Unit { claims: vec![claim(1)], ..Unit::default() };
    let outcomes = subject.units(vec![unit(), unit()]).await;
    assert!(matches!(outcomes[0].claims[..], [ClaimOutcome::Claimed(_)]));
    assert!(matches!(outcomes[1].claims[..], [ClaimOutcome::Gone]));
    assert!(matches!(subject.claim(claim(1)).await, ClaimOutcome::Gone));
    assert_eq!(subject.task(1).await.attempt, 1);
}

pub(crate) async fn what_is_not_queued_is_gone(subject: &Subject) {
    subject.queue([1, 2]).await;
    subject.moved(1, TaskStatus::Cancelled).await;
    let claims = vec![claim(1), claim(2), claim(3)];
    let outcome = subject.unit(Unit { claims, ..Unit::default() }).await;
    assert!(matches!(
        outcome.claims[..],
        [ClaimOutcome::Gone, ClaimOutcome::Claimed(_), ClaimOutcome::Gone]
    ));
}

pub(crate) async fn a_task_that_comes_back_is_handed_out_again(subject: &Subject) {
    subject.queue([1]).await;
    subject.hand_out(1).await;
    subject.moved(1, TaskStatus::Queued).await;
    let second = Claim { worker: None, lease_until: None, ..claim(1) };
    let ClaimOutcome::Claimed(task) = subject.claim(second).await else { panic!("gone") };
    assert_eq!((task.attempt, task.lease_until), (2, None));
    let stored = subject.task(1).await;
    assert_eq!((stored.attempt, stored.worker), (2, None));
}
