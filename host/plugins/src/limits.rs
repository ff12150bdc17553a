//! What a plugin may use: every limit of the plugin host, with its default.

use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};

use crate::call::Call;

/// What a plugin may use. The section `[plugins.limits]` of the configuration.
///
/// A deadline starts with the call: waiting for a thread is not billed to the guest. Nor is what a
/// scheduler plugin waits for, the database or its turn; `call_timeout_ms` is for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest component that may be uploaded, in MiB. Guests with a language runtime need 2 to 20.
    pub component_mb: u32,
    /// Most memory of one instance, in MiB, over all its linear memories.
    pub memory_mb: u32,
    /// Stack of one call, in KiB.
    pub stack_kb: u32,
    /// Most elements of one table of an instance (function pointers).
    pub table_elements: u32,
    /// Most instances at one time, per world.
    pub instances: u32,
    /// Longest start of an instance, `configure` included, in milliseconds.
    pub configure_ms: u32,
    /// Longest `describe`, in milliseconds.
    pub describe_ms: u32,
    /// Longest `rank` of one batch, in milliseconds.
    pub rank_ms: u32,
    /// Longest `explain` of one batch, in milliseconds.
    pub explain_ms: u32,
    /// Longest `admit` of one list of drafts, in milliseconds.
    pub admit_ms: u32,
    /// Longest `handle` of one trigger, in milliseconds.
    pub handle_ms: u32,
    /// Longest call of a scheduler plugin by the clock on the wall, waiting for the database
    /// and for services included, in milliseconds.
    pub call_timeout_ms: u32,
    /// Most tasks of one batch; the host cuts longer ones.
    pub batch_tasks: u32,
    /// Most bytes that one call may answer, in MiB.
    pub answer_mb: u32,
    /// Longest text for people (an error, a reason, a label), in bytes; the rest is cut.
    pub text_bytes: u32,
    /// Most terms in the explanation of one task.
    pub explanation_terms: u32,
    /// Most commands in the answer to one trigger.
    pub commands: u32,
    /// Most triggers that a scheduler plugin may ask for.
    pub interests: u32,
    /// Longest log line, in bytes; the rest is cut.
    pub log_line_bytes: u32,
    /// Most log lines of one call; the rest is only counted.
    pub log_lines: u32,
    /// Most calls of one scheduler plugin at one time.
    pub scheduler_calls: u32,
    /// Threads for ranker calls; 0: one more than there are cores.
    pub ranker_threads: u32,
    /// Most verifications at one time.
    pub verifications: u32,
    /// Most uploads that wait for their verification.
    pub verifications_waiting: u32,
    /// Longest verification, in seconds. Compiling a Python guest takes about 7.
    pub verify_seconds: u32,
    /// Most compiled code kept in the cache folder, in MiB.
    pub cache_mb: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_mb: 32,
            memory_mb: 64,
            stack_kb: 512,
            table_elements: 20_000,
            instances: 128,
            configure_ms: 1_000,
            describe_ms: 100,
            rank_ms: 100,
            explain_ms: 500,
            admit_ms: 500,
            handle_ms: 1_000,
            call_timeout_ms: 30_000,
            batch_tasks: 1_000,
            answer_mb: 16,
            text_bytes: 4_096,
            explanation_terms: 64,
            commands: 10_000,
            interests: 64,
            log_line_bytes: 4_096,
            log_lines: 100,
            scheduler_calls: 8,
            ranker_threads: 0,
            verifications: 2,
            verifications_waiting: 8,
            verify_seconds: 60,
            cache_mb: 1_024,
        }
    }
}

/// A limit that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`plugins.limits.{name}` is {got}, expected {min} to {max}")]
pub struct LimitError {
    name: &'static str,
    got: u32,
    min: u32,
    max: u32,
}

impl Limits {
    /// Checks that each limit is one that the host can keep.
    pub fn validate(&self) -> Result<(), LimitError> {
        for (name, got, range) in self.ranges() {
            if !range.contains(&got) {
                return Err(LimitError { name, got, min: *range.start(), max: *range.end() });
            }
        }
        Ok(())
    }

