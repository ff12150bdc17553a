//! What became of a question, for metrics.

use std::time::Duration;

use hinny_core::{
    connector::{ConnectorError, ServiceResponse},
    plugin::Slot,
};
use metrics::{counter, describe_counter, describe_histogram, histogram};

/// Says what the metrics are, once.
pub(crate) fn describe() {
    describe_counter!(
        "hinny_connector_calls_total",
        "Questions to services, by service, slot and outcome"
    );
    describe_histogram!(
        "hinny_connector_call_seconds",
        "Time of a question to a service with all its tries, in seconds"
    );
}

/// Counts and times a question. The labels are few: services and slots are configured.
pub(crate) fn record(
    service: &str,
    slot: &Slot,
    took: Duration,
    answer: &Result<ServiceResponse, ConnectorError>,
) {
    let (service, slot) = (service.to_owned(), slot.to_string());
    counter!(
        "hinny_connector_calls_total",
        "service" => service.clone(), "slot" => slot.clone(), "outcome" => class(answer),
    )
    .increment(1);
    histogram!("hinny_connector_call_seconds", "service" => service, "slot" => slot)
        .record(took.as_secs_f64());
}

/// The class of an outcome. Never change one.
fn class(answer: &Result<ServiceResponse, ConnectorError>) -> &'static str {
    match answer {
        Ok(response) => match response.status {
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500..600 => "5xx",
            _ => "other",
        },
        Err(ConnectorError::UnknownService { .. }) => "unknown",
        Err(ConnectorError::BadRequest { .. }) => "refused",
        Err(ConnectorError::Unavailable { .. }) => "unavailable",
        Err(ConnectorError::TooLarge { .. }) => "too_large",
    }
}
