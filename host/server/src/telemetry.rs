//! Logs, metrics and the last words of a panic.

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{ConfigError, LogConfig, LogFormat};

/// Bounds of all histograms of seconds: from a rank call in memory to a slow verification.
const SECONDS_BUCKETS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0,
    30.0,
];

/// Starts the log, and has panics go there. Once per process; a second call changes nothing.
pub fn start_log(log: &LogConfig) -> Result<(), ConfigError> {
    let filter = log.parsed_filter()?;
    let ansi = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(ansi).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
    };
    // Fails when there is a log already, as in tests with several hosts in one process.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        log_panics();
    }
    Ok(())
}

/// Panics become records: whoever reads the log as JSON would never see the text on standard error.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = panic.payload_as_str().unwrap_or("something that is not text");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(%place, %backtrace, "panicked: {said}");
    }));
}

/// The metrics of this process. They are set up by the first call.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let builder = builder
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
                .expect("the list of buckets is not empty");
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!(
                    "metrics go to a recorder that was there before; /metrics stays empty"
                );
            }
            handle
        })
        .clone()
}
