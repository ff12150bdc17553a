//! What the plugins of a slot wrote last, for people who want to read it.
//!
//! Whatever the host's own log shows: a line that is too quiet for that is kept here all the same.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hinny_core::{
    Clock, PluginDigest,
    plugin::{Line, LineLevel, Lines},
};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

/// Most lines that are kept of a slot.
const LINES_MAX: usize = 1_000;

/// Most bytes of text that are kept of a slot.
const BYTES_MAX: usize = 1 << 20;

/// What the plugins of a slot wrote last.
pub(crate) struct SlotLines {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    /// The number of the last line, for those who wait for the next.
    last: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
    /// The number before that of the first line.
    before: u64,
    last: u64,
}

/// Who writes a line, and in which call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) generation: Option<u64>,
    pub(crate) digest: PluginDigest,
    pub(crate) function: &'static str,
}

impl SlotLines {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        // From the time, so that numbers go on growing over a restart: who follows misses nothing.
        let before = u64::try_from(clock.now().as_micros()).unwrap_or_default();
        let kept = Kept { lines: VecDeque::new(), bytes: 0, before, last: before };
        Self { clock, kept: Mutex::new(kept), last: watch::Sender::new(before) }
    }

    /// Keeps a line; the oldest make room.
    pub(crate) fn write(&self, writer: Writer, level: LineLevel, text: &str) {
        let Writer { generation, digest, function } = writer;
        let at = self.clock.now();
        let number = {
            let mut kept = self.kept();
            let number = kept.last + 1;
            kept.put(Line { number, at, level, generation, digest, function, text: text.into() });
            number
        };
        self.last.send_if_modified(|last| {
            let newer = number > *last;
            *last = number.max(*last);
            newer
        });
    }

    /// Lines after one, or the last ones; waits for the next while there is none.
    pub(crate) async fn after(
        &self,
        after: Option<u64>,
        limit: usize,
        wait: Duration,
        stop: &CancellationToken,
    ) -> Lines {
        // Before looking, or a line that is written in between would not be seen.
        let mut written = self.last.subscribe();
        let found = self.kept().after(after, limit);
        if !found.lines.is_empty() || wait.is_zero() {
            return found;
        }
        tokio::select! {
            _ = timeout(wait, written.changed()) => {}
            () = stop.cancelled() => {}
        }
        self.kept().after(after.or(Some(found.last)), limit)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, line: Line) {
        self.last = line.number;
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(gone) = self.lines.pop_front() else { return };
            self.bytes -= gone.text.len();
        }
    }

    fn after(&self, after: Option<u64>, limit: usize) -> Lines {
        let Some(after) = after else {
            let skipped = self.lines.len().saturating_sub(limit);
            let lines = self.lines.iter().skip(skipped).cloned().collect();
            return Lines { lines, last: self.last, gone: 0 };
        };
        let lines: Vec<_> =
            self.lines.iter().filter(|line| line.number > after).take(limit).cloned().collect();
        let first = lines.first().map_or(self.last + 1, |line| line.number);
        // What an earlier run of the host has written is not known any more.
        let gone = first.saturating_sub(after.max(self.before) + 1);
        let last = lines.last().map_or(self.last, |line| line.number);
        Lines { lines, last, gone }
    }
}

impl std::fmt::Debug for SlotLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlotLines").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{ManualClock, Timestamp};

    use super::*;

    const WRITER: Writer =
        Writer { generation: Some(1), digest: PluginDigest([7; 32]), function: "handle" };

    fn slot() -> SlotLines {
        SlotLines::new(Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000))))
    }

    fn texts(lines: &Lines) -> Vec<String> {
        lines.lines.iter().map(|line| line.text.to_string()).collect()
    }

    async fn read(slot: &SlotLines, after: Option<u64>, limit: usize) -> Lines {
        slot.after(after, limit, Duration::ZERO, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn lines_are_read_on_from_where_one_was() {
        let slot = slot();
        for text in ["a", "b", "c"] {
            slot.write(WRITER, LineLevel::Info, text);
        }
        let last = read(&slot, None, 2).await;
        assert_eq!(texts(&last), ["b", "c"]);
        slot.write(WRITER, LineLevel::Warn, "d");
        let next = read(&slot, Some(last.last), 10).await;
        assert_eq!((texts(&next), next.gone), (vec!["d".to_owned()], 0));
        let nothing = read(&slot, Some(next.last), 10).await;
        assert_eq!((nothing.lines.len(), nothing.last), (0, next.last));
        let first = read(&slot, Some(0), 1).await;
        assert_eq!((texts(&first), first.gone), (vec!["a".to_owned()], 0));
        assert_eq!(texts(&read(&slot, Some(first.last), 1).await), ["b"]);
    }

    #[tokio::test]
    async fn no_more_is_kept_than_allowed_and_what_is_gone_is_counted() {
        let slot = slot();
        let start = read(&slot, None, 1).await.last;
        for _ in 0..LINES_MAX + 5 {
            slot.write(WRITER, LineLevel::Info, "x");
        }
        let all = read(&slot, Some(start), usize::MAX).await;
        assert_eq!((all.lines.len(), all.gone), (LINES_MAX, 5));
        let long = "x".repeat(BYTES_MAX / 4);
        for _ in 0..8 {
            slot.write(WRITER, LineLevel::Info, &long);
        }
        let kept = slot.kept();
        assert_eq!((kept.lines.len(), kept.bytes), (4, BYTES_MAX));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_next_line_and_nothing_when_there_is_none() {
        let (slot, go_on) = (slot(), CancellationToken::new());
        let wait = Duration::from_mins(1);
        let mut waiting = Box::pin(slot.after(None, 10, wait, &go_on));
        assert!(futures::poll!(&mut waiting).is_pending());
        slot.write(WRITER, LineLevel::Info, "now");
        assert_eq!(texts(&waiting.await), ["now"]);
        let last = read(&slot, None, 1).await.last;
        assert!(slot.after(Some(last), 10, wait, &go_on).await.lines.is_empty());
        go_on.cancel();
        assert!(slot.after(Some(last), 10, Duration::MAX, &go_on).await.lines.is_empty());
    }

    #[test]
    fn numbers_go_on_growing_after_a_restart() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000)));
        let before = SlotLines::new(Arc::clone(&clock) as _);
        before.write(WRITER, LineLevel::Info, "a");
        let last = before.kept().last;
        clock.advance(Duration::from_secs(1));
        let after = SlotLines::new(clock);
        after.write(WRITER, LineLevel::Info, "b");
        let found = after.kept().after(Some(last), 10);
        assert_eq!((texts(&found), found.gone), (vec!["b".to_owned()], 0));
    }
}
