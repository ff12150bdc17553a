//! What a ranker reads of each task: a row view over the columns of a batch.
//!
//! `#[derive(Inputs)]` makes the list of inputs and the view from one struct. Nothing is allocated
//! per task: integers, floats and flags are copied out of the columns, text is borrowed.

pub use hinny_plugin_derive::Inputs;

pub use self::{
    column::{Column, Columns, Field},
    row::Row,
};
pub use crate::bindings::ranker::exports::hinny::plugin::ranker::{
    Batch, Input, InputSource, InputType, RankError,
};

mod absence;
mod column;
mod row;

/// The inputs of one task, borrowed from a batch.
///
/// Derived for a struct with named fields. Each field says where it comes from, and is an `i64`,
/// `f64`, `bool` or `&'a str`, or an `Option` of one:
///
/// ```
/// use hinny_plugin::ranker::*;
///
/// #[derive(Inputs)]
/// struct Scan<'a> {
///     #[input(created_at)] // or wait, base_priority, attempts, organisation, task_type,
///     created_ms: i64,     // last_run_at, last_run_status, last_run_duration
///     #[input("/boefje/scan_level")] // a JSON pointer into the data; "" is the whole document
///     level: Option<i64>,
///     #[input("/team", default = "nobody", name = "team name")]
///     team: &'a str,
/// }
///
/// let names: Vec<_> = Scan::inputs().into_iter().map(|input| input.name).collect();
/// assert_eq!(names, ["created_ms", "level", "team name"]);
/// ```
///
/// What a task does not have is `None`, or the `default`, or else zero, false or empty.
///
/// A field that cannot be an input is an error at its place:
///
/// ```compile_fail
/// # use hinny_plugin::ranker::*;
/// #[derive(Inputs)]
/// struct Scan {
///     #[input("scan_level")] // `scan_level` is not a JSON pointer; did you mean `/scan_level`?
///     level: i64,
/// }
/// ```
///
/// A ranker whose inputs depend on its settings uses [`Row`] and overrides
/// [`Ranker::inputs`](crate::ranker::Ranker::inputs).
pub trait Inputs<'a>: Sized {
    /// The columns of a batch, opened.
    type Columns;

    /// What the ranker declares.
    fn inputs() -> Vec<Input>;

    /// Opens a batch; refuses one whose columns are not those declared.
    fn columns(batch: &'a Batch) -> Result<Self::Columns, RankError>;

    /// The inputs of one task of the batch.
    fn row(columns: &Self::Columns, at: usize) -> Self;
}

impl Input {
    /// An input from a place in the task's data, as a JSON pointer. Its name is the pointer.
    pub fn pointer(pointer: impl Into<String>, kind: InputType) -> Self {
        let pointer = pointer.into();
        Self { name: pointer.clone(), source: InputSource::Pointer(pointer), kind }
    }

    /// A well-known input by its name in WIT, such as `created-at`. `None`: there is none.
    pub fn well_known(name: &str) -> Option<Self> {
        let (source, kind) = match name {
            "created-at" => (InputSource::CreatedAt, InputType::Integer),
            "wait" => (InputSource::Wait, InputType::Integer),
            "base-priority" => (InputSource::BasePriority, InputType::Integer),
            "attempts" => (InputSource::Attempts, InputType::Integer),
            "organisation" => (InputSource::Organisation, InputType::Text),
            "task-type" => (InputSource::TaskType, InputType::Text),
            "last-run-at" => (InputSource::LastRunAt, InputType::Integer),
            "last-run-status" => (InputSource::LastRunStatus, InputType::Text),
            "last-run-duration" => (InputSource::LastRunDuration, InputType::Integer),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), source, kind })
    }
}

#[cfg(test)]
mod tests;
