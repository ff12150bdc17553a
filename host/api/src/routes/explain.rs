//! Why a task is where it is.

use std::fmt::{self, Display};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use hinny_core::{
    queue::{Explained, Rung},
    ranker::{Explanation, Term},
    task::RankedBy,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    task::{RankedBySchema, TaskPath},
};
use crate::{error::ApiError, params::InPath, wire::Id};

/// Why a task is where it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explained)]
pub(super) struct ExplainedBody {
    /// The task.
    task_id: Id,
    /// 1 for the next to go; null when it is not queued, or delayed.
    position: Option<u64>,
    /// Its rank in the order now.
    priority: i64,
    /// Who gave it that rank.
    #[schema(value_type = RankedBySchema)]
    ranked_by: RankedBy,
    /// What the ranker says now; null without a ranker.
    explanation: Option<ExplanationBody>,
    /// What would move it up: to be first, among the first 10, and among the first 100. Empty when it
    /// is first, or not up for a worker.
    ahead: Vec<RungBody>,
}

/// A place in the order that a task would have with a lower rank.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rung)]
struct RungBody {
    /// The place: 1 is the next to go.
    position: u64,
    /// The rank of the task that has it now: any lower one would be before it.
    below: i64,
}

/// What a ranker says of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(super) struct ExplanationBody {
    /// The priority that it gives now.
    priority: i64,
    /// What contributed to it.
    pub(super) terms: Vec<TermBody>,
    /// A sentence for people.
    note: Option<String>,
}

/// A contribution to a priority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Term)]
pub(super) struct TermBody {
    /// What it is.
    pub(super) label: String,
    /// How much it adds; negative moves the task forward.
    pub(super) contribution: f64,
    /// The declared input that it comes from, if it is one.
    input: Option<String>,
}

impl From<Explained> for ExplainedBody {
    fn from(explained: Explained) -> Self {
        Self {
            task_id: explained.task.into(),
            position: explained.position,
            priority: explained.priority.0,
            ranked_by: explained.ranked_by,
            explanation: explained.explanation.map(Into::into),
            ahead: explained.ahead.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Rung> for RungBody {
    fn from(Rung { position, below }: Rung) -> Self {
        Self { position, below: below.0 }
    }
}

impl From<Explanation> for ExplanationBody {
    fn from(Explanation { priority, terms, note }: Explanation) -> Self {
        let terms = terms.into_iter().map(Into::into).collect();
        Self { priority: priority.0, terms, note }
    }
}

impl From<Term> for TermBody {
    fn from(Term { label, contribution, input }: Term) -> Self {
        Self { label, contribution, input }
    }
}

/// Why a task is where it is
///
/// With `Accept: text/plain`, as a text for people.
#[utoipa::path(
    get, path = "/tasks/{task_id}/explain", tag = "tasks",
    params(("task_id" = uuid::Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "Why", content(
            (ExplainedBody = "application/json"), (String = "text/plain")
        )),
        (status = 404, description = "No such task", body = crate::openapi::ErrorBody),
        (status = 502, description = "The ranker failed", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn explain_task(
    State(api): Api,
    InPath(TaskPath(task)): InPath<TaskPath>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let explained = ExplainedBody::from(api.queues.explain(task).await?);
    Ok(text_or_json(&headers, explained))
}

/// As a text for people where that is asked for, else as JSON.
pub(super) fn text_or_json(headers: &HeaderMap, body: impl Display + Serialize) -> Response {
    if wants_text(headers) { body.to_string().into_response() } else { Json(body).into_response() }
}

/// Whether plain text is asked for, and asked for before JSON.
fn wants_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut kinds = accept
        .unwrap_or_default()
        .split(',')
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.find(|kind| matches!(*kind, "text/plain" | "application/json" | "*/*"))
        == Some("text/plain")
}

/// As a text for people.
impl Display for ExplainedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} ", self.task_id)?;
        match self.position {
            Some(position) => writeln!(f, "is at position {position} of the queue")?,
            None => writeln!(f, "is not up for a worker now")?,
        }
        write!(f, "priority {} (lower goes first), ", self.priority)?;
        match self.ranked_by {
            RankedBy::Host => writeln!(f, "by the host's own rule: asked priority, else age")?,
            RankedBy::Generation(generation) => {
                writeln!(f, "by generation {generation} of the ranker")?;
            }
            RankedBy::Fallback(generation) => {
                writeln!(f, "by fallback, since generation {generation} of the ranker failed")?;
            }
        }
        if let Some(explanation) = &self.explanation {
            explanation.fmt(f)?;
            self.holds_back(f)?;
        }
        for RungBody { position, below } in &self.ahead {
            match position {
                1 => writeln!(f, "it would go first below {below}")?,
                _ => writeln!(f, "it would be among the first {position} below {below}")?,
            }
        }
        Ok(())
    }
}

impl ExplainedBody {
    /// The term that moves it back furthest, when it is not first anyway.
    fn holds_back(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = self.explanation.iter().flat_map(|explanation| &explanation.terms);
        let worst = terms.max_by(|one, other| one.contribution.total_cmp(&other.contribution));
        match worst.filter(|term| term.contribution > 0.0 && !self.ahead.is_empty()) {
            Some(term) => {
                writeln!(f, "\nwhat holds it back most: {} ({:+})", term.label, term.contribution)
            }
            None => Ok(()),
        }
    }
}

impl Display for ExplanationBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nthe ranker gives {} now:", self.priority)?;
        for TermBody { label, contribution, input } in &self.terms {
            write!(f, "  {contribution:>+20} {label}")?;
            match input.as_ref().filter(|input| *input != label) {
                Some(input) => writeln!(f, " (input `{input}`)")?,
                None => writeln!(f)?,
            }
        }
        self.note.as_ref().map_or(Ok(()), |note| writeln!(f, "{note}"))
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{Priority, TaskId};

