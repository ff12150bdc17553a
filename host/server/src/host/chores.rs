//! What a host does now and then, and nobody waits for.

use std::{sync::Arc, time::Duration};

use hinny_core::{Clock, Timestamp, store::Store};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Between two rounds of tidying up: often enough that each is small.
const TIDY_EVERY: Duration = Duration::from_hours(1);

/// Between two merges of what was recorded: without them, histograms grow until `/metrics` is read.
const METRICS_EVERY: Duration = Duration::from_secs(10);

/// Forgets old marks in the database, until the stop. The first round is an hour after the start,
/// so that no start has to wait for it.
pub(super) async fn tidy(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    remember: Duration,
    stop: CancellationToken,
) {
    let (mut now, mut seen) = (clock.now(), Instant::now());
    while pause(TIDY_EVERY, &stop).await {
        now = believed(now, seen.elapsed(), clock.now());
        seen = Instant::now();
        if let Err(error) = store.tidy(now.before(remember)).await {
            warn!(
                "old marks could not be removed from the database, the next try is in an hour: {error}"
            );
        }
    }
}

/// What time it is at most: a clock that jumps ahead would have every mark look old, and a message
/// that is sent again would be handled again.
fn believed(last: Timestamp, passed: Duration, shown: Timestamp) -> Timestamp {
    shown.min(last.after(passed))
}

/// Merges recorded metrics, until the stop.
pub(super) async fn keep_up_metrics(metrics: PrometheusHandle, stop: CancellationToken) {
    while pause(METRICS_EVERY, &stop).await {
        metrics.run_upkeep();
    }
}

/// Waits; false when it is time to stop.
async fn pause(span: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(span) => true,
        () = stop.cancelled() => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_ahead_makes_no_mark_old() {
        let (noon, hour) = (Timestamp::from_micros(1_800_000_000_000_000), Duration::from_hours(1));
        let next = noon.after(hour);
        assert_eq!(believed(noon, hour, next), next);
        assert_eq!(believed(noon, hour, noon.after(Duration::from_hours(24 * 365))), next);
        assert_eq!(believed(noon, hour, noon.before(hour)), noon.before(hour));
    }
}
