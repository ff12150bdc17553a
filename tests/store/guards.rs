//! Guards: what must be so for a unit to happen.

use hinny_core::{
    command::StateWrite,
    plugin::{Slot, World},
    store::{EventWrite, Guard, ScheduleWrite, Unit},
    task::Window,
};

use super::{
    make::{at, event_id, jobs, new_schedule, new_task, schedule_id, scheduler},
    subject::Subject,
};

fn first(event: u128) -> Guard {
    Guard::FirstDelivery { scheduler: jobs(), event: event_id(event), at: at(0) }
}

fn guarded(guard: Guard, task: u32) -> Unit {
    Unit { guards: vec![guard], pushes: vec![new_task(task)], ..Unit::default() }
}

fn slot() -> Slot {
    Slot { scheduler: jobs(), world: World::Scheduler }
}

fn state(key: &str, value: Option<&str>, expected: Option<u64>) -> Guard {
    let value = value.map(|value| value.as_bytes().to_vec());
    Guard::State { slot: slot(), write: StateWrite { key: key.to_owned(), value, expected } }
}

fn only(guards: Vec<Guard>) -> Unit {
    Unit { guards, ..Unit::default() }
}

impl Subject {
    /// The guard that refused a unit.
    async fn refused(&self, unit: Unit) -> Option<usize> {
        self.units(vec![unit]).await.remove(0).refused_by
    }

    async fn queued(&self) -> usize {
        self.store.queued_tasks(&jobs(), None, 100).await.unwrap().len()
    }

    async fn value(&self, key: &str) -> Option<(String, u64)> {
        let value = self.store.state(&slot(), key).await.unwrap()?;
        Some((String::from_utf8(value.0).unwrap(), value.1))
    }
}

pub(crate) async fn a_message_is_handled_once(subject: &Subject) {
    assert_eq!(subject.refused(guarded(first(1), 1)).await, None);
    assert_eq!(subject.refused(guarded(first(1), 2)).await, Some(0));
    assert_eq!(subject.queued().await, 1);
}

pub(crate) async fn of_two_units_with_one_message_the_first_happens(subject: &Subject) {
    let outcomes = subject.units(vec![guarded(first(1), 1), guarded(first(1), 2)]).await;
    assert_eq!(outcomes[0].refused_by, None);
    assert_eq!(outcomes[1].refused_by, Some(0));
    assert!(outcomes[1].pushes.is_empty());
    assert_eq!(subject.queued().await, 1);
}

pub(crate) async fn the_same_message_is_new_to_another_scheduler(subject: &Subject) {
    assert_eq!(subject.refused(guarded(first(1), 1)).await, None);
    let other =
        Guard::FirstDelivery { scheduler: scheduler("other"), event: event_id(1), at: at(0) };
    assert_eq!(subject.refused(guarded(other, 2)).await, None);
}

pub(crate) async fn a_unit_that_is_refused_leaves_nothing_behind(subject: &Subject) {
    let mut unit = guarded(first(1), 1);
    unit.guards.push(state("a", Some("x"), None));
    unit.guards.push(state("b", Some("x"), Some(9)));
    unit.schedules.push(ScheduleWrite::Create(new_schedule(1)));
    assert_eq!(subject.refused(unit).await, Some(2));
    assert_eq!(subject.queued().await, 0);
    assert_eq!(subject.value("a").await, None);
    assert!(subject.store.schedule(schedule_id(1)).await.unwrap().is_none());
    // The message is still new.
    assert_eq!(subject.refused(guarded(first(1), 1)).await, None);
}

fn again(event: u128) -> Guard {
    Guard::Delivery { scheduler: jobs(), event: event_id(event), at: at(1) }
}

pub(crate) async fn a_new_delivery_is_handled_although_an_equal_one_was(subject: &Subject) {
    assert_eq!(subject.refused(guarded(first(1), 1)).await, None);
    assert_eq!(subject.refused(guarded(again(1), 2)).await, None);
    let outcomes = subject.units(vec![guarded(again(1), 3), guarded(again(1), 4)]).await;
    assert!(outcomes.iter().all(|outcome| outcome.refused_by.is_none()));
    assert_eq!(subject.queued().await, 4);
    // It leaves a mark, as every delivery does.
    assert_eq!(subject.refused(guarded(again(2), 5)).await, None);
    assert_eq!(subject.refused(guarded(first(1), 6)).await, Some(0));
    assert_eq!(subject.refused(guarded(first(2), 7)).await, Some(0));
}

fn in_doubt(event: u128, moment: i64) -> Guard {
    Guard::DeliveryInDoubt { scheduler: jobs(), event: event_id(event), at: at(moment) }
}

pub(crate) async fn a_delivery_in_doubt_is_refused_by_its_own_mark_only(subject: &Subject) {
    assert_eq!(subject.refused(guarded(again(1), 1)).await, None);
    assert_eq!(subject.refused(guarded(in_doubt(1, 1), 2)).await, Some(0));
    // An equal message, whose first try did not happen.
    let units = vec![guarded(in_doubt(1, 5), 3), guarded(in_doubt(1, 5), 4)];
    let outcomes = subject.units(units).await;
    assert_eq!((outcomes[0].refused_by, outcomes[1].refused_by), (None, Some(0)));
    assert_eq!(subject.refused(guarded(in_doubt(1, 5), 5)).await, Some(0));
    assert_eq!(subject.refused(guarded(first(1), 6)).await, Some(0));
    assert_eq!(subject.queued().await, 2);
}

