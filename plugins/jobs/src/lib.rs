//! A scheduler for any work: JSON in, tasks out. See `README.md`.

use hinny_plugin::{identity::Identity, scheduler::*};
use serde_json::Value;

use crate::{item::Item, settings::Jobs};

mod item;
mod settings;

impl Scheduler for Jobs {
    fn configure(settings: &Settings) -> Result<Self, String> {
        Self::read(settings)
    }

    fn describe(&self) -> Description {
        let description =
            Description::new(self.task_type.as_str()).schema(self.schema.as_str()).due_schedules();
        self.sources.iter().fold(description, |so_far, source| so_far.messages(source.as_str()))
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let data: Value = draft.json()?;
        Ok(draft.admit_as(self.hash(&draft.organisation, &data)))
    }

    fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
        let commands = Item::all(&message)?
            .into_iter()
            .enumerate()
            .map(|(at, item)| {
                self.command(item).map_err(|why| Failure::reject(format!("item {at}: {why}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        hinny_plugin::debug!("{} items in a message of `{}`", commands.len(), message.source);
        Ok(commands)
    }

    fn due(&self, schedule: DueSchedule, _now: i64) -> Result<Vec<Command>, Failure> {
        let DueSchedule { organisation, hash, data, .. } = schedule;
        Ok(vec![Push::new(organisation, hash.as_str(), data).schedule(hash.as_str()).into()])
    }
}

impl Jobs {
    fn command(&self, item: Item) -> Result<Command, String> {
        let organisation = item
            .organisation
            .or_else(|| self.default_organisation.clone())
            .ok_or("there is no `organisation`, and no setting `default_organisation`")?;
        let data: Value =
            serde_json::from_str(item.data.get()).map_err(|error| format!("data: {error}"))?;
        let hash = self.hash(&organisation, &data);
        let data = item.data.get();
        let Some(schedule) = item.schedule else {
            let mut push = Push::new(organisation, hash, data).priority(item.priority);
            push.id = item.id;
            push.not_before = item.not_before_ms;
            return Ok(push.into());
        };
        if item.id.is_some() || item.priority.is_some() || item.not_before_ms.is_some() {
            return Err("`id`, `priority` and `not_before_ms` are for tasks, not for a `schedule`"
                .to_owned());
        }
        schedule.into_command(organisation, hash, data)
    }

    /// What makes a task the same work as another: whose it is, and what matters of its data.
    fn hash(&self, organisation: &str, data: &Value) -> String {
        let identity = Identity::new().text(organisation);
        let whole = self.identity.is_empty().then_some(data);
        let parts = self.identity.iter().map(|pointer| data.pointer(pointer));
        whole
            .into_iter()
            .map(Some)
            .chain(parts)
            .fold(identity, |identity, part| match part {
                Some(part) => identity.json(part),
                None => identity.nothing(),
            })
            .finish()
    }
}

hinny_plugin::export_scheduler!(Jobs);

#[cfg(test)]
mod tests;
