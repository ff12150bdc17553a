//! The maintained counts, and what is tidied up.

use std::collections::BTreeMap;

use hinny_core::{
    Organisation, SchedulerId, TaskStatus, Timestamp,
    status::StatusRule,
    store::{Claim, Guard, TaskUpdate, Unit},
    task::{NewTask, TaskChange, TaskQuery, Window},
};

use super::{
    make::{
        at, claim, event_id, hash, jobs, new_task, organisation, pushes, scheduler, status,
        task_id, update,
    },
    subject::Subject,
};

const HOUR: i64 = 3600;

/// Counts by everything but the hour.
type Sums = BTreeMap<(SchedulerId, Organisation, TaskStatus), i64>;

impl Subject {
    async fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for row in self.store.counts().await.unwrap() {
            *sums.entry((row.scheduler, row.organisation, row.status)).or_default() += row.count;
        }
        sums.retain(|_, count| *count != 0);
        sums
    }

    /// What the counts must say, from the tasks themselves.
    async fn counted(&self) -> Sums {
        let window = Window { offset: 0, limit: 100_000, count_max: None };
        let page = self.store.list_tasks(&TaskQuery::default(), window).await.unwrap();
        let mut sums = Sums::new();
        for task in page.items {
            *sums.entry((task.scheduler, task.organisation, task.status)).or_default() += 1;
        }
        sums
    }

    async fn by_hour(&self) -> Vec<(Timestamp, TaskStatus, i64)> {
        let rows = self.store.counts().await.unwrap();
        let mut rows: Vec<_> =
            rows.into_iter().map(|row| (row.hour, row.status, row.count)).collect();
        rows.sort();
        rows
    }

    async fn is_first(&self, event: u128, moment: i64) -> bool {
        let guard =
            Guard::FirstDelivery { scheduler: jobs(), event: event_id(event), at: at(moment) };
        let outcomes = self.units(vec![Unit { guards: vec![guard], ..Unit::default() }]).await;
        outcomes[0].refused_by.is_none()
    }
}

pub(crate) async fn counts_follow_every_task(subject: &Subject) {
    assert_eq!(subject.sums().await, Sums::new());
    let other = NewTask { organisation: organisation("other"), ..new_task(4) };
    subject.queue(1..=3).await;
    subject.push(vec![other, NewTask { scheduler: scheduler("x"), ..new_task(5) }]).await;
    subject.hand_out(1).await;
    subject.hand_out(2).await;
    subject.moved(2, TaskStatus::Failed).await;
    let change = TaskChange { organisation: Some(organisation("other")), ..TaskChange::default() };
    subject.updated(update(3, change)).await;
    let key = |of: &str, who: &str, status| (scheduler(of), organisation(who), status);
    let expected = Sums::from([
        (key("jobs", "acme", TaskStatus::Dispatched), 1),
        (key("jobs", "acme", TaskStatus::Failed), 1),
        (key("jobs", "other", TaskStatus::Queued), 2),
        (key("x", "acme", TaskStatus::Queued), 1),
    ]);
    assert_eq!(subject.sums().await, expected);
    assert_eq!(subject.counted().await, expected);
}

pub(crate) async fn counts_are_by_the_hour_of_modification(subject: &Subject) {
    let pushed = |number, moment| NewTask { created_at: at(moment), ..new_task(number) };
    subject.push(vec![pushed(1, 0), pushed(2, HOUR - 1), pushed(3, HOUR)]).await;
    assert_eq!(
        subject.by_hour().await,
        [(at(0), TaskStatus::Queued, 2), (at(HOUR), TaskStatus::Queued, 1)],
        "an hour starts with its first moment"
    );
    // A hand-out moves it, an end does not.
    subject.claim(Claim { at: at(2 * HOUR + 5), ..claim(1) }).await;
    subject
        .updated(TaskUpdate { at: at(9 * HOUR), ..update(1, status(TaskStatus::Completed)) })
        .await;
    assert_eq!(
        subject.by_hour().await,
        [
            (at(0), TaskStatus::Queued, 1),
            (at(HOUR), TaskStatus::Queued, 1),
            (at(2 * HOUR), TaskStatus::Completed, 1)
        ]
    );
}

pub(crate) async fn tidying_keeps_the_sums(subject: &Subject) {
    let tasks = (1..=20)
        .map(|number| NewTask { created_at: at(i64::from(number) * HOUR), ..new_task(number) });
    subject.push(tasks.collect()).await;
    let before = subject.sums().await;
    subject.store.tidy(at(10 * HOUR)).await.unwrap();
    assert_eq!(subject.sums().await, before);
    let hours = subject.by_hour().await;
    assert_eq!(hours.len(), 1 + 11, "{hours:?}");
    assert_eq!(hours[0], (Timestamp::MIN, TaskStatus::Queued, 9));
    // A task of an hour that was merged leaves it, and the next time that is merged, too.
    subject.claim(Claim { at: at(30 * HOUR), ..claim(1) }).await;
    assert_eq!(subject.sums().await, subject.counted().await);
    subject.store.tidy(at(10 * HOUR)).await.unwrap();
    assert_eq!(subject.sums().await, subject.counted().await);
    assert_eq!(subject.by_hour().await[0], (Timestamp::MIN, TaskStatus::Queued, 8));
    // What is listed is counted by the same rows.
    let query = TaskQuery { status: Some(TaskStatus::Queued), ..TaskQuery::default() };
    assert_eq!(subject.found(&query).await.len(), 19);
}

