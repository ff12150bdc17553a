//! A preview as a text for people.

use std::fmt::{self, Display};

use super::{MoverBody, PreviewBody};
use crate::routes::explain::ExplanationBody;

/// Organisations that are shown; the rest is in the JSON.
const SHARES_SHOWN: usize = 20;

impl Display for PreviewBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.current.as_deref().unwrap_or("the host's own rule");
        writeln!(
            f,
            "`{}` instead of `{current}` in the queue of `{}`:",
            self.candidate, self.scheduler_id
        )?;
        writeln!(f, "{} of {} tasks would move", self.moved, self.tasks)?;
        if let Some(failure) = &self.failure {
            writeln!(f, "{} would keep their ranks, since {failure}", self.failed)?;
        }
        if let Some(tau) = self.kendall_tau {
            writeln!(f, "Kendall's tau {tau:.3} (1: the same order, -1: the reverse)")?;
        }
        for overlap in &self.overlaps {
            writeln!(f, "of the first {}, {} are the same", overlap.first, overlap.same)?;
        }
        if let Some(oldest) = &self.oldest {
            let percent = |place: f64| (place * 100.0).round();
            writeln!(
                f,
                "the {} that wait longest are at {} % of the queue on average, and would be at {} %",
                oldest.tasks,
                percent(oldest.now),
                percent(oldest.then)
            )?;
        }
        self.shares(f)?;
        movers(f, "forward", &self.forward)?;
        movers(f, "back", &self.back)
    }
}

impl PreviewBody {
    fn shares(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.shares.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nwhose work the next pops are, now and then:")?;
        for share in self.shares.iter().take(SHARES_SHOWN) {
            writeln!(f, "  {:>6} {:>6}  {}", share.now, share.then, share.organisation)?;
        }
        match self.shares.len().saturating_sub(SHARES_SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more organisations"),
        }
    }
}

fn movers(f: &mut fmt::Formatter<'_>, direction: &str, movers: &[MoverBody]) -> fmt::Result {
    if movers.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nfurthest {direction}:")?;
    for mover in movers {
        writeln!(
            f,
            "  {} from {} to {}, priority {} -> {}",
            mover.task_id, mover.from, mover.to, mover.priority, mover.candidate_priority
        )?;
        why(f, "now", mover.explanation.as_ref())?;
        why(f, "then", mover.candidate_explanation.as_ref())?;
    }
    Ok(())
}

fn why(f: &mut fmt::Formatter<'_>, when: &str, said: Option<&ExplanationBody>) -> fmt::Result {
    let Some(said) = said.filter(|said| !said.terms.is_empty()) else { return Ok(()) };
    let terms: Vec<_> =
        said.terms.iter().map(|term| format!("{:+} {}", term.contribution, term.label)).collect();
    writeln!(f, "    {when}: {}", terms.join(", "))
}
