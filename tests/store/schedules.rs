//! Schedules.

use hinny_core::{
    ScheduleId,
    schedule::{MissedFire, NewSchedule, Schedule, ScheduleChange},
    store::{ScheduleOutcome, ScheduleWrite, Unit},
    task::{NewTask, ScheduleLink},
};

use super::{
    make::{at, hash, jobs, json, new_schedule, new_task, organisation, schedule_id, scheduler},
    subject::Subject,
};

impl Subject {
    async fn write_schedule(&self, write: ScheduleWrite) -> ScheduleOutcome {
        let unit = Unit { schedules: vec![write], ..Unit::default() };
        self.unit(unit).await.schedules.remove(0)
    }

    /// Writes a schedule; the answer is the schedule afterwards.
    async fn written(&self, write: ScheduleWrite) -> Schedule {
        match self.write_schedule(write).await {
            ScheduleOutcome::Done(Some(schedule)) => *schedule,
            other => panic!("not written: {other:?}"),
        }
    }

    async fn stored(&self, id: ScheduleId) -> Option<String> {
        let schedule = self.store.schedule(id).await.unwrap();
        schedule.map(|schedule| format!("{schedule:#?}"))
    }
}

fn change(number: u32, change: ScheduleChange) -> ScheduleWrite {
    let schedule = schedule_id(u128::from(number));
    ScheduleWrite::Change { schedule, change: Box::new(change), at: at(500) }
}

fn disable(number: u32) -> ScheduleWrite {
    ScheduleWrite::Disable { scheduler: jobs(), hash: hash(&format!("hash-{number}")) }
}

pub(crate) async fn schedules_are_found_by_hash_in_the_order_of_the_question(subject: &Subject) {
    for number in [1, 2] {
        subject.written(ScheduleWrite::Create(new_schedule(number))).await;
    }
    subject.write_schedule(disable(2)).await;
    let elsewhere = NewSchedule { scheduler: scheduler("other"), ..new_schedule(3) };
    subject.written(ScheduleWrite::Create(elsewhere)).await;
    let hashes = [2, 3, 1, 9, 2].map(|number| hash(&format!("hash-{number}")));
    let found = subject.store.schedules_by_hash(&jobs(), &hashes).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|one| one.map(|one| (one.id, one.enabled))).collect();
    let [one, two] = [1, 2].map(schedule_id);
    assert_eq!(found, [Some((two, false)), None, Some((one, true)), None, Some((two, false))]);
    assert!(subject.store.schedules_by_hash(&jobs(), &[]).await.unwrap().is_empty());
}

pub(crate) async fn a_schedule_reads_back_as_it_was_made(subject: &Subject) {
    for (number, missed) in [MissedFire::Once, MissedFire::Skip, MissedFire::All].iter().enumerate()
    {
        let new = NewSchedule {
            missed: *missed,
            data: json("{ \"b\":1,\"a\":2 }"),
            ..new_schedule(u32::try_from(number).unwrap())
        };
        let made = subject.written(ScheduleWrite::Create(new.clone())).await;
        assert_eq!((made.id, made.hash, made.data.get()), (new.id, new.hash, new.data.get()));
        assert_eq!((made.cron, made.time_zone), (new.cron, new.time_zone));
        assert_eq!((made.deadline_at, made.missed), (new.deadline_at, new.missed));
        assert_eq!((made.created_at, made.modified_at), (new.created_at, new.created_at));
        assert!(made.enabled);
        let stored = subject.store.schedule(new.id).await.unwrap().unwrap();
        assert_eq!((stored.missed, stored.data.get()), (*missed, new.data.get()));
    }
}

pub(crate) async fn a_hash_has_one_schedule(subject: &Subject) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    let second = NewSchedule { hash: hash("hash-1"), ..new_schedule(2) };
    let outcome = subject.write_schedule(ScheduleWrite::Create(second)).await;
    assert!(
        matches!(outcome, ScheduleOutcome::HashTaken(id) if id == schedule_id(1)),
        "{outcome:?}"
    );
    assert_eq!(subject.stored(schedule_id(2)).await, None);
}

