//! What a message says: a task, a schedule, or a list of them.

use hinny_plugin::scheduler::{
    Command, DisableSchedule, Failure, Message, MissedFire, UpsertSchedule,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A task, or a schedule of tasks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    pub(crate) organisation: Option<String>,
    /// As it was sent, to the digit.
    pub(crate) data: Box<RawValue>,
    pub(crate) priority: Option<i64>,
    pub(crate) id: Option<String>,
    pub(crate) not_before_ms: Option<i64>,
    pub(crate) schedule: Option<Schedule>,
}

/// When tasks are made of an item.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    cron: Option<String>,
    time_zone: Option<String>,
    deadline_ms: Option<i64>,
    #[serde(default)]
    missed: Missed,
    #[serde(default = "enabled")]
    enabled: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Missed {
    #[default]
    Once,
    Skip,
    All,
}

fn enabled() -> bool {
    true
}

impl Item {
    /// The items of a message: one object, or a list.
    pub(crate) fn all(message: &Message) -> Result<Vec<Self>, Failure> {
        // Asked apart, so that errors tell the line and column, which "either of two" cannot.
        let is_list = message.body.trim_ascii_start().starts_with(b"[");
        if is_list { message.json() } else { message.json().map(|item| vec![item]) }
    }
}

impl Schedule {
    pub(crate) fn into_command(
        self,
        organisation: String,
        hash: String,
        data: &str,
    ) -> Result<Command, String> {
        if !self.enabled {
            return Ok(DisableSchedule::new(hash, "disabled by a message").into());
        }
        if self.cron.is_none() && self.deadline_ms.is_none() {
            return Err("`schedule` needs `cron` or `deadline_ms`".to_owned());
        }
        if self.time_zone.is_some() && self.cron.is_none() {
            return Err("`time_zone` is for `cron`, and there is none".to_owned());
        }
        let mut schedule =
            UpsertSchedule::new(organisation, hash, data).missed(match self.missed {
                Missed::Once => MissedFire::Once,
                Missed::Skip => MissedFire::Skip,
                Missed::All => MissedFire::All,
            });
        schedule.cron = self.cron;
        schedule.time_zone = self.time_zone;
        schedule.deadline_at = self.deadline_ms;
        Ok(schedule.into())
    }
}
