//! Lists of tasks and schedules.

use hinny_core::{
    TaskStatus, TaskType,
    schedule::{NewSchedule, ScheduleQuery},
    store::{ScheduleWrite, Unit},
    task::{NewTask, TaskChange, TaskQuery, Window},
};
use serde_json::json;

use super::{
    make::{
        at, condition, hash, jobs, new_schedule, new_task, organisation, scheduler, status, update,
    },
    subject::Subject,
};

const ALL: Window = Window { offset: 0, limit: 1000, count_max: None };

impl Subject {
    /// The numbers of the tasks on a page, and the count.
    pub(crate) async fn page(&self, query: &TaskQuery, window: Window) -> (u64, Vec<u128>) {
        let page = self.store.list_tasks(query, window).await.unwrap();
        (page.count, page.items.iter().map(|task| task.id.0.as_u128()).collect())
    }

    /// The numbers of all tasks that match; the count must say the same.
    pub(crate) async fn found(&self, query: &TaskQuery) -> Vec<u128> {
        let (count, numbers) = self.page(query, ALL).await;
        assert_eq!(count, u64::try_from(numbers.len()).unwrap(), "count of {query:?}");
        numbers
    }

    /// The numbers of all schedules that match; the count must say the same.
    pub(crate) async fn found_schedules(&self, query: &ScheduleQuery) -> Vec<u128> {
        let page = self.store.list_schedules(query, ALL).await.unwrap();
        assert_eq!(page.count, u64::try_from(page.items.len()).unwrap());
        page.items.iter().map(|schedule| schedule.id.0.as_u128()).collect()
    }
}

pub(crate) async fn tasks_are_listed_newest_first(subject: &Subject) {
    subject.queue([2, 3, 1]).await;
    assert_eq!(subject.found(&TaskQuery::default()).await, [3, 2, 1]);
}

pub(crate) async fn tasks_of_one_moment_are_listed_by_id(subject: &Subject) {
    let tasks = [2, 3, 1].map(|number| NewTask { created_at: at(0), ..new_task(number) });
    subject.push(tasks.to_vec()).await;
    assert_eq!(subject.found(&TaskQuery::default()).await, [3, 2, 1]);
}

pub(crate) async fn a_window_passes_over_and_stops(subject: &Subject) {
    subject.queue(1..=9).await;
    let query = TaskQuery::default();
    let window = |offset, limit| Window { offset, limit, count_max: None };
    assert_eq!(subject.page(&query, window(2, 3)).await, (9, vec![7, 6, 5]));
    assert_eq!(subject.page(&query, window(8, 3)).await, (9, vec![1]));
    assert_eq!(subject.page(&query, window(9, 3)).await, (9, vec![]));
    assert_eq!(subject.page(&query, window(u64::MAX, u64::MAX)).await, (9, vec![]));
}

pub(crate) async fn an_empty_window_only_counts(subject: &Subject) {
    subject.queue(1..=3).await;
    let window = Window { offset: 0, limit: 0, count_max: None };
    assert_eq!(subject.page(&TaskQuery::default(), window).await, (3, vec![]));
    let filter = condition("data", "number", "gt", &json!(1));
    let query = TaskQuery { filter, ..TaskQuery::default() };
    assert_eq!(subject.page(&query, window).await, (2, vec![]));
}

pub(crate) async fn counting_stops_at_its_limit(subject: &Subject) {
    subject.queue(1..=9).await;
    let filter = condition("data", "number", "gt", &json!(1));
    let query = TaskQuery { filter, ..TaskQuery::default() };
    let window = Window { offset: 0, limit: 1, count_max: Some(5) };
    assert_eq!(subject.page(&query, window).await, (5, vec![9]));
    // What is counted all the time costs nothing more to count to the end.
    assert_eq!(subject.page(&TaskQuery::default(), window).await.1, [9]);
}