pub(crate) async fn an_upsert_makes_or_changes(subject: &Subject) {
    let made = subject.written(ScheduleWrite::Upsert(new_schedule(1))).await;
    assert_eq!(made.id, schedule_id(1));
    let again = NewSchedule {
        hash: hash("hash-1"),
        organisation: organisation("other"),
        data: json("2"),
        cron: None,
        time_zone: "UTC".to_owned(),
        deadline_at: None,
        missed: MissedFire::All,
        ..new_schedule(2)
    };
    let changed = subject.written(ScheduleWrite::Upsert(again)).await;
    assert_eq!((changed.id, changed.created_at), (schedule_id(1), at(1)));
    assert_eq!((changed.organisation.as_str(), changed.data.get()), ("other", "2"));
    assert_eq!((&changed.cron, changed.time_zone.as_str()), (&None, "UTC"));
    assert_eq!((changed.deadline_at, changed.missed), (None, MissedFire::All));
    assert_eq!(subject.stored(schedule_id(1)).await, Some(format!("{changed:#?}")));
    assert_eq!(subject.stored(schedule_id(2)).await, None);
}

pub(crate) async fn an_upsert_leaves_a_disabled_schedule_alone(subject: &Subject) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    let disabled = subject.written(disable(1)).await;
    assert!(!disabled.enabled);
    let again = NewSchedule { hash: hash("hash-1"), data: json("2"), ..new_schedule(2) };
    let outcome = subject.written(ScheduleWrite::Upsert(again)).await;
    assert_eq!(format!("{outcome:#?}"), format!("{disabled:#?}"));
    assert_eq!(subject.stored(schedule_id(1)).await, Some(format!("{disabled:#?}")));
}

pub(crate) async fn a_change_changes_what_it_names(subject: &Subject) {
    let made = subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    let mut expected = made;
    expected.modified_at = at(500);
    expected.enabled = false;
    expected.cron = None;
    let named =
        ScheduleChange { enabled: Some(false), cron: Some(None), ..ScheduleChange::default() };
    let changed = subject.written(change(1, named)).await;
    assert_eq!(format!("{changed:#?}"), format!("{expected:#?}"));
    let others = ScheduleChange {
        hash: Some(hash("new")),
        data: Some(json("[]")),
        time_zone: Some("UTC".to_owned()),
        deadline_at: Some(Some(at(77))),
        missed: Some(MissedFire::Once),
        ..ScheduleChange::default()
    };
    let changed = subject.written(change(1, others)).await;
    assert_eq!((changed.hash.as_str(), changed.data.get()), ("new", "[]"));
    assert_eq!((changed.deadline_at, changed.missed), (Some(at(77)), MissedFire::Once));
    assert_eq!(subject.stored(schedule_id(1)).await, Some(format!("{changed:#?}")));
    // The old hash is free, the new one is not.
    let old = NewSchedule { hash: hash("hash-1"), ..new_schedule(2) };
    subject.written(ScheduleWrite::Create(old)).await;
}

pub(crate) async fn a_hash_cannot_be_changed_to_a_taken_one(subject: &Subject) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    subject.written(ScheduleWrite::Create(new_schedule(2))).await;
    let named = ScheduleChange { hash: Some(hash("hash-1")), ..ScheduleChange::default() };
    let outcome = subject.write_schedule(change(2, named)).await;
    assert!(
        matches!(outcome, ScheduleOutcome::HashTaken(id) if id == schedule_id(1)),
        "{outcome:?}"
    );
}

