//! Which boefjes of OpenKAT run on which objects, and when. See `README.md`.

use hinny_plugin::scheduler::*;

use crate::settings::Boefjes;

mod settings;

mod checks;
mod deadline;
mod elsewhere;
mod making;
mod round;

mod admission;
mod mutation;
mod newcomers;
mod rescheduling;

impl Scheduler for Boefjes {
    fn configure(settings: &Settings) -> Result<Self, String> {
        Self::read(settings)
    }

    fn describe(&self) -> Description {
        Description::new("boefje")
            .schema(include_str!("schema.json"))
            .messages(self.source.as_str())
            .messages(newcomers::SOURCE)
            .ticks(self.tick_ms)
            .due_schedules()
    }

    fn admit(&self, draft: Draft, now: i64) -> Result<Admitted, Rejection> {
        self.admit_all(vec![draft], now).pop().expect("there is one answer per draft")
    }

    fn admit_all(&self, drafts: Vec<Draft>, now: i64) -> Vec<Result<Admitted, Rejection>> {
        self.admit_tasks(&drafts, now)
    }

    fn message(&self, message: Message, now: i64) -> Result<Vec<Command>, Failure> {
        if message.source == newcomers::SOURCE {
            return self.newcomer(&message, now);
        }
        self.mutation(&message, now)
    }

    fn tick(&self, _tick: Tick, _now: i64) -> Result<Vec<Command>, Failure> {
        self.look_for_newcomers()
    }

    fn due(&self, schedule: DueSchedule, now: i64) -> Result<Vec<Command>, Failure> {
        self.reschedule(&schedule, now)
    }
}

hinny_plugin::export_scheduler!(Boefjes);

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(test)]
mod tests;