    use super::*;

    #[test]
    fn the_text_says_where_and_why() {
        let explained = Explained {
            task: TaskId(uuid::Uuid::nil()),
            position: Some(12),
            priority: Priority(1700),
            ranked_by: RankedBy::Generation(3),
            explanation: Some(Explanation {
                priority: Priority(1600),
                terms: vec![
                    Term { label: "asked".to_owned(), contribution: 2000.0, input: None },
                    Term {
                        label: "waited for 6 h".to_owned(),
                        contribution: -400.5,
                        input: Some("wait".to_owned()),
                    },
                ],
                note: Some("Old tasks move forward.".to_owned()),
            }),
            ahead: [(1, -40), (10, 1500)]
                .map(|(position, below)| Rung { position, below: Priority(below) })
                .into(),
        };
        assert_eq!(
            ExplainedBody::from(explained).to_string(),
            "task 00000000-0000-0000-0000-000000000000 is at position 12 of the queue\n\
             priority 1700 (lower goes first), by generation 3 of the ranker\n\
             \n\
             the ranker gives 1600 now:\n\
             \u{20}                +2000 asked\n\
             \u{20}               -400.5 waited for 6 h (input `wait`)\n\
             Old tasks move forward.\n\
             \n\
             what holds it back most: asked (+2000)\n\
             it would go first below -40\n\
             it would be among the first 10 below 1500\n"
        );
    }

    #[test]
    fn text_is_sent_to_those_who_prefer_it() {
        let accept = |value: &str| {
            wants_text(&HeaderMap::from_iter([(header::ACCEPT, value.parse().unwrap())]))
        };
        assert!(accept("text/plain"));
        assert!(accept("text/html, text/plain;q=0.9, */*;q=0.1"));
        assert!(!accept("application/json, text/plain"));
        assert!(!accept("*/*"));
        assert!(!wants_text(&HeaderMap::new()));
    }
}