pub(crate) async fn what_is_unmarked_is_new_again(subject: &Subject) {
    let unmark = |event| EventWrite::Unmark { scheduler: jobs(), event: event_id(event) };
    assert_eq!(subject.refused(guarded(first(1), 1)).await, None);
    assert_eq!(subject.refused(guarded(first(2), 2)).await, None);
    // One that has no mark is unmarked already.
    let unit = Unit { events: vec![unmark(1), unmark(9)], ..Unit::default() };
    assert_eq!(subject.refused(unit).await, None);
    assert_eq!(subject.refused(guarded(first(1), 3)).await, None);
    assert_eq!(subject.refused(guarded(first(2), 4)).await, Some(0));
}

pub(crate) async fn a_mark_goes_after_the_guards_of_its_commit(subject: &Subject) {
    let unmark = EventWrite::Unmark { scheduler: jobs(), event: event_id(1) };
    let units = vec![
        Unit { events: vec![unmark], ..Unit::default() },
        guarded(first(1), 1),
        guarded(first(1), 2),
    ];
    let outcomes = subject.units(units).await;
    let refused: Vec<_> = outcomes.iter().map(|outcome| outcome.refused_by).collect();
    assert_eq!(refused, [None, None, Some(0)]);
    assert_eq!(subject.refused(guarded(first(1), 3)).await, None);
}

pub(crate) async fn a_deadline_moves_once(subject: &Subject) {
    subject
        .unit(Unit { schedules: vec![ScheduleWrite::Create(new_schedule(1))], ..Unit::default() })
        .await;
    let fire =
        || Guard::Deadline { schedule: schedule_id(1), expected: at(101), next: Some(at(5000)) };
    let outcomes = subject.units(vec![guarded(fire(), 1), guarded(fire(), 2)]).await;
    assert_eq!(outcomes[0].refused_by, None);
    assert_eq!(outcomes[1].refused_by, Some(0));
    assert_eq!(subject.refused(guarded(fire(), 3)).await, Some(0));
    let schedule = subject.store.schedule(schedule_id(1)).await.unwrap().unwrap();
    assert_eq!(schedule.deadline_at, Some(at(5000)));
    assert_eq!(subject.queued().await, 1);
}

pub(crate) async fn a_disabled_schedule_has_no_deadline_to_move(subject: &Subject) {
    let made = new_schedule(1);
    let disable = ScheduleWrite::Disable { scheduler: jobs(), hash: made.hash.clone() };
    let schedules = vec![ScheduleWrite::Create(made), disable];
    subject.unit(Unit { schedules, ..Unit::default() }).await;
    let fire = Guard::Deadline { schedule: schedule_id(1), expected: at(101), next: None };
    assert_eq!(subject.refused(only(vec![fire])).await, Some(0));
}

pub(crate) async fn a_value_is_written_only_over_the_expected_revision(subject: &Subject) {
    subject.unit(only(vec![state("a", Some("one"), None)])).await;
    assert_eq!(subject.value("a").await, Some(("one".to_owned(), 1)));
    assert_eq!(subject.refused(only(vec![state("a", Some("two"), Some(2))])).await, Some(0));
    assert_eq!(subject.value("a").await, Some(("one".to_owned(), 1)));
    // Each guard sees what those before it wrote, in this unit and in others.
    let units = vec![
        only(vec![state("a", Some("two"), Some(1)), state("a", Some("three"), Some(2))]),
        only(vec![state("a", Some("late"), Some(1))]),
        only(vec![state("a", Some("four"), Some(3))]),
    ];
    let outcomes = subject.units(units).await;
    let refused: Vec<_> = outcomes.iter().map(|outcome| outcome.refused_by).collect();
    assert_eq!(refused, [None, Some(0), None]);
    assert_eq!(subject.value("a").await, Some(("four".to_owned(), 4)));
}

pub(crate) async fn the_revision_of_a_deleted_value_is_never_used_again(subject: &Subject) {
    subject.unit(only(vec![state("a", Some("one"), None)])).await;
    subject.unit(only(vec![state("a", None, Some(1))])).await;
    assert_eq!(subject.value("a").await, None);
    subject.unit(only(vec![state("a", Some("two"), Some(0))])).await;
    let (_, revision) = subject.value("a").await.unwrap();
    assert!(revision > 1, "{revision}");
    assert_eq!(subject.refused(only(vec![state("a", Some("x"), Some(1))])).await, Some(0));
}

pub(crate) async fn a_value_that_must_not_exist_is_made_once(subject: &Subject) {
    for key in ["a", "", "'", "\u{0}", "a\u{0}b", "a\u{0}c", "\u{1f980}"] {
        let make = || only(vec![state(key, Some("x"), Some(0))]);
        assert_eq!(subject.refused(make()).await, None, "{key:?}");
        assert_eq!(subject.refused(make()).await, Some(0), "{key:?}");
        assert_eq!(subject.value(key).await, Some(("x".to_owned(), 1)), "{key:?}");
    }
}

pub(crate) async fn values_of_different_plugins_do_not_meet(subject: &Subject) {
    subject.unit(only(vec![state("a", Some("x"), None)])).await;
    let ranker = Slot { scheduler: jobs(), world: World::Ranker };
    let other = Slot { scheduler: scheduler("other"), world: World::Scheduler };
    for slot in [ranker, other] {
        assert_eq!(subject.store.state(&slot, "a").await.unwrap(), None);
    }
    // Nor with anything else that is stored.
    let window = Window { offset: 0, limit: 10, count_max: None };
    assert_eq!(subject.store.list_kept_events(None, None, window).await.unwrap().count, 0);
}
