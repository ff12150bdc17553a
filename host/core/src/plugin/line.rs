//! What plugins write into the log, kept for a while.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use super::Slot;
use crate::{PluginDigest, Timestamp};

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineLevel {
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

/// A line of a plugin: bounded, and without anything that a terminal obeys.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number. Numbers grow, over restarts of the host, too; they have gaps.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// How loud it is.
    pub level: LineLevel,
    /// The generation that wrote it; `None`: an instance that was made ahead of its first call.
    pub generation: Option<u64>,
    /// The version that wrote it.
    pub digest: PluginDigest,
    /// The function that was called.
    pub function: &'static str,
    /// The line.
    pub text: Arc<str>,
}

/// Which lines, and how long to wait for one.
#[derive(Debug, Clone)]
pub struct LinesRequest {
    /// Whose.
    pub slot: Slot,
    /// Those with higher numbers, oldest first; `None`: the last ones.
    pub after: Option<u64>,
    /// Most lines.
    pub limit: usize,
    /// How long to wait while there is none. Zero: not at all.
    pub wait: Duration,
}

/// Lines, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// The lines.
    pub lines: Vec<Line>,
    /// What to ask for as `after` next.
    pub last: u64,
    /// How many lines that were asked for had to make room before.
    pub gone: u64,
}
