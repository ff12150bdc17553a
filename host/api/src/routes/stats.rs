//! How many tasks there were, by the hour.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use hinny_core::{Organisation, SchedulerId, TaskStatus, Timestamp, store::CountRow};
use serde::{Serialize, Serializer, ser::SerializeMap};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::InQuery,
};

/// How far back the hours go.
const SPAN: std::time::Duration = std::time::Duration::from_hours(24);
const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

/// Which tasks to count.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsQuery {
    /// Of this scheduler.
    #[param(value_type = Option<String>)]
    scheduler_id: Option<SchedulerId>,
    /// Of this organisation.
    #[param(value_type = Option<String>)]
    organisation_id: Option<Organisation>,
    /// Of these organisations; may be repeated.
    #[param(value_type = Vec<String>, required = false)]
    organisation_ids: Vec<Organisation>,
}

impl FromFields for StatsQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (scheduler, organisation) =
            (fields.optional("scheduler_id"), fields.optional("organisation_id"));
        let organisations = fields.repeated("organisation_ids");
        Ok(Self {
            scheduler_id: scheduler?,
            organisation_id: organisation?,
            organisation_ids: organisations?,
        })
    }
}

impl StatsQuery {
    fn wants(&self, row: &CountRow) -> bool {
        let wanted = &self.organisation_ids;
        self.scheduler_id.as_ref().is_none_or(|scheduler| *scheduler == row.scheduler)
            && self.organisation_id.as_ref().is_none_or(|one| *one == row.organisation)
            && (wanted.is_empty() || wanted.contains(&row.organisation))
    }
}

/// Tasks by the hour in which they were last modified, newest hour first.
#[derive(Debug)]
pub(super) struct Stats(BTreeMap<Timestamp, [u64; TaskStatus::ALL.len()]>);

/// How many tasks have which status.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Stats` is written as")]
struct StatusCounts {
    pending: u64,
    queued: u64,
    dispatched: u64,
    running: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
    total: u64,
}

/// Tasks of the last 24 hours by the hour in which they were last handed out, newest hour first
#[utoipa::path(
    get, path = "/tasks/stats", tag = "tasks", params(StatsQuery),
    responses((
        status = 200, description = "By the start of the hour; hours without tasks are left out",
        body = BTreeMap<String, StatusCounts>
    ))
)]
pub(super) async fn get_task_stats(
    State(api): Api,
    InQuery(query): InQuery<StatsQuery>,
) -> Result<Json<Stats>, ApiError> {
    Ok(Json(stats(&api.store.counts().await?, &query, api.clock.now())))
}

fn stats(rows: &[CountRow], query: &StatsQuery, now: Timestamp) -> Stats {
    let mut sums: BTreeMap<Timestamp, [i64; TaskStatus::ALL.len()]> = BTreeMap::new();
    let recent = |row: &&CountRow| row.hour.after(HOUR) > now.before(SPAN);
    for row in rows.iter().filter(recent).filter(|row| query.wants(row)) {
        let counts = sums.entry(row.hour).or_default();
        for (count, status) in counts.iter_mut().zip(TaskStatus::ALL) {
            *count += if status == row.status { row.count } else { 0 };
        }
    }
    let positive = sums
        .into_iter()
        .map(|(hour, counts)| (hour, counts.map(|count| u64::try_from(count).unwrap_or(0))));
    Stats(positive.filter(|(_, counts)| counts.iter().any(|count| *count > 0)).collect())
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (hour, counts) in self.0.iter().rev() {
            map.serialize_entry(
                &hour.to_utc().format("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
                &Hour(counts),
            )?;
        }
        map.end()
    }
}

struct Hour<'a>(&'a [u64; TaskStatus::ALL.len()]);

impl Serialize for Hour<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len() + 1))?;
        for (status, count) in TaskStatus::ALL.iter().zip(self.0) {
            map.serialize_entry(status.as_str(), count)?;
        }
        map.serialize_entry("total", &self.0.iter().sum::<u64>())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        scheduler: &str,
        organisation: &str,
        hour: &str,
        status: TaskStatus,
        count: i64,
    ) -> CountRow {
        CountRow {
            scheduler: SchedulerId::new(scheduler).unwrap(),
            organisation: Organisation::new(organisation).unwrap(),
            status,
            hour: hour.parse().unwrap(),
            count,
        }
    }

    fn written(query: &StatsQuery) -> String {
        let rows = [
            row("jobs", "a", "2026-11-24T01:00:00Z", TaskStatus::Queued, 8),
            row("jobs", "b", "2026-11-24T01:00:00Z", TaskStatus::Dispatched, 9),
            row("jobs", "a", "2026-11-24T00:00:00Z", TaskStatus::Failed, 1),
            row("jobs", "a", "2026-11-23T23:00:00Z", TaskStatus::Queued, 0),
            row("jobs", "a", "2026-11-22T01:00:00Z", TaskStatus::Completed, 7),
        ];
        let now = "2026-11-24T01:59:00Z".parse().unwrap();
        serde_json::to_string(&stats(&rows, query, now)).unwrap()
    }

    fn of(scheduler: Option<&str>, organisations: &[&str]) -> StatsQuery {
        StatsQuery {
            scheduler_id: scheduler.map(|id| SchedulerId::new(id).unwrap()),
            organisation_id: None,
            organisation_ids: organisations
                .iter()
                .map(|id| Organisation::new(*id).unwrap())
                .collect(),
        }
    }

    #[test]
    fn hours_with_tasks_are_written_newest_first_with_all_statuses() {
        assert_eq!(
            written(&of(None, &[])),
            r#"{"2026-11-24T01:00:00+00:00":{"pending":0,"queued":8,"dispatched":9,"running":0,"completed":0,"failed":0,"cancelled":0,"total":17},"2026-11-24T00:00:00+00:00":{"pending":0,"queued":0,"dispatched":0,"running":0,"completed":0,"failed":1,"cancelled":0,"total":1}}"#
        );
    }

    #[test]
    fn other_organisations_and_unknown_schedulers_count_nothing() {
        assert_eq!(
            written(&of(Some("jobs"), &["b", "c"])),
            r#"{"2026-11-24T01:00:00+00:00":{"pending":0,"queued":0,"dispatched":9,"running":0,"completed":0,"failed":0,"cancelled":0,"total":9}}"#
        );
        assert_eq!(written(&of(Some("nope"), &[])), "{}");
    }
}
