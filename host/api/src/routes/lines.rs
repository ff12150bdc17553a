//! What plugins wrote into the log.

use std::time::Duration;

use axum::{Json, extract::State};
use hinny_core::plugin::{Line, LineLevel, Lines, LinesRequest};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Api, plugins::WorldSchema, pop::wait, slots::SlotPath};
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Noted, Seconds},
    params::{InPath, InQuery},
    wire::{Moment, Text},
};

/// How many lines are shown when it is not said.
const LIMIT: usize = 100;

/// Most lines that are shown at a time.
const LIMIT_MAX: usize = 1_000;

/// Which lines, and how long to wait for one.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `LinesQuery` reads")]
struct LinesParams {
    /// Lines after this one, oldest first: `last` of the answer before. Without it, the last lines.
    after: Option<u64>,
    /// Most lines; 100 when it is left out, 1000 at most.
    limit: Option<u64>,
    /// Seconds to wait for a line when there is none; 0 to 60, with a fraction if need be.
    wait: Option<f64>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(super) struct LinesQuery {
    after: Option<u64>,
    limit: Option<u64>,
    wait: Option<Seconds>,
}

impl FromFields for LinesQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (after, limit) = (fields.optional("after"), fields.optional("limit"));
        let wait = fields.optional("wait");
        Ok(Self { after: after?, limit: limit?, wait: wait? })
    }
}

/// What plugins wrote, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lines)]
pub(super) struct LinesBody {
    /// The lines.
    lines: Vec<LineBody>,
    /// What to send as `after` for those that follow.
    last: u64,
    /// How many lines after the one that was named had to make room.
    gone: u64,
}

/// A line of a plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
struct LineBody {
    /// Its number. Numbers grow, over restarts of the host, too.
    number: u64,
    /// When it was written.
    at: Moment,
    /// How loud it is.
    #[schema(value_type = LineLevelSchema)]
    level: LineLevel,
    /// The generation that wrote it; null: an instance that was made ahead of its first call.
    generation: Option<u64>,
    /// The version that wrote it.
    digest: Text,
    /// The function that was called.
    #[schema(example = "handle")]
    function: &'static str,
    /// The line, cut when it was too long, and without control characters.
    text: String,
}

/// How loud a line is.
#[derive(ToSchema)]
#[schema(as = LineLevel, rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `hinny_core::plugin::LineLevel` is written as")]
enum LineLevelSchema {
    /// For whoever follows each step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// For whoever wants to know what happens.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

impl From<Lines> for LinesBody {
    fn from(Lines { lines, last, gone }: Lines) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), last, gone }
    }
}

impl From<Line> for LineBody {
    fn from(line: Line) -> Self {
        Self {
            number: line.number,
            at: line.at.into(),
            level: line.level,
            generation: line.generation,
            digest: (&line.digest).into(),
            function: line.function,
            text: line.text.as_ref().to_owned(),
        }
    }
}

/// What the plugins of a slot wrote last
///
/// A thousand lines are kept of each slot, and 1 MiB at most, also of those that are too quiet for
/// the log of the host; not over a restart. Only scheduler plugins write lines. With `wait`, the
/// request stays open until there is one.
#[utoipa::path(
    get, path = "/slots/{scheduler_id}/{world}/lines", tag = "plugins",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        ("world" = WorldSchema, Path, description = "What the plugin decides"),
        LinesParams
    ),
    responses(
        (status = 200, description = "The lines", body = LinesBody),
        (status = 400, description = "It is a slot of rankers, which write no lines", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such slot", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn list_lines(
    State(api): Api,
    InPath(SlotPath(slot)): InPath<SlotPath>,
    InQuery(query): InQuery<LinesQuery>,
) -> Result<Json<LinesBody>, ApiError> {
    let wait: Duration = wait(query.wait, &api.limits)?;
    let limit = query.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT);
    // None of the last lines is an answer, too; none of those that follow would be lost.
    let limit = limit.clamp(usize::from(query.after.is_some()), LIMIT_MAX);
    let request = LinesRequest { slot, after: query.after, limit, wait };
    Ok(Json(api.plugins.lines(request).await?.into()))
}
