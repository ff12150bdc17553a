//! A host in memory for the tests of this crate: a store that keeps the promises of guards, queues
//! that commit through it, and a plugin that does as the test says.

mod plugins;
mod queues;
mod store;

use std::{sync::Arc, time::Duration};

use hinny_core::{
    EventId, ManualClock, Organisation, Priority, ScheduleId, SchedulerId, TaskHash, TaskId,
    TaskStatus, TaskType, Timestamp,
    event::RetryPolicy,
    ranker::{FailureKind, PluginFailure},
    schedule::{MissedFire, Schedule},
    scheduler::HandleFailure,
    task::{RankedBy, Task},
    trigger::{Interest, Message, Trigger},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Deps, Mail};

pub(crate) use plugins::FakePlugins;
pub(crate) use queues::{FakeQueues, Reply};
pub(crate) use store::{FakeStore, broken};

/// A moment some seconds after a full hour.
pub(crate) fn second(second: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + second * 1000)
}

/// The scheduler of most tests.
pub(crate) fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

/// A message of a source.
pub(crate) fn message(source: &str) -> Message {
    Message {
        id: EventId(Uuid::from_u128(7)),
        source: source.to_owned(),
        at: second(0),
        content_type: "application/json".to_owned(),
        body: b"{}".to_vec(),
        attributes: Vec::new(),
        delivery: 1,
    }
}

/// A schedule of `jobs` without an expression, due at second 0.
pub(crate) fn schedule(number: u128) -> Schedule {
    Schedule {
        id: ScheduleId(Uuid::from_u128(number)),
        scheduler: jobs(),
        organisation: Organisation::new("acme").unwrap(),
        hash: TaskHash::new(format!("hash-{number}")).unwrap(),
        data: RawValue::from_string("{}".to_owned()).unwrap(),
        enabled: true,
        cron: None,
        time_zone: "UTC".to_owned(),
        deadline_at: Some(second(0)),
        missed: MissedFire::Once,
        created_at: second(-60),
        modified_at: second(-60),
    }
}

/// A completed task of `jobs`.
pub(crate) fn finished_task(number: u128) -> Task {
    Task {
        id: TaskId(Uuid::from_u128(number)),
        scheduler: jobs(),
        schedule: None,
        organisation: Organisation::new("acme").unwrap(),
        kind: TaskType::new("job").unwrap(),
        hash: TaskHash::new(format!("hash-{number}")).unwrap(),
        data: RawValue::from_string("{}".to_owned()).unwrap(),
        base_priority: None,
        priority: Priority(1),
        ranked_by: RankedBy::Host,
        status: TaskStatus::Completed,
        attempt: 1,
        not_before: None,
        lease_until: None,
        worker: None,
        reason: None,
        dead: false,
        created_at: second(-60),
        modified_at: second(-30),
        finished_at: Some(second(0)),
    }
}

/// A call that trapped.
pub(crate) fn trapped() -> HandleFailure {
    HandleFailure::Failed(PluginFailure {
        plugin: "jobs 1.0.0".to_owned(),
        call: "handle",
        kind: FailureKind::Trap,
        message: "unreachable".to_owned(),
    })
}

/// A host in memory.
pub(crate) struct Host {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<FakeStore>,
    pub(crate) plugins: Arc<FakePlugins>,
    pub(crate) queues: Arc<FakeQueues>,
}

impl Host {
    /// With the scheduler `jobs`, whose plugin is interested in some things and handles all.
    pub(crate) fn new(interests: &[Interest]) -> Self {
        let store = Arc::new(FakeStore::default());
        let plugins = Arc::new(FakePlugins::default());
        plugins.activate(&jobs(), 1, interests);
        let queues = Arc::new(FakeQueues::new(Arc::clone(&store), Arc::clone(&plugins)));
        Self { clock: Arc::new(ManualClock::at(second(0))), store, plugins, queues }
    }

    /// For listeners. Waits are 10 s, 20 s, 40 s and so on, a minute at most; 3 tries.
    pub(crate) fn deps(&self) -> Deps {
        Deps {
            queues: Arc::clone(&self.queues) as _,
            store: Arc::clone(&self.store) as _,
            plugins: Arc::clone(&self.plugins) as _,
            clock: Arc::clone(&self.clock) as _,
            retry: RetryPolicy {
                attempts_max: 3,
                first: Duration::from_secs(10),
                longest: Duration::from_mins(1),
            },
            mail: Mail::default(),
        }
    }

    /// What the plugin does from now on.
    pub(crate) fn script(&self, script: impl Fn(&Trigger) -> Reply + Send + 'static) {
        *self.queues.script.lock().unwrap() = Box::new(script);
    }

    /// The triggers that reached a plugin since this was last asked.
    pub(crate) fn told(&self) -> Vec<Trigger> {
        std::mem::take(&mut *self.queues.told.lock().unwrap())
    }

    /// How many triggers had an effect since this was last asked.
    pub(crate) fn counted(&self) -> usize {
        std::mem::take(&mut *self.queues.counted.lock().unwrap())
    }
}
