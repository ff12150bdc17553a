//! A replay as a text for people.

use std::fmt::{self, Display};

use super::{DecisionBody, MovedBody, ReplayBody};

impl Display for ReplayBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        self.own(f)?;
        self.unanswered(f)?;
        if let (Some(then), Some(now)) = (self.micros_then, self.micros_now) {
            writeln!(f, "a task took {then:.3} µs then, and {now:.3} µs now")?;
        }
        if let Some(tau) = self.kendall_tau {
            writeln!(
                f,
                "{} of {} would have another place; Kendall's tau {tau:.3} (1: the same order, -1: the reverse)",
                self.moved, self.compared
            )?;
        }
        differences(f, &self.own.differences)?;
        movers(f, "forward", &self.forward)?;
        movers(f, "back", &self.back)
    }
}

impl ReplayBody {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(from), Some(to)) = (&self.from, &self.to) else {
            return writeln!(
                f,
                "`{}` was asked about nothing: no decisions of `{}` are recorded that it can answer",
                self.candidate, self.scheduler_id
            );
        };
        writeln!(
            f,
            "`{}` on {} tasks in {} batches of `{}`, decided from {from} to {to}:",
            self.candidate, self.tasks, self.batches, self.scheduler_id
        )?;
        writeln!(f, "{} get the same priority, {} another one", self.same, self.differ)
    }

    fn own(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = &self.own;
        match self.exact {
            None => writeln!(f, "none of it was decided by this component with these settings"),
            Some(true) => writeln!(
                f,
                "exact: all {} tasks that it decided itself get the recorded priority",
                own.tasks
            ),
            Some(false) => writeln!(
                f,
                "NOT EXACT: of {} tasks that it decided itself, {} get another priority, and it failed on {}",
                own.tasks, own.differ, own.failed
            ),
        }
    }

    fn unanswered(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = &self.failure {
            let failed = &self.failed;
            writeln!(
                f,
                "it failed on {} tasks in {} batches: {failure}",
                failed.tasks, failed.batches
            )?;
        }
        for skipped in &self.skipped {
            writeln!(
                f,
                "it was not asked about {} tasks in {} batches: {}",
                skipped.tasks, skipped.batches, skipped.why
            )?;
        }
        for damage in &self.damages {
            writeln!(
                f,
                "`{}` cannot be read from byte {} on: {}",
                damage.file, damage.at, damage.why
            )?;
        }
        Ok(())
    }
}

fn differences(f: &mut fmt::Formatter<'_>, differences: &[DecisionBody]) -> fmt::Result {
    if differences.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nnot reproduced:")?;
    differences.iter().try_for_each(|decision| {
        write!(f, "  ")?;
        told(f, decision)
    })
}

fn movers(f: &mut fmt::Formatter<'_>, direction: &str, movers: &[MovedBody]) -> fmt::Result {
    if movers.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nfurthest {direction}:")?;
    movers.iter().try_for_each(|moved| {
        write!(f, "  from {} to {}, ", moved.from, moved.to)?;
        told(f, &moved.decision)
    })
}

fn told(f: &mut fmt::Formatter<'_>, decision: &DecisionBody) -> fmt::Result {
    let DecisionBody { at, generation, place, recorded, replayed, inputs, .. } = decision;
    writeln!(
        f,
        "priority {recorded} -> {replayed}: task {place} of a batch at {at} by generation {generation}"
    )?;
    if inputs.is_empty() {
        return Ok(());
    }
    let inputs: Vec<_> = inputs.iter().map(|(name, value)| format!("{name} {value}")).collect();
    writeln!(f, "    {}", inputs.join(", "))
}
