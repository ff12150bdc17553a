//! Tests of finished tasks.

use hinny_core::scheduler::HandleFailure;

use super::*;
use crate::fakes::{Host, Reply, broken, finished_task, jobs, second, trapped};

fn host(tasks: u128) -> (Host, Finished) {
    let host = Host::new(&[Interest::FinishedTasks]);
    host.store.rows.lock().unwrap().untold = (1..=tasks).map(finished_task).collect();
    let finished = Finished::new(&host.deps(), jobs(), CancellationToken::new());
    (host, finished)
}

fn number(trigger: &Trigger) -> u128 {
    let Trigger::Finished(task) = trigger else { panic!("{trigger:?}") };
    task.id.0.as_u128()
}

/// Looks until there is nothing more to do at once; how many looks it took.
async fn look_all(finished: &mut Finished) -> usize {
    let mut looks = 1;
    while finished.look().await.unwrap() == Next::Now {
        looks += 1;
        assert!(looks < 1_000, "a busy loop");
    }
    looks
}

#[tokio::test]
async fn each_finished_task_is_told_once_oldest_first() {
    let (host, mut finished) = host(1_000);
    look_all(&mut finished).await;
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 1_000);
    let told: Vec<_> = host.told().iter().map(number).collect();
    assert_eq!(told, (1..=1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_hosts_do_not_tell_of_a_task_twice() {
    let (host, mut one) = host(50);
    let mut two = Finished::new(&host.deps(), jobs(), CancellationToken::new());
    tokio::join!(look_all(&mut one), look_all(&mut two));
    assert_eq!(host.counted(), 50);
}

#[tokio::test]
async fn a_task_that_ran_again_is_told_of_again() {
    let (host, mut finished) = host(1);
    look_all(&mut finished).await;
    host.store.rows.lock().unwrap().untold.push(Task { attempt: 2, ..finished_task(1) });
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 2);
}

#[tokio::test]
async fn a_task_that_the_plugin_fails_on_holds_up_none_and_is_told_later() {
    let (host, mut finished) = host(1_000);
    host.script(
        |trigger| {
            if number(trigger) == 1 { Reply::Fail(trapped()) } else { Reply::Handle }
        },
    );
    look_all(&mut finished).await;
    assert_eq!((host.counted(), host.told().len()), (999, 1_000));
    assert_eq!(finished.look().await.unwrap(), Next::Within(POLL));

    host.clock.set(second(9));
    look_all(&mut finished).await;
    assert!(host.told().is_empty());
    host.clock.set(second(10));
    host.script(|_| Reply::Handle);
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_rejected_end_is_not_told_again() {
    let (host, mut finished) = host(1);
    host.script(|_| Reply::Fail(HandleFailure::Reject { reason: "not mine".to_owned() }));
    look_all(&mut finished).await;
    assert_eq!(host.told().len(), 1);
    assert!(host.store.rows.lock().unwrap().untold.is_empty());
}

#[tokio::test]
async fn ends_that_the_store_shows_although_they_were_told_are_no_busy_loop() {
    let (host, mut finished) = host(PAGE as u128);
    host.script(|_| Reply::Repeated);
    let looks = look_all(&mut finished).await;
    assert_eq!((looks, host.told().len()), (2, PAGE));
}

#[tokio::test]
async fn more_poison_than_a_window_holds_up_no_later_end() {
    let poison = 3 * PAGE as u128;
    let (host, mut finished) = host(poison + 1);
    host.script(
        move |trigger| {
            if number(trigger) <= poison { Reply::Fail(trapped()) } else { Reply::Handle }
        },
    );
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn another_generation_of_the_plugin_is_told_at_once_of_what_failed() {
    let (host, mut finished) = host(1);
    host.script(|_| Reply::Fail(trapped()));
    look_all(&mut finished).await;
    host.plugins.activate(&jobs(), 2, &[Interest::FinishedTasks]);
    host.script(|_| Reply::Handle);
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn the_ends_of_tasks_wait_for_a_plugin_that_wants_them() {
    let (host, mut finished) = host(3);
    host.plugins.deactivate(&jobs());
    look_all(&mut finished).await;
    host.plugins.activate(&jobs(), 2, &[Interest::DueSchedules]);
    look_all(&mut finished).await;
    assert_eq!(host.store.rows.lock().unwrap().reads, 0);
    host.plugins.activate(&jobs(), 3, &[Interest::FinishedTasks]);
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 3);
}

#[tokio::test]
async fn a_database_that_does_not_work_leaves_everything_to_the_next_look() {
    let (host, mut finished) = host(2);
    host.script(|_| Reply::Error(broken().into()));
    assert!(matches!(finished.look().await, Err(QueueError::Store(_))));
    host.script(|_| Reply::Handle);
    look_all(&mut finished).await;
    assert_eq!(host.counted(), 2);
}