pub(crate) async fn two_schedules_swap_their_hashes_within_a_commit(subject: &Subject) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    subject.written(ScheduleWrite::Create(new_schedule(2))).await;
    let rename = |number, text: &str| {
        change(number, ScheduleChange { hash: Some(hash(text)), ..ScheduleChange::default() })
    };
    let schedules = vec![rename(1, "aside"), rename(2, "hash-1"), rename(1, "hash-2")];
    let outcome = subject.unit(Unit { schedules, ..Unit::default() }).await;
    assert!(outcome.schedules.iter().all(|done| matches!(done, ScheduleOutcome::Done(Some(_)))));
    let one = subject.store.schedule(schedule_id(1)).await.unwrap().unwrap();
    let two = subject.store.schedule(schedule_id(2)).await.unwrap().unwrap();
    assert_eq!((one.hash, two.hash), (hash("hash-2"), hash("hash-1")));
}

pub(crate) async fn a_schedule_that_is_made_and_renamed_in_a_commit_does_not_take_a_hash(
    subject: &Subject,
) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    let rename = |text: &str| {
        change(2, ScheduleChange { hash: Some(hash(text)), ..ScheduleChange::default() })
    };
    let unit = |write| Unit { schedules: vec![write], ..Unit::default() };
    let outcomes = subject
        .units(vec![
            unit(ScheduleWrite::Create(new_schedule(2))),
            unit(rename("hash-1")),
            unit(rename("free")),
        ])
        .await;
    let taken = &outcomes[1].schedules[0];
    assert!(matches!(taken, ScheduleOutcome::HashTaken(id) if *id == schedule_id(1)), "{taken:?}");
    let two = subject.store.schedule(schedule_id(2)).await.unwrap().unwrap();
    assert_eq!(two.hash, hash("free"));
}

pub(crate) async fn a_disabled_schedule_is_not_due(subject: &Subject) {
    subject.written(ScheduleWrite::Create(new_schedule(1))).await;
    subject.written(disable(1)).await;
    assert!(subject.store.due_schedules(&jobs(), at(9999), 10).await.unwrap().is_empty());
}

pub(crate) async fn what_is_not_there_is_not_found(subject: &Subject) {
    let writes = vec![
        change(1, ScheduleChange::default()),
        disable(1),
        ScheduleWrite::Delete(schedule_id(1)),
    ];
    for write in writes {
        let outcome = subject.write_schedule(write).await;
        assert!(matches!(outcome, ScheduleOutcome::NotFound), "{outcome:?}");
    }
}

pub(crate) async fn the_tasks_of_a_deleted_schedule_stay(subject: &Subject) {
    let link = Some(ScheduleLink::Id(schedule_id(1)));
    let unit = Unit {
        schedules: vec![ScheduleWrite::Create(new_schedule(1))],
        pushes: vec![NewTask { schedule: link, ..new_task(1) }],
        ..Unit::default()
    };
    subject.unit(unit).await;
    assert_eq!(subject.task(1).await.schedule, Some(schedule_id(1)));
    let outcome = subject.write_schedule(ScheduleWrite::Delete(schedule_id(1))).await;
    assert!(matches!(outcome, ScheduleOutcome::Done(None)), "{outcome:?}");
    assert_eq!(subject.stored(schedule_id(1)).await, None);
    assert_eq!(subject.task(1).await.schedule, None);
    assert_eq!(subject.hand_out(1).await.schedule, None);
}

pub(crate) async fn due_schedules_come_by_their_deadline(subject: &Subject) {
    for (number, deadline) in [(1, 300), (2, 100), (3, 200), (4, 301)] {
        let new = NewSchedule { deadline_at: Some(at(deadline)), ..new_schedule(number) };
        subject.written(ScheduleWrite::Create(new)).await;
    }
    let never = NewSchedule { deadline_at: None, ..new_schedule(5) };
    subject.written(ScheduleWrite::Create(never)).await;
    let due = subject.store.due_schedules(&jobs(), at(300), 10).await.unwrap();
    let ids: Vec<_> = due.iter().map(|schedule| schedule.id).collect();
    assert_eq!(ids, [schedule_id(2), schedule_id(3), schedule_id(1)]);
    let first = subject.store.due_schedules(&jobs(), at(300), 1).await.unwrap();
    assert_eq!(first[0].id, schedule_id(2));
}
