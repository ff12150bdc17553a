//! Random operations against a small reference model, with failing commits and restarts.
//!
//! The seed is printed by proptest when a case fails, and the case is shrunk.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use hinny_core::{
    TaskId, TaskStatus,
    queue::{PopRequest, Queues},
    task::TaskChange,
};
use proptest::prelude::*;

use super::{
    faults::{Breaker, Fault, memory_equals_database},
    harness::{Rig, name, named, request},
};

#[derive(Debug, Clone)]
enum Step {
    Push { name: u8, priority: i64 },
    Pop { limit: u32 },
    Report { which: usize, status: TaskStatus },
    Cancel { name: u8 },
    Pass { seconds: u64 },
    FailedPush { name: u8 },
    FailedPop,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..12_u8;
    let status = prop_oneof![
        Just(TaskStatus::Running),
        Just(TaskStatus::Completed),
        Just(TaskStatus::Failed),
        Just(TaskStatus::Queued),
    ];
    prop_oneof![
        8 => (name.clone(), 0..5_i64).prop_map(|(name, priority)| Step::Push { name, priority }),
        6 => (1..4_u32).prop_map(|limit| Step::Pop { limit }),
        5 => (any::<usize>(), status).prop_map(|(which, status)| Step::Report { which, status }),
        2 => name.clone().prop_map(|name| Step::Cancel { name }),
        2 => (1..40_u64).prop_map(|seconds| Step::Pass { seconds }),
        1 => name.prop_map(|name| Step::FailedPush { name }),
        1 => Just(Step::FailedPop),
        1 => Just(Step::Restart),
    ]
}

/// What must be so, told by the answers alone.
#[derive(Default)]
struct Model {
    /// Acknowledged and not yet handed out or cancelled, by name.
    queued: BTreeMap<String, (i64, TaskId)>,
    /// Handed out: id → attempt.
    held: BTreeMap<TaskId, u32>,
    /// Every attempt ever handed out.
    attempts: BTreeSet<(TaskId, u32)>,
}

async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let breaker = Breaker::default();
    let mut rig =
        Rig::builder().wrap(breaker.wrap()).config(|config| config.lease = None).start().await;
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Push { name, priority } => {
                let name = format!("task-{name}");
                let pushed = rig.push_as(Some(priority), named(&name)).await;
                prop_assert_eq!(pushed.is_ok(), !model.queued.contains_key(&name));
                if let Ok(task) = pushed {
                    model.queued.insert(name, (priority, task.id));
                }
            }
            Step::Pop { limit } => model.popped(&rig.pop_many(limit).await, limit)?,
            Step::Report { which, status } => report(&rig, &mut model, which, status).await?,
            Step::Cancel { name } => {
                if let Some((_, id)) = model.queued.remove(&format!("task-{name}")) {
                    let change =
                        TaskChange { status: Some(TaskStatus::Cancelled), ..TaskChange::default() };
                    prop_assert!(rig.queues.update(id, change).await.is_ok());
                }
            }
            Step::Pass { seconds } => rig.pass(Duration::from_secs(seconds)).await,
            Step::FailedPush { name } => {
                breaker.set(Fault::Before);
                let pushed =
                    rig.push_all(vec![request(None, &named(&format!("task-{name}")))]).await;
                prop_assert!(pushed.is_err());
                breaker.set(Fault::None);
            }
            Step::FailedPop => {
                breaker.set(Fault::Before);
                let popped = rig.queues.pop(&rig.jobs, PopRequest::default()).await;
                prop_assert_eq!(popped.is_err(), !model.queued.is_empty());
                breaker.set(Fault::None);
            }
            Step::Restart => {
                rig.queues.stop().await;
                rig = rig.restarted().await;
            }
        }
        // What was returned or settled arrives in the background.
        memory_equals_database(&rig).await;
        prop_assert_eq!(rig.queued().await as usize, model.queued.len());
    }
    let mut expected: Vec<_> =
        model.queued.values().map(|(priority, id)| (*priority, *id)).collect();
    let mut line = rig.queues.head(&rig.jobs, None, 1000).await.unwrap();
    prop_assert!(line.is_sorted_by_key(|place| place.task.priority));
    let mut found: Vec<_> =
        line.drain(..).map(|place| (place.task.priority.0, place.task.id)).collect();
    expected.sort_unstable();
    found.sort_unstable();
    prop_assert_eq!(found, expected);
    rig.queues.stop().await;
    Ok(())
}

impl Model {
    fn popped(
        &mut self,
        tasks: &[hinny_core::task::Task],
        limit: u32,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(tasks.len(), self.queued.len().min(limit as usize));
        let last = tasks.last().map(|task| task.priority.0);
        for task in tasks {
            prop_assert!(self.queued.remove(&name(task)).is_some());
            prop_assert!(self.attempts.insert((task.id, task.attempt)), "an attempt twice");
            self.held.insert(task.id, task.attempt);
        }
        if let Some(last) = last {
            prop_assert!(self.queued.values().all(|(priority, _)| *priority >= last));
        }
        Ok(())
    }
}

async fn report(
    rig: &Rig,
    model: &mut Model,
    which: usize,
    status: TaskStatus,
) -> Result<(), TestCaseError> {
    let Some((&id, &attempt)) = model.held.iter().nth(which % model.held.len().max(1)) else {
        return Ok(());
    };
    let change =
        TaskChange { status: Some(status), attempt: Some(attempt), ..TaskChange::default() };
    let updated = rig.queues.update(id, change).await;
    let task = rig.task(id).await;
    let name = name(&task);
    if status == TaskStatus::Queued {
        prop_assert_eq!(updated.is_ok(), !model.queued.contains_key(&name));
        if updated.is_ok() {
            model.held.remove(&id);
            model.queued.insert(name, (task.priority.0, id));
        }
        return Ok(());
    }
    prop_assert!(updated.is_ok(), "{:?}", updated);
    if status.is_terminal() {
        model.held.remove(&id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_agree_with_the_model(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps))?;
    }
}
