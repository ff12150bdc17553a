//! Numbers for Prometheus.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use hinny_core::{SchedulerId, TaskStatus, store::CountRow};

use super::Api;
use crate::{ApiState, error::ApiError};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "service",
    responses((status = 200, description = "In the text format", content_type = "text/plain", body = String))
)]
pub(super) async fn get_metrics(State(api): Api) -> Result<Response, ApiError> {
    let mut text = api.metrics.render();
    let sizes = queue_sizes(&api).await?;
    let counts = sums(api.queues.schedulers(), &api.store.counts().await?);
    // Taken at the moment of asking: both cost no query over tasks, and none is ever stale.
    let written = write_sizes(&mut text, &sizes)
        .and_then(|()| write_counts(&mut text, &counts))
        .and_then(|()| write_info(&mut text, &api.info_labels));
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

async fn queue_sizes(api: &ApiState) -> Result<Vec<(SchedulerId, u64)>, ApiError> {
    let mut sizes = Vec::new();
    for scheduler in api.queues.schedulers() {
        let queued = api.queues.stats(&scheduler).await?.queued;
        sizes.push((scheduler, queued));
    }
    Ok(sizes)
}

type Sums = BTreeMap<(SchedulerId, TaskStatus), i64>;

fn sums(schedulers: Vec<SchedulerId>, rows: &[CountRow]) -> Sums {
    let mut sums: Sums = schedulers
        .into_iter()
        .flat_map(|scheduler| TaskStatus::ALL.map(|status| ((scheduler.clone(), status), 0)))
        .collect();
    for row in rows {
        *sums.entry((row.scheduler.clone(), row.status)).or_default() += row.count;
    }
    sums
}

fn write_sizes(text: &mut String, sizes: &[(SchedulerId, u64)]) -> fmt::Result {
    writeln!(text, "# HELP scheduler_qsize Size of the scheduler queue")?;
    writeln!(text, "# TYPE scheduler_qsize gauge")?;
    sizes.iter().try_for_each(|(scheduler, size)| {
        writeln!(text, "scheduler_qsize{{scheduler_id=\"{}\"}} {size}", label(scheduler))
    })
}

fn write_counts(text: &mut String, counts: &Sums) -> fmt::Result {
    writeln!(text, "# HELP scheduler_task_status_counts Number of tasks in each status")?;
    writeln!(text, "# TYPE scheduler_task_status_counts gauge")?;
    counts.iter().try_for_each(|((scheduler, status), count)| {
        let (scheduler, count) = (label(scheduler), (*count).max(0));
        writeln!(
            text,
            "scheduler_task_status_counts{{scheduler_id=\"{scheduler}\",status=\"{status}\"}} {count}"
        )
    })
}

/// What dashboards of older schedulers read of the configuration.
fn write_info(text: &mut String, labels: &BTreeMap<String, String>) -> fmt::Result {
    if labels.is_empty() {
        return Ok(());
    }
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    writeln!(text, "# HELP app_settings_info Scheduler configuration settings")?;
    writeln!(text, "# TYPE app_settings_info gauge")?;
    writeln!(text, "app_settings_info{{{}}} 1.0", labels.join(","))
}

fn label(scheduler: &SchedulerId) -> String {
    escaped(scheduler.as_str())
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use hinny_core::{Organisation, Timestamp};

    use super::*;

    #[test]
    fn counts_are_summed_over_organisations_and_hours_and_none_is_left_out() {
        let jobs = SchedulerId::new("jo\"bs").unwrap();
        let row = |organisation: &str, count| CountRow {
            scheduler: jobs.clone(),
            organisation: Organisation::new(organisation).unwrap(),
            status: TaskStatus::Queued,
            hour: Timestamp::MIN,
            count,
        };
        let mut text = String::new();
        write_counts(
            &mut text,
            &sums(vec![jobs.clone()], &[row("a", 3), row("b", 4), row("b", -1)]),
        )
        .unwrap();
        assert!(text.contains(
            "scheduler_task_status_counts{scheduler_id=\"jo\\\"bs\",status=\"queued\"} 6\n"
        ));
        assert_eq!(text.lines().count(), 2 + TaskStatus::ALL.len());
    }
}