pub(crate) async fn every_field_of_a_question_narrows(subject: &Subject) {
    let tasks = vec![
        new_task(1),
        NewTask { scheduler: scheduler("other"), ..new_task(2) },
        NewTask { organisation: organisation("other"), ..new_task(3) },
        NewTask { kind: TaskType::new("other").unwrap(), ..new_task(4) },
        new_task(5),
        new_task(6),
    ];
    subject.push(tasks).await;
    subject.hand_out(5).await;
    subject.hand_out(6).await;
    subject.updated(update(6, TaskChange { dead: true, ..status(TaskStatus::Failed) })).await;
    let all = TaskQuery::default;
    let cases = [
        (TaskQuery { scheduler: Some(scheduler("other")), ..all() }, vec![2]),
        (TaskQuery { scheduler: Some(scheduler("none")), ..all() }, vec![]),
        (TaskQuery { organisation: Some(organisation("other")), ..all() }, vec![3]),
        (TaskQuery { kind: Some(TaskType::new("other").unwrap()), ..all() }, vec![4]),
        (TaskQuery { status: Some(TaskStatus::Dispatched), ..all() }, vec![5]),
        (TaskQuery { status: Some(TaskStatus::Queued), ..all() }, vec![4, 3, 2, 1]),
        (TaskQuery { hash: Some(hash("hash-3")), ..all() }, vec![3]),
        (TaskQuery { dead: Some(true), ..all() }, vec![6]),
        (TaskQuery { dead: Some(false), ..all() }, vec![5, 4, 3, 2, 1]),
        (TaskQuery { min_created_at: Some(at(5)), ..all() }, vec![6, 5]),
        (TaskQuery { max_created_at: Some(at(2)), ..all() }, vec![2, 1]),
        (
            TaskQuery {
                min_created_at: Some(at(2)),
                max_created_at: Some(at(4)),
                scheduler: Some(jobs()),
                ..all()
            },
            vec![4, 3],
        ),
        (
            TaskQuery {
                filter: condition("organisation", "", "in", &json!(["acme", "x"])),
                status: Some(TaskStatus::Queued),
                ..all()
            },
            vec![4, 2, 1],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(subject.found(&query).await, expected, "{query:?}");
    }
}

pub(crate) async fn rare_statuses_are_listed_in_the_same_order(subject: &Subject) {
    let at_once = (1..=40)
        .map(|number| NewTask { created_at: at(i64::from(number * 7 % 11)), ..new_task(number) });
    subject.push(at_once.collect()).await;
    for number in 1..=40 {
        use TaskStatus::{Cancelled, Completed, Dispatched, Failed, Queued, Running};
        let steps: &[TaskStatus] = match number % 6 {
            0 => &[Queued],
            1 => &[Dispatched],
            2 => &[Dispatched, Running],
            3 => &[Dispatched, Failed],
            4 => &[Cancelled],
            _ => &[Dispatched, Completed],
        };
        for step in steps {
            subject.moved(number, *step).await;
        }
    }
    let all = subject.store.list_tasks(&TaskQuery::default(), ALL).await.unwrap().items;
    for status in TaskStatus::ALL {
        let expected: Vec<_> = all
            .iter()
            .filter(|task| task.status == status)
            .map(|task| task.id.0.as_u128())
            .collect();
        let query = TaskQuery { status: Some(status), ..TaskQuery::default() };
        assert_eq!(subject.found(&query).await, expected, "{status}");
        // The same through a filter, together with one that has to be looked up.
        let by_filter = TaskQuery {
            filter: condition("status", "", "==", &json!(status.as_str().to_uppercase())),
            min_created_at: Some(at(0)),
            ..TaskQuery::default()
        };
        assert_eq!(subject.found(&by_filter).await, expected, "{status}");
    }
}

pub(crate) async fn schedules_are_listed_newest_first(subject: &Subject) {
    let schedules = [2, 3, 1].map(|number| ScheduleWrite::Create(new_schedule(number)));
    subject.unit(Unit { schedules: schedules.to_vec(), ..Unit::default() }).await;
    assert_eq!(subject.found_schedules(&ScheduleQuery::default()).await, [3, 2, 1]);
    let window = Window { offset: 1, limit: 1, count_max: Some(2) };
    let page = subject.store.list_schedules(&ScheduleQuery::default(), window).await.unwrap();
    assert_eq!((page.count, page.items[0].id.0.as_u128()), (2, 2));
    let count = Window { offset: 0, limit: 0, count_max: None };
    let page = subject.store.list_schedules(&ScheduleQuery::default(), count).await.unwrap();
    assert_eq!((page.count, page.items.len()), (3, 0));
}

pub(crate) async fn every_field_of_a_question_narrows_schedules(subject: &Subject) {
    let schedules = vec![
        ScheduleWrite::Create(new_schedule(1)),
        ScheduleWrite::Create(NewSchedule { scheduler: scheduler("other"), ..new_schedule(2) }),
        ScheduleWrite::Create(NewSchedule { organisation: organisation("o"), ..new_schedule(3) }),
        ScheduleWrite::Create(NewSchedule { deadline_at: None, ..new_schedule(4) }),
        ScheduleWrite::Disable { scheduler: jobs(), hash: hash("hash-4") },
    ];
    subject.unit(Unit { schedules, ..Unit::default() }).await;
    let all = ScheduleQuery::default;
    let cases = [
        (ScheduleQuery { scheduler: Some(scheduler("other")), ..all() }, vec![2]),
        (ScheduleQuery { organisation: Some(organisation("o")), ..all() }, vec![3]),
        (ScheduleQuery { hash: Some(hash("hash-1")), ..all() }, vec![1]),
        (ScheduleQuery { enabled: Some(false), ..all() }, vec![4]),
        (ScheduleQuery { enabled: Some(true), ..all() }, vec![3, 2, 1]),
        (ScheduleQuery { min_deadline_at: Some(at(102)), ..all() }, vec![3, 2]),
        (ScheduleQuery { max_deadline_at: Some(at(102)), ..all() }, vec![2, 1]),
        (ScheduleQuery { min_created_at: Some(at(3)), ..all() }, vec![4, 3]),
        (ScheduleQuery { max_created_at: Some(at(1)), ..all() }, vec![1]),
    ];
    for (query, expected) in cases {
        assert_eq!(subject.found_schedules(&query).await, expected, "{query:?}");
    }
}
