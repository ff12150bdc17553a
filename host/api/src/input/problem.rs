//! What is wrong with a request, and where.

use serde::Serialize;
use serde_json::Value;

use super::Input;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    loc: Vec<Step>,
    msg: String,
    input: Value,
}

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

impl Problem {
    /// Where it is, as text: `body.items.3.priority`.
    pub(crate) fn place(&self) -> String {
        let steps = self.loc.iter().map(|step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(at) => at.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }
}

/// Where a value is. Costs nothing until something is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Here<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Here<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    /// Part of the request: `body`, `query`, `path`, `header`.
    pub(crate) fn of(part: &'a str) -> Self {
        Self { above: None, step: Here::Name(part) }
    }

    /// A field of the value here.
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), step: Here::Name(name) }
    }

    /// An entry of the list here.
    pub(crate) fn entry(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Here::Index(index) }
    }

    fn loc(&self) -> Vec<Step> {
        let mut loc = self.above.map_or_else(Vec::new, Place::loc);
        loc.push(match self.step {
            Here::Name(name) => Step::Name(name.to_owned()),
            Here::Index(index) => Step::Index(index),
        });
        loc
    }
}

/// What is wrong is noted in [`Problems`]; there is nothing else to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noted;

/// Everything found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Most that are listed.
    const MAX: usize = 100;

    /// Notes that a value does not fit.
    pub(crate) fn note<T>(
        &mut self,
        place: &Place<'_>,
        kind: &'static str,
        msg: impl Into<String>,
        input: Input<'_>,
    ) -> Result<T, Noted> {
        self.push(place, kind, msg.into(), input.shown())
    }

    /// Notes that a value is missing, with what is there around it.
    pub(crate) fn missing<T>(&mut self, place: &Place<'_>, around: Value) -> Result<T, Noted> {
        self.push(place, "missing", "Field required".to_owned(), around)
    }

    fn push<T>(
        &mut self,
        place: &Place<'_>,
        kind: &'static str,
        msg: String,
        input: Value,
    ) -> Result<T, Noted> {
        if self.0.len() < Self::MAX {
            self.0.push(Problem { kind, loc: place.loc(), msg, input });
        }
        Err(Noted)
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn or<T>(self, read: Result<T, Noted>) -> Result<T, Vec<Problem>> {
        match read {
            Ok(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
