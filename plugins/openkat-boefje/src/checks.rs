//! Whether the same work was done a moment ago, or is being done.

use hinny_plugin::tasks::Task;
use openkat::bytes::Run;

/// How long work rests before it is done again, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// The interval of the boefje when it has one, else the grace period.
    pub(crate) wait_ms: i64,
    /// After which a task without an end counts as lost.
    pub(crate) grace_ms: i64,
}

/// Work that is not to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// It cannot pass the checks earlier than this.
    pub(crate) until: i64,
    pub(crate) why: &'static str,
}

/// How long at least a schedule waits for what is on the queue.
const QUEUED_MIN_MS: i64 = 60_000;

/// Whether the newest task of the same work stops it. Needs no service, so it is asked first.
pub(crate) fn by_task(newest: Option<&Task>, rest: Rest, now: i64) -> Option<Stop> {
    let newest = newest?;
    // `modified_at` is the moment of its dispatch, or of its push before that.
    let rested = newest.modified_at.saturating_add(rest.wait_ms);
    let lost = newest.modified_at.saturating_add(rest.grace_ms);
    match newest.status.as_str() {
        _ if now < rested => stop(rested, "it was queued or handed out a moment ago", now),
        // It is handed out at some time from now, and rests from then on.
        "pending" | "queued" => {
            let until = now.saturating_add(rest.wait_ms.max(QUEUED_MIN_MS));
            stop(until, "it is on the queue", now)
        }
        "dispatched" | "running" => stop(lost, "a worker has it", now),
        // Completed, failed and cancelled: it is over.
        _ => None,
    }
}

/// Whether its last run on an object stops it, as Bytes knows it.
pub(crate) fn by_run(
    newest: Option<&Task>,
    run: Option<&Run>,
    rest: Rest,
    now: i64,
) -> Option<Stop> {
    match run {
        Some(Run { ended_at: Some(ended_at), .. }) => {
            stop(ended_at.as_millis().saturating_add(rest.wait_ms), "it ran a moment ago", now)
        }
        Some(Run { started_at: Some(started_at), .. }) => {
            stop(started_at.as_millis().saturating_add(rest.grace_ms), "it is running", now)
        }
        Some(_) => None,
        // The task is over, but its files are on their way to Bytes, or lost.
        None => {
            let over = newest.filter(|task| matches!(&*task.status, "completed" | "failed"))?;
            let given_up = over.modified_at.saturating_add(rest.grace_ms);
            stop(given_up, "its last run is not in Bytes", now)
        }
    }
}

fn stop(until: i64, why: &'static str, now: i64) -> Option<Stop> {
    (now < until).then_some(Stop { until, why })
}

#[cfg(test)]
mod tests;