    /// Each limit by name, with its value and the values that the host can keep.
    pub fn ranges(&self) -> [(&'static str, u32, RangeInclusive<u32>); 26] {
        // A day: far above any sane deadline, far below what a clock can add.
        let millis = 1..=86_400_000;
        [
            ("component_mb", self.component_mb, 1..=1_024),
            ("memory_mb", self.memory_mb, 1..=4_096),
            // Below 64 KiB the host's own frames do not fit; above 1 MiB a thread's stack ends.
            ("stack_kb", self.stack_kb, 64..=1_024),
            ("table_elements", self.table_elements, 1..=1_000_000),
            ("instances", self.instances, 4..=4_096),
            ("configure_ms", self.configure_ms, millis.clone()),
            ("describe_ms", self.describe_ms, millis.clone()),
            ("rank_ms", self.rank_ms, millis.clone()),
            ("explain_ms", self.explain_ms, millis.clone()),
            ("admit_ms", self.admit_ms, millis.clone()),
            ("handle_ms", self.handle_ms, millis.clone()),
            ("call_timeout_ms", self.call_timeout_ms, millis),
            ("batch_tasks", self.batch_tasks, 1..=1_000_000),
            ("answer_mb", self.answer_mb, 1..=1_024),
            ("text_bytes", self.text_bytes, 16..=1_048_576),
            ("explanation_terms", self.explanation_terms, 1..=10_000),
            ("commands", self.commands, 1..=1_000_000),
            ("interests", self.interests, 1..=10_000),
            ("log_line_bytes", self.log_line_bytes, 16..=1_048_576),
            ("log_lines", self.log_lines, 0..=1_000_000),
            ("scheduler_calls", self.scheduler_calls, 1..=1_024),
            ("ranker_threads", self.ranker_threads, 0..=1_024),
            ("verifications", self.verifications, 1..=64),
            ("verifications_waiting", self.verifications_waiting, 0..=1_024),
            ("verify_seconds", self.verify_seconds, 1..=3_600),
            ("cache_mb", self.cache_mb, 1..=1_048_576),
        ]
    }

    pub(crate) fn component_bytes(&self) -> usize {
        mebibytes(self.component_mb)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        mebibytes(self.memory_mb)
    }

    pub(crate) fn answer_bytes(&self) -> usize {
        mebibytes(self.answer_mb)
    }

    /// How long the guest may run in a call.
    pub(crate) fn deadline(&self, call: Call) -> Duration {
        Duration::from_millis(u64::from(match call {
            Call::Configure => self.configure_ms,
            Call::Describe => self.describe_ms,
            Call::Rank => self.rank_ms,
            Call::Explain => self.explain_ms,
            Call::Admit => self.admit_ms,
            Call::Handle => self.handle_ms,
        }))
    }

    pub(crate) fn call_timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.call_timeout_ms))
    }

    pub(crate) fn verify_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.verify_seconds))
    }
}

fn mebibytes(count: u32) -> usize {
    usize::try_from(u64::from(count) << 20).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_kept() {
        assert_eq!(Limits::default().validate(), Ok(()));
    }

    #[test]
    fn a_limit_out_of_range_is_refused_by_name() {
        let refused = Limits { rank_ms: 0, ..Limits::default() }.validate().unwrap_err();
        assert_eq!(refused.to_string(), "`plugins.limits.rank_ms` is 0, expected 1 to 86400000");
    }

    #[test]
    fn every_limit_has_a_range() {
        let limits = Limits::default();
        let serde_json::Value::Object(fields) = serde_json::to_value(&limits).unwrap() else {
            panic!("limits are a table")
        };
        let ranged: Vec<_> = limits.ranges().iter().map(|(name, ..)| *name).collect();
        let mut unranged: Vec<_> =
            fields.keys().filter(|name| !ranged.contains(&name.as_str())).collect();
        unranged.sort();
        assert!(unranged.is_empty(), "{unranged:?}");
    }

    #[test]
    fn an_unknown_limit_is_refused() {
        let refused = serde_json::from_str::<Limits>(r#"{"memory": 3}"#).unwrap_err();
        assert!(refused.to_string().starts_with("unknown field `memory`"), "{refused}");
    }
}