pub(crate) async fn tidying_forgets_old_marks(subject: &Subject) {
    for (event, moment) in [(1, 99), (2, 100), (3, 101)] {
        assert!(subject.is_first(event, moment).await);
    }
    subject.store.tidy(at(100)).await.unwrap();
    assert!(subject.is_first(1, 102).await, "from before");
    assert!(!subject.is_first(2, 102).await);
    assert!(!subject.is_first(3, 102).await);
    // More than one transaction forgets.
    let many = || {
        let first =
            |event| Guard::FirstDelivery { scheduler: jobs(), event: event_id(event), at: at(5) };
        let units =
            (100..12_100).map(|event| Unit { guards: vec![first(event)], ..Unit::default() });
        units.collect::<Vec<_>>()
    };
    for _ in 0..2 {
        let outcomes = subject.units(many()).await;
        assert!(outcomes.iter().all(|outcome| outcome.refused_by.is_none()));
        subject.store.tidy(at(6)).await.unwrap();
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 11) % u64::from(sides)).unwrap()
    }

    pub(crate) fn unit(&mut self) -> Unit {
        let number = self.roll(40);
        let moment = at(i64::from(self.roll(5)) * HOUR);
        let own_hash = hash(&format!("hash-{}", self.roll(12)));
        match self.roll(6) {
            0 | 1 => pushes(vec![NewTask {
                hash: own_hash,
                organisation: organisation(["a", "b"][self.roll(2) as usize]),
                created_at: moment,
                ..new_task(number)
            }]),
            2 => Unit { claims: vec![Claim { at: moment, ..claim(number) }], ..Unit::default() },
            kind => Unit { updates: vec![self.update(kind, number, moment)], ..Unit::default() },
        }
    }

    fn update(&mut self, kind: u32, number: u32, moment: Timestamp) -> TaskUpdate {
        let to = TaskStatus::ALL[self.roll(7) as usize];
        let mut change = status(to);
        match self.roll(6) {
            0 => change.hash = Some(hash(&format!("hash-{}", self.roll(12)))),
            1 => change.organisation = Some(organisation("b")),
            2 => change.modified_at = Some(at(i64::from(self.roll(5)) * HOUR)),
            3 => change.status = None,
            _ => {}
        }
        let rule = if kind == 3 { StatusRule::Strict } else { StatusRule::Open };
        TaskUpdate { rule, at: moment, ..update(number, change) }
    }
}

pub(crate) async fn counts_equal_the_tasks_after_any_operations(subject: &Subject) {
    subject.tell_finished(&jobs());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..150 {
        let units = (0..=dice.roll(12)).map(|_| dice.unit()).collect();
        subject.units(units).await;
        if dice.roll(10) == 0 {
            subject.store.tidy(at(i64::from(dice.roll(5)) * HOUR)).await.unwrap();
        }
        assert_eq!(subject.sums().await, subject.counted().await, "round {round}");
        subject.agrees_with_itself(round).await;
    }
}

impl Subject {
    /// What is stored beside the tasks says the same as the tasks.
    async fn agrees_with_itself(&self, round: u32) {
        let window = Window { offset: 0, limit: 100_000, count_max: None };
        let tasks = self.store.list_tasks(&TaskQuery::default(), window).await.unwrap().items;
        let queued = self.store.queued_tasks(&jobs(), None, 1000).await.unwrap();
        let mut live = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.status == TaskStatus::Queued) {
            assert_eq!(live.insert(task.hash.clone(), task.id), None, "round {round}: two live");
        }
        assert_eq!(queued.len(), live.len(), "round {round}");
        for (hash, id) in live {
            // A push of it is refused and changes nothing.
            let again = NewTask { hash, ..new_task(1_000_000) };
            let duplicate = hinny_core::store::PushOutcome::Duplicate { live: id };
            assert_eq!(self.push(vec![again]).await, [duplicate], "round {round}");
        }
        for status in TaskStatus::ALL {
            let query = TaskQuery { status: Some(status), ..TaskQuery::default() };
            let expected = tasks.iter().filter(|task| task.status == status).count();
            assert_eq!(self.found(&query).await.len(), expected, "round {round}: {status}");
        }
        let untold = self.store.untold_finished(&jobs(), 1000).await.unwrap();
        let ended = tasks.iter().filter(|task| task.status.is_terminal()).count();
        assert_eq!(untold.len(), ended, "round {round}: untold");
        for task in &tasks {
            let steps = self.store.task_events(task.id).await.unwrap();
            assert_eq!(steps.last().map(|step| step.status), Some(task.status), "round {round}");
        }
        assert!(self.store.tasks_by_id(&[task_id(1_000_000)]).await.unwrap().is_empty());
    }
}
