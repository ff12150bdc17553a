//! Which schedules to list.

use hinny_core::{
    Organisation, SchedulerId, TaskHash, Timestamp, filter::Filter, schedule::ScheduleQuery,
};
use utoipa::IntoParams;

use super::super::tasks::check_span;
use crate::{
    error::ApiError,
    filter::of_organisations,
    input::{Fields, FromFields, Noted},
    page::PageQuery,
};

/// Which schedules.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `ScheduleListQuery` reads")]
pub(super) struct ScheduleListParams {
    /// Of this scheduler.
    scheduler_id: Option<String>,
    /// Of this organisation.
    organisation: Option<String>,
    /// Of these organisations; may be repeated.
    #[param(required = false)]
    organisation_ids: Vec<String>,
    /// With this hash.
    schedule_hash: Option<String>,
    /// Those that fire, or those that do not.
    enabled: Option<bool>,
    /// Due at or after.
    #[param(value_type = Option<String>, example = "2026-01-31")]
    min_deadline_at: Option<()>,
    /// Due at or before.
    #[param(value_type = Option<String>, example = "2026-01-31T12:00:00Z")]
    max_deadline_at: Option<()>,
    /// Made at or after.
    #[param(value_type = Option<String>, example = "2026-01-31")]
    min_created_at: Option<()>,
    /// Made at or before.
    #[param(value_type = Option<String>, example = "2026-01-31T12:00:00Z")]
    max_created_at: Option<()>,
}

/// Which schedules, and which page of them.
#[derive(Debug)]
pub(in crate::routes) struct ScheduleListQuery {
    pub(super) schedules: ScheduleQuery,
    pub(super) page: PageQuery,
}

impl FromFields for ScheduleListQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let scheduler = fields.optional::<SchedulerId>("scheduler_id");
        let organisation = fields.optional::<Organisation>("organisation");
        let organisations = fields.repeated::<Organisation>("organisation_ids");
        let hash = fields.optional::<TaskHash>("schedule_hash");
        let enabled = fields.optional::<bool>("enabled");
        let min_deadline_at = fields.optional::<Timestamp>("min_deadline_at");
        let max_deadline_at = fields.optional::<Timestamp>("max_deadline_at");
        let min_created_at = fields.optional::<Timestamp>("min_created_at");
        let max_created_at = fields.optional::<Timestamp>("max_created_at");
        let page = PageQuery::read(fields);
        let schedules = ScheduleQuery {
            scheduler: scheduler?,
            organisation: organisation?,
            hash: hash?,
            enabled: enabled?,
            min_deadline_at: min_deadline_at?,
            max_deadline_at: max_deadline_at?,
            min_created_at: min_created_at?,
            max_created_at: max_created_at?,
            filter: Filter {
                and: of_organisations(&organisations?).into_iter().collect(),
                ..Filter::default()
            },
        };
        Ok(Self { schedules, page: page? })
    }
}

/// Refuses spans that end before they start.
pub(super) fn check(query: &ScheduleQuery) -> Result<(), ApiError> {
    check_span("deadline_at", query.min_deadline_at, query.max_deadline_at)?;
    check_span("created_at", query.min_created_at, query.max_created_at)
}
