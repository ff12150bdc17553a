//! What a host does now and then, and nobody waits for.

use std::{sync::Arc, time::Duration};

use hinny_core::{Clock, store::Store};
use metrics_exporter_prometheus::PrometheusHandle;
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
    while pause(TIDY_EVERY, &stop).await {
        if let Err(error) = store.tidy(clock.now().before(remember)).await {
            warn!(
                "old marks could not be removed from the database, the next try is in an hour: {error}"
            );
        }
    }
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
