//! What to do about a schedule that is due.

use hinny_core::{
    Timestamp,
    schedule::{Fire, Schedule, ScheduleChange},
    store::{Guard, ScheduleWrite, Unit},
};

/// What to do about a schedule that is due.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Tell its scheduler.
    Fire(Firing),
    /// Move its deadline without telling.
    Pass(Unit),
    /// Stop it, since nobody can say when it is due next; the text says why.
    Disable(Schedule, Unit, String),
    /// Nothing: it is not due after all.
    Leave,
}

/// A schedule whose scheduler is told.
#[derive(Debug)]
pub(crate) struct Firing {
    /// The schedule, with the deadline that has come.
    pub(crate) schedule: Schedule,
    /// The deadline that has come.
    pub(crate) deadline: Timestamp,
    /// The deadline from then on.
    pub(crate) next: Option<Timestamp>,
}

impl Decision {
    /// Decides.
    pub(crate) fn on(schedule: Schedule, now: Timestamp) -> Self {
        let Some(deadline) = schedule.deadline_at.filter(|at| schedule.enabled && *at <= now)
        else {
            return Self::Leave;
        };
        match schedule.fire(now) {
            Ok(Fire { fires: true, next }) => Self::Fire(Firing { schedule, deadline, next }),
            Ok(Fire { fires: false, next }) => Self::Pass(moved(&schedule, deadline, next)),
            Err(error) => {
                let unit = disabled(&schedule, deadline, now);
                Self::Disable(schedule, unit, error.to_string())
            }
        }
    }
}

impl Firing {
    /// The move of the deadline; it holds only when nobody has moved it before.
    pub(crate) fn moved(&self) -> Unit {
        moved(&self.schedule, self.deadline, self.next)
    }
}

fn moved(schedule: &Schedule, expected: Timestamp, next: Option<Timestamp>) -> Unit {
    Unit {
        guards: vec![Guard::Deadline { schedule: schedule.id, expected, next }],
        ..Unit::default()
    }
}

/// The deadline stays, so that the schedule is due at once when it is mended and enabled. The guard
/// is for the one that is mended at this very moment.
fn disabled(schedule: &Schedule, deadline: Timestamp, now: Timestamp) -> Unit {
    let change = ScheduleChange { enabled: Some(false), ..ScheduleChange::default() };
    Unit {
        schedules: vec![ScheduleWrite::Change {
            schedule: schedule.id,
            change: Box::new(change),
            at: now,
        }],
        ..moved(schedule, deadline, Some(deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{schedule, second};
    use hinny_core::schedule::MissedFire;

    fn every_minute(missed: MissedFire, deadline: i64) -> Schedule {
        let cron = Some("* * * * *".to_owned());
        Schedule { cron, missed, deadline_at: Some(second(deadline)), ..schedule(1) }
    }

    #[test]
    fn a_due_schedule_fires_and_its_deadline_moves_on() {
        let decision = Decision::on(every_minute(MissedFire::Once, 0), second(1));
        let Decision::Fire(firing) = decision else { panic!("{decision:?}") };
        assert_eq!((firing.deadline, firing.next), (second(0), Some(second(60))));
    }

    #[test]
    fn a_fire_that_was_missed_under_skip_only_moves_the_deadline() {
        let decision = Decision::on(every_minute(MissedFire::Skip, 0), second(600));
        let Decision::Pass(unit) = decision else { panic!("{decision:?}") };
        let [Guard::Deadline { expected, next, .. }] = &unit.guards[..] else { panic!("{unit:?}") };
        assert_eq!((*expected, *next), (second(0), Some(second(660))));
    }

    #[test]
    fn an_expression_that_no_longer_parses_disables_and_keeps_the_deadline() {
        let broken = Schedule { cron: Some("every day".to_owned()), ..schedule(1) };
        let decision = Decision::on(broken, second(1));
        let Decision::Disable(_, unit, reason) = decision else { panic!("{decision:?}") };
        assert!(reason.starts_with("`every day` is not a cron expression"), "{reason}");
        let [Guard::Deadline { expected, next, .. }] = &unit.guards[..] else { panic!("{unit:?}") };
        assert_eq!(Some(*expected), *next);
        assert!(
            matches!(&unit.schedules[..], [ScheduleWrite::Change { change, .. }] if change.enabled == Some(false))
        );
    }

    #[test]
    fn the_last_date_of_an_expression_with_a_year_fires_once_more() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let cron = Some("0 0 12 24 11 * 2026".to_owned());
        let decision = Decision::on(Schedule { cron, deadline_at: Some(now), ..schedule(1) }, now);
        let Decision::Fire(firing) = decision else { panic!("{decision:?}") };
        assert_eq!(firing.next, None);
    }

    #[test]
    fn what_is_not_due_or_not_enabled_is_left() {
        for schedule in [
            every_minute(MissedFire::Once, 2),
            Schedule { enabled: false, ..every_minute(MissedFire::Once, 0) },
            Schedule { deadline_at: None, ..schedule(1) },
        ] {
            assert!(matches!(Decision::on(schedule, second(1)), Decision::Leave));
        }
    }
}
