//! Triggers: the scheduler plugin's commands, committed in one transaction.

use std::sync::Arc;

use hinny_core::{
    Priority, ScheduleId, TaskType, Timestamp,
    command::{Command, Handled, OwnMessage, Push, UpsertSchedule},
    cron::{CronError, CronExpression},
    event::{EventState, KeptEvent},
    id::IdGenerator,
    plugin::{Slot, World},
    queue::{QueueError, TriggerOutcome},
    ranker::{FailureKind, PluginFailure},
    schedule::NewSchedule,
    scheduler::{HandleFailure, SchedulerPlugin},
    store::{EventWrite, Guard, PushOutcome, ScheduleWrite, Store, Unit},
    task::{NewTask, RankedBy, ScheduleLink},
    trigger::{Message, Trigger},
};
use serde_json::value::RawValue;

use crate::{
    cancel,
    commit::{CommitSender, Effects},
    intake,
    prepare::Preparer,
    shard::Shard,
};

/// How long a trigger waits when its tasks do not fit on the queue.
const ROOM_WAIT_MS: u64 = 1000;

/// How often a trigger is handled when others change the plugin's state meanwhile.
const STATE_TRIES: u32 = 5;

/// How long it waits after that.
const STATE_WAIT_MS: u64 = 100;

/// Why a message waits that nobody has tried yet.
const SENT_BY_ITSELF: &str = "sent by the plugin to itself";

/// What became of one try.
enum Tried {
    Outcome(TriggerOutcome),
    /// Another trigger changed the state that this one had read; nothing happened.
    StateMoved,
}

pub(crate) struct Handler<'a> {
    pub(crate) shard: &'a Arc<Shard>,
    pub(crate) store: &'a dyn Store,
    pub(crate) preparer: &'a Preparer,
    pub(crate) committer: &'a CommitSender,
    pub(crate) ids: &'a IdGenerator,
}

