//! A trigger on its way into a guest.

use hinny_core::{
    schedule::Schedule,
    task::Task,
    trigger::{Message, Trigger},
};

use crate::bindings::scheduler::exports::hinny::plugin::scheduler as wit;

/// A trigger, with what has to be written out for the guest.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    trigger: &'a Trigger,
    id: String,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(trigger: &'a Trigger) -> Self {
        let (id, attributes) = match trigger {
            Trigger::Message(message) => (message.id.to_string(), attributes(message)),
            Trigger::Tick(_) => (String::new(), Vec::new()),
            Trigger::Due(schedule) => (schedule.id.to_string(), Vec::new()),
            Trigger::Finished(task) => (task.id.to_string(), Vec::new()),
        };
        Self { trigger, id, attributes }
    }

    pub(super) fn lowered(&self) -> wit::Trigger<'_> {
        match self.trigger {
            Trigger::Message(message) => wit::Trigger::Message(self.message(message)),
            Trigger::Tick(tick) => wit::Trigger::Tick(wit::Tick {
                planned_at: tick.planned_at.as_millis(),
                every_ms: tick.every_ms,
            }),
            Trigger::Due(schedule) => wit::Trigger::Due(self.due(schedule)),
            Trigger::Finished(task) => wit::Trigger::Finished(self.finished(task)),
        }
    }

    fn message(&'a self, message: &'a Message) -> wit::Message<'a> {
        wit::Message {
            id: &self.id,
            source: &message.source,
            at: message.at.as_millis(),
            content_type: &message.content_type,
            body: &message.body,
            attributes: &self.attributes,
            delivery: message.delivery,
        }
    }

    fn due(&'a self, schedule: &'a Schedule) -> wit::DueSchedule<'a> {
        wit::DueSchedule {
            id: &self.id,
            organisation: schedule.organisation.as_str(),
            hash: schedule.hash.as_str(),
            data: schedule.data.get(),
            cron: schedule.cron.as_deref(),
            deadline_at: schedule.deadline_at.unwrap_or_default().as_millis(),
        }
    }

    fn finished(&'a self, task: &'a Task) -> wit::FinishedTask<'a> {
        wit::FinishedTask {
            id: &self.id,
            organisation: task.organisation.as_str(),
            hash: task.hash.as_str(),
            data: task.data.get(),
            status: task.status.as_str(),
            attempts: task.attempt,
            finished_at: task.finished_at.unwrap_or(task.modified_at).as_millis(),
            reason: task.reason.as_deref(),
        }
    }
}

fn attributes(message: &Message) -> Vec<(&str, &str)> {
    let pairs = message.attributes.iter();
    pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
