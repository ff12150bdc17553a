//! The calls that the host makes, and how they fail.

use std::fmt;

use hinny_core::ranker::{FailureKind, PluginFailure};
use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::{bounds::Bounds, limits::Limits, text};

/// A function that a plugin exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Configure,
    Describe,
    Rank,
    Explain,
    Admit,
    Handle,
}

impl Call {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Configure, Self::Describe, Self::Rank, Self::Explain, Self::Admit, Self::Handle];

    /// The name in `wit/`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Describe => "describe",
            Self::Rank => "rank",
            Self::Explain => "explain",
            Self::Admit => "admit",
            Self::Handle => "handle",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that gave nothing usable, before it is known whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallError {
    pub(crate) call: Call,
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
}

impl CallError {
    pub(crate) fn new(call: Call, kind: FailureKind, message: impl Into<String>) -> Self {
        Self { call, kind, message: message.into() }
    }

    /// What the guest itself said, bounded.
    pub(crate) fn refused(call: Call, said: &str, limits: &Limits) -> Self {
        Self::new(call, FailureKind::Refused, text::shown(said, limits.text_bytes as usize))
    }

    /// An answer of too many bytes.
    pub(crate) fn oversized(call: Call, limits: &Limits) -> Self {
        Self::new(call, FailureKind::Oversized, oversized_text(call, limits))
    }

    /// The failure of a plugin.
    pub(crate) fn of(self, title: &str) -> PluginFailure {
        PluginFailure {
            plugin: title.to_owned(),
            call: self.call.as_str(),
            kind: self.kind,
            message: self.message,
        }
    }

    /// What an error of the engine means.
    pub(crate) fn from_engine(
        call: Call,
        error: &wasmtime::Error,
        bounds: &Bounds,
        limits: &Limits,
    ) -> Self {
        let (kind, message) = reason(call, error, bounds, limits);
        Self::new(call, kind, message)
    }
}

fn reason(
    call: Call,
    error: &wasmtime::Error,
    bounds: &Bounds,
    limits: &Limits,
) -> (FailureKind, String) {
    let trap = error.downcast_ref::<Trap>();
    let stopped = matches!(trap, Some(Trap::Interrupt | Trap::StackOverflow));
    // A guest whose memory may not grow aborts, so the trap hides what it was about.
    if let Some(wanted) = bounds.memory_refused().filter(|_| !stopped) {
        return (FailureKind::Memory, memory_text(wanted, limits));
    }
    if let Some(trap) = trap {
        return trap_reason(call, *trap, limits);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        let text = format!(
            "all {} instances are in use; hint: try again, or raise `plugins.limits.instances`",
            limits.instances
        );
        return (FailureKind::Host, text);
    }
    let said = text::shown(&format!("{error:#}"), limits.text_bytes as usize);
    // The engine does not export the type of this error; a test holds on to the text.
    if said.contains("fuel allocated for hostcalls has been exhausted") {
        return (FailureKind::Oversized, oversized_text(call, limits));
    }
    (FailureKind::Trap, format!("its answer cannot be read: {said}"))
}

fn trap_reason(call: Call, trap: Trap, limits: &Limits) -> (FailureKind, String) {
    match trap {
        Trap::Interrupt => (FailureKind::Deadline, deadline_text(call, limits)),
        Trap::StackOverflow => (
            FailureKind::Trap,
            format!(
                "used up its stack of {} KiB; hint: recurse less, or raise `plugins.limits.stack_kb`",
                limits.stack_kb
            ),
        ),
        Trap::UnreachableCodeReached => (
            FailureKind::Trap,
            "gave up (`unreachable`): a panic, a failed assertion or an abort".to_owned(),
        ),
        other => {
            let text = other.to_string();
            (FailureKind::Trap, format!("trapped: {}", text.trim_start_matches("wasm trap: ")))
        }
    }
}

/// The text for a guest that ran past its deadline.
fn deadline_text(call: Call, limits: &Limits) -> String {
    format!(
        "ran past its deadline of {} ms; hint: do less in one call, or raise `plugins.limits.{call}_ms`",
        limits.deadline(call).as_millis()
    )
}

fn memory_text(wanted: usize, limits: &Limits) -> String {
    format!(
        "wanted {} MiB of memory, its limit is {} MiB; hint: use less, or raise `plugins.limits.memory_mb`",
        wanted.div_ceil(1 << 20),
        limits.memory_mb
    )
}

fn oversized_text(call: Call, limits: &Limits) -> String {
    if call == Call::Rank {
        return "handed the host far more data than a batch can have for an answer; hint: give one priority per task, or an error in a sentence".to_owned();
    }
    format!(
        "handed the host more data than allowed; hint: answer less, or raise `plugins.limits.answer_mb` ({})",
        limits.answer_mb
    )
}