impl Handler<'_> {
    /// Has the plugin handle a trigger and commits its commands together with a unit.
    pub(crate) async fn handle(
        &self,
        plugin: &dyn SchedulerPlugin,
        trigger: &Trigger,
        with: Unit,
    ) -> Result<TriggerOutcome, QueueError> {
        if !trigger.wanted_by(&plugin.description().interests) {
            return Ok(TriggerOutcome::Unwanted);
        }
        for _ in 0..STATE_TRIES {
            match self.try_once(plugin, trigger, with.clone()).await? {
                Tried::Outcome(outcome) => return Ok(outcome),
                Tried::StateMoved => {}
            }
        }
        let reason = "another trigger changed the plugin's state each time".to_owned();
        Ok(TriggerOutcome::Failed(HandleFailure::Retry { after_ms: STATE_WAIT_MS, reason }))
    }

    async fn try_once(
        &self,
        plugin: &dyn SchedulerPlugin,
        trigger: &Trigger,
        mut unit: Unit,
    ) -> Result<Tried, QueueError> {
        let failed = |failure| Ok(Tried::Outcome(TriggerOutcome::Failed(failure)));
        let now = self.preparer.clock.now();
        let handled = match plugin.handle(now, trigger).await {
            Ok(handled) => handled,
            Err(failure) => return failed(failure),
        };
        let guards_given = unit.guards.len();
        let messages = handled.messages.len() as u64;
        let kind = &plugin.description().task_type;
        let mut tasks = match self.turn_into_writes(kind, handled, &mut unit, now).await? {
            Ok(tasks) => tasks,
            Err(failure) => return failed(failure.into()),
        };
        let arrivals = self.preparer.prepare_new(self.shard, &mut tasks).await;
        if let Some(full) = self.reserve_all(&tasks) {
            return Ok(Tried::Outcome(full));
        }
        unit.pushes = tasks;
        let effects = Effects { arrivals, ..Effects::default() };
        self.commit(unit, effects, guards_given, messages).await
    }

    /// Everything but the pushes goes into the unit; the tasks to push are the answer.
    pub(crate) async fn turn_into_writes(
        &self,
        kind: &TaskType,
        handled: Handled,
        unit: &mut Unit,
        now: Timestamp,
    ) -> Result<Result<Vec<NewTask>, PluginFailure>, QueueError> {
        let slot = Slot { scheduler: self.shard.id().clone(), world: World::Scheduler };
        unit.guards.extend(
            handled.state.into_iter().map(|write| Guard::State { slot: slot.clone(), write }),
        );
        unit.events.extend(handled.messages.into_iter().map(|sent| self.keep(sent, now)));
        let mut tasks = Vec::new();
        for command in handled.commands {
            match command {
                Command::Push(push) => match self.new_task(kind, push, now) {
                    Ok(task) => tasks.push(task),
                    Err(failure) => return Ok(Err(failure)),
                },
                Command::Cancel(wanted) => {
                    let updates = cancel::updates(
                        self.store,
                        self.shard.id(),
                        &wanted.filter,
                        &wanted.reason,
                        now,
                    );
                    unit.updates.extend(updates.await?);
                }
                Command::UpsertSchedule(upsert) => match self.new_schedule(upsert, now) {
                    Ok(schedule) => unit.schedules.push(ScheduleWrite::Upsert(schedule)),
                    Err(failure) => return Ok(Err(failure)),
                },
                Command::DisableSchedule { hash, .. } => {
                    let scheduler = self.shard.id().clone();
                    unit.schedules.push(ScheduleWrite::Disable { scheduler, hash });
                }
            }
        }
        Ok(Ok(tasks))
    }

    /// A message of the plugin to itself waits like one that is to be tried again; its first
    /// delivery is yet to come.
    fn keep(&self, sent: OwnMessage, now: Timestamp) -> EventWrite {
        let OwnMessage { source, body, not_before } = sent;
        EventWrite::Keep(Box::new(KeptEvent {
            message: Message {
                id: self.ids.event(now),
                source,
                at: now,
                content_type: String::new(),
                body,
                attributes: Vec::new(),
                delivery: 0,
            },
            scheduler: self.shard.id().clone(),
            state: EventState::Waiting,
            retry_at: Some(not_before.unwrap_or(now).max(now)),
            reason: SENT_BY_ITSELF.to_owned(),
        }))
    }

    fn new_task(
        &self,
        kind: &TaskType,
        push: Push,
        now: Timestamp,
    ) -> Result<NewTask, PluginFailure> {
        Ok(NewTask {
            id: push.id.unwrap_or_else(|| self.ids.task(now)),
            scheduler: self.shard.id().clone(),
            schedule: push.schedule.map(ScheduleLink::Hash),
            organisation: push.organisation,
            kind: kind.clone(),
            hash: push.hash,
            data: self.json(push.data)?,
            base_priority: push.priority,
            priority: Priority(0),
            ranked_by: RankedBy::Host,
            not_before: push.not_before,
            created_at: now,
        })
    }

    fn new_schedule(
        &self,
        upsert: UpsertSchedule,
        now: Timestamp,
    ) -> Result<NewSchedule, PluginFailure> {
        let time_zone = upsert.time_zone.unwrap_or_else(|| "UTC".to_owned());
        let deadline_at = match (upsert.deadline_at, &upsert.cron) {
            (Some(deadline), _) => Some(deadline),
            (None, Some(cron)) => {
                Some(next(cron, &time_zone, now).map_err(|error| self.bad(error))?)
            }
            (None, None) => None,
        };
        Ok(NewSchedule {
            id: ScheduleId(self.ids.next(now)),
            scheduler: self.shard.id().clone(),
            organisation: upsert.organisation,
            hash: upsert.hash,
            data: self.json(upsert.data)?,
            cron: upsert.cron,
            time_zone,
            deadline_at,
            missed: upsert.missed,
            created_at: now,
        })
    }

    fn json(&self, data: String) -> Result<Box<RawValue>, PluginFailure> {
        RawValue::from_string(data).map_err(|error| self.bad(error))
    }

    fn bad(&self, why: impl std::fmt::Display) -> PluginFailure {
        PluginFailure {
            plugin: self.shard.id().to_string(),
            call: "handle",
            kind: FailureKind::OutOfRange,
            message: why.to_string(),
        }
    }

    /// Room for all of a trigger's tasks, or for none.
    fn reserve_all(&self, tasks: &[NewTask]) -> Option<TriggerOutcome> {
        for (done, task) in tasks.iter().enumerate() {
            if let Err(full) = intake::reserve(self.shard, task) {
                let mut inner = self.shard.lock();
                inner.reserved = inner.reserved.saturating_sub(done);
                let reason = full.to_string();
                return Some(TriggerOutcome::Full { after_ms: ROOM_WAIT_MS, reason });
            }
        }
        None
    }

    async fn commit(
        &self,
        unit: Unit,
        effects: Effects,
        guards_given: usize,
        messages: u64,
    ) -> Result<Tried, QueueError> {
        let outcome = self.committer.commit(unit, effects).await?;
        match outcome.refused_by {
            Some(guard) if guard < guards_given => {
                return Ok(Tried::Outcome(TriggerOutcome::Repeated));
            }
            // The guards after those given are the plugin's own: on its state.
            Some(_) => return Ok(Tried::StateMoved),
            None => {}
        }
        let pushed =
            outcome.pushes.iter().filter(|push| matches!(push, PushOutcome::Pushed { .. })).count()
                as u64;
        metrics::counter!("hinny_tasks_pushed_total", "scheduler" => self.shard.id().shared())
            .increment(pushed);
        Ok(Tried::Outcome(TriggerOutcome::Done {
            pushed,
            duplicates: outcome.pushes.len() as u64 - pushed,
            cancelled: cancel::count_updated(&outcome.updates),
            messages,
        }))
    }
}

fn next(cron: &str, zone: &str, now: Timestamp) -> Result<Timestamp, CronError> {
    CronExpression::parse(cron, zone)?.next_after(now)
}
