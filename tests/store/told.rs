//! Ends that schedulers are told of.

use hinny_core::{
    EventId, TaskStatus,
    event::finished_event,
    status::StatusRule,
    store::{Guard, TaskUpdate, Unit},
};

use super::{
    make::{at, jobs, new_task, scheduler, status, task_id, update},
    subject::Subject,
};

impl Subject {
    /// The numbers of the tasks that are to be told.
    async fn untold(&self) -> Vec<u128> {
        let tasks = self.store.untold_finished(&jobs(), 100).await.unwrap();
        tasks.iter().map(|task| task.id.0.as_u128()).collect()
    }

    /// Hands a task out and ends it at a moment.
    async fn end(&self, number: u32, moment: i64) {
        self.hand_out(number).await;
        let end = update(number, status(TaskStatus::Completed));
        self.updated(TaskUpdate { at: at(moment), ..end }).await;
    }

    /// Whether this is the first delivery of a message.
    async fn first(&self, event: EventId) -> bool {
        let guard = Guard::FirstDelivery { scheduler: jobs(), event, at: at(5000) };
        let outcomes = self.units(vec![Unit { guards: vec![guard], ..Unit::default() }]).await;
        outcomes[0].refused_by.is_none()
    }
}

pub(crate) async fn ended_tasks_are_kept_until_they_are_told(subject: &Subject) {
    subject.tell_finished(&jobs());
    subject.queue(1..=5).await;
    for (number, moment) in [(2, 3002), (1, 3003), (3, 3001)] {
        subject.end(number, moment).await;
    }
    // So are those that end without having been handed out; not those that have not ended.
    subject.moved(4, TaskStatus::Cancelled).await;
    subject.hand_out(5).await;
    assert_eq!(subject.untold().await, [4, 3, 2, 1], "by the time of their end");
    let two = subject.store.untold_finished(&jobs(), 2).await.unwrap();
    assert_eq!(two.len(), 2);
    assert_eq!(two[0].status, TaskStatus::Cancelled);
    assert!(subject.first(finished_event(task_id(3), 1)).await);
    assert_eq!(subject.untold().await, [4, 2, 1]);
    // A unit that is refused tells nobody.
    let guards = [finished_event(task_id(2), 1), finished_event(task_id(3), 1)]
        .map(|event| Guard::FirstDelivery { scheduler: jobs(), event, at: at(5000) });
    let outcomes = subject.units(vec![Unit { guards: guards.to_vec(), ..Unit::default() }]).await;
    assert_eq!(outcomes[0].refused_by, Some(1));
    assert_eq!(subject.untold().await, [4, 2, 1]);
}

pub(crate) async fn schedulers_that_do_not_want_to_know_cost_nothing(subject: &Subject) {
    subject.tell_finished(&scheduler("other"));
    subject.queue([1, 2]).await;
    subject.end(1, 3000).await;
    assert!(subject.untold().await.is_empty());
    // From the moment on that it wants to know.
    subject.tell_finished(&jobs());
    subject.end(2, 3000).await;
    assert_eq!(subject.untold().await, [2]);
}

pub(crate) async fn an_end_is_told_once(subject: &Subject) {
    subject.tell_finished(&jobs());
    subject.queue([1]).await;
    subject.end(1, 3000).await;
    let told = finished_event(task_id(1), 1);
    assert!(subject.first(told).await);
    assert!(!subject.first(told).await);
    // Reports after the end do not bring it back, whatever they say.
    for end in [TaskStatus::Completed, TaskStatus::Failed] {
        let again = TaskUpdate { rule: StatusRule::Open, ..update(1, status(end)) };
        subject.updated(again).await;
        assert!(subject.untold().await.is_empty(), "{end}");
    }
    // Another attempt has an end of its own.
    let back = TaskUpdate { rule: StatusRule::Open, ..update(1, status(TaskStatus::Queued)) };
    subject.updated(back).await;
    subject.end(1, 4000).await;
    assert_eq!(subject.untold().await, [1]);
    assert!(subject.first(finished_event(task_id(1), 2)).await);
    assert!(subject.untold().await.is_empty());
}

pub(crate) async fn a_task_that_is_opened_again_is_not_told(subject: &Subject) {
    subject.tell_finished(&jobs());
    subject.queue([1]).await;
    subject.end(1, 3000).await;
    let back = TaskUpdate { rule: StatusRule::Open, ..update(1, status(TaskStatus::Queued)) };
    subject.updated(back).await;
    assert!(subject.untold().await.is_empty());
    // Opened and ended within one commit, it has ended.
    subject.push(vec![new_task(2)]).await;
    subject.end(2, 3000).await;
    let step = |to| TaskUpdate { rule: StatusRule::Open, ..update(2, status(to)) };
    let updates = vec![step(TaskStatus::Running), step(TaskStatus::Failed)];
    subject.unit(Unit { updates, ..Unit::default() }).await;
    assert_eq!(subject.untold().await, [2]);
}
