//! World `ranker-plugin`: decides what goes first.
//!
//! `use hinny_plugin::ranker::*;` brings in all that a ranker needs.

pub use crate::{
    bindings::ranker::exports::hinny::plugin::ranker::{Context, Explanation, Refresh, Term},
    inputs::{Batch, Input, InputSource, InputType, Inputs, RankError, Row},
    no_settings,
    settings::{SettingError, SettingValue, Settings},
};

/// Gives each task its priority; lower goes first.
///
/// A pure function of the declared inputs, the settings and the context: asked twice the same, it
/// must answer the same. The host takes as many instances as it likes, often a fresh one per batch,
/// so nothing is remembered from one call to the next.
pub trait Ranker: Sized + 'static {
    /// What it reads of a task: a struct with `#[derive(Inputs)]`, or [`Row`].
    type Task<'a>: Inputs<'a>;

    /// Takes the operator's settings. An error refuses the version: [`Settings`] makes texts that
    /// say which setting is wrong, and what it may be.
    fn configure(settings: &Settings) -> Result<Self, String>;

    /// What it reads of each task. Override it when that depends on the settings.
    fn inputs(&self) -> Vec<Input> {
        Self::Task::inputs()
    }

    /// When priorities change without the tasks changing: never, unless overridden.
    fn refresh(&self) -> Refresh {
        Refresh::Never
    }

    /// The priority of a task, from −(2⁵³ − 1) to 2⁵³ − 1. See [`round_priority`].
    fn rank(&self, task: &Self::Task<'_>, context: &Context) -> i64;

    /// Why the task has its priority: one term, unless overridden.
    fn explain(&self, task: &Self::Task<'_>, context: &Context) -> Explanation {
        let priority = self.rank(task, context);
        Explanation::new(priority).term("priority", priority as f64)
    }
}

/// Least priority: the most urgent.
pub const PRIORITY_MIN: i64 = -9_007_199_254_740_991;

/// Greatest priority: the least urgent.
pub const PRIORITY_MAX: i64 = 9_007_199_254_740_991;

/// The nearest priority to a score: rounded, and kept in range. What is not a number goes last.
///
/// ```
/// use hinny_plugin::ranker::{PRIORITY_MAX, round_priority};
///
/// assert_eq!(round_priority(2.5), 3);
/// assert_eq!(round_priority(1e300), PRIORITY_MAX);
/// assert_eq!(round_priority(f64::NAN), PRIORITY_MAX);
/// ```
#[inline]
pub fn round_priority(score: f64) -> i64 {
    if score.is_nan() {
        return PRIORITY_MAX;
    }
    (score.round() as i64).clamp(PRIORITY_MIN, PRIORITY_MAX)
}

impl Explanation {
    /// An explanation without terms yet.
    pub fn new(priority: i64) -> Self {
        Self { priority, terms: Vec::new(), note: None }
    }

    /// Adds a contribution; negative moves the task forward.
    #[must_use]
    pub fn term(mut self, label: impl Into<String>, contribution: f64) -> Self {
        self.terms.push(Term { label: label.into(), contribution, input: None });
        self
    }

    /// Adds a contribution that comes from a declared input, by its name.
    #[must_use]
    pub fn input_term(
        mut self,
        label: impl Into<String>,
        contribution: f64,
        input: impl Into<String>,
    ) -> Self {
        let input = Some(input.into());
        self.terms.push(Term { label: label.into(), contribution, input });
        self
    }

    /// Adds a sentence for people.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}
