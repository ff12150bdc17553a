//! Lines of a plugin in the host's log: bounded, on one line each, with the plugin's name.

use hinny_core::plugin::LineLevel;
use tracing::{debug, error, info, trace, warn};
use wasmtime::{
    StoreContextMut,
    component::{Linker, WasmStr},
};

use super::Guest;
use crate::{bindings::scheduler::hinny::plugin::log::Level, text, title::Title};

/// How many lines a call has written.
#[derive(Debug, Default)]
pub(super) struct LogBook {
    lines: u32,
}

/// Offers `log`. By hand, since a line is read where it lies: only what is shown is copied.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.instance("hinny:plugin/log@0.1.1")?.func_wrap(
        "write",
        |mut store: StoreContextMut<'_, Guest>, (level, message): (Level, WasmStr)| {
            let limits = &store.data().host.limits;
            let (lines_max, bytes_max) = (limits.log_lines, limits.log_line_bytes as usize);
            if store.data().log.lines < lines_max {
                let line = text::shown(&message.to_str(&store)?, bytes_max);
                let guest = store.data();
                write(level, &guest.title, &line);
                guest.keep_line(level.into(), &line);
            }
            let log = &mut store.data_mut().log;
            log.lines = log.lines.saturating_add(1);
            Ok(())
        },
    )
}

impl From<Level> for LineLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

fn write(level: Level, title: &Title, line: &str) {
    let (plugin, version) = (&*title.name, &*title.version);
    match level {
        Level::Trace => trace!(target: "plugin", plugin, version, "{line}"),
        Level::Debug => debug!(target: "plugin", plugin, version, "{line}"),
        Level::Info => info!(target: "plugin", plugin, version, "{line}"),
        Level::Warn => warn!(target: "plugin", plugin, version, "{line}"),
        Level::Error => error!(target: "plugin", plugin, version, "{line}"),
    }
}

impl LogBook {
    /// Says how many lines were left out, if some were.
    pub(super) fn close(&self, title: &Title, lines_max: u32) -> Option<String> {
        let left_out = self.lines.saturating_sub(lines_max);
        if left_out == 0 {
            return None;
        }
        let (plugin, version) = (&*title.name, &*title.version);
        let said = format!(
            "`{plugin}` wrote {left_out} more lines in this call; hint: raise `plugins.limits.log_lines` ({lines_max})"
        );
        warn!(target: "plugin", plugin, version, left_out, "{said}");
        Some(said)
    }
}
