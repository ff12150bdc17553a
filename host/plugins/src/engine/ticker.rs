//! What makes the deadlines of an engine pass.
//!
//! A thread of the operating system, not a task: a guest that hogs the reactor must not stop the
//! clock that is to stop it. While no call runs the thread sleeps without waking, so an idle host
//! costs nothing.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use hinny_core::plugin::World;
use wasmtime::{Engine, EngineWeak};

/// Ticks without a call after which the thread goes to sleep. Long enough that calls in quick
/// succession do not wake it each time.
const IDLE_TICKS: u32 = 200;

/// A thread that counts up an engine's epoch. Stops when dropped.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    engine: EngineWeak,
    tick: Duration,
    ticks: Ticks,
    calls: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// How many ticks there were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticks(Arc<AtomicU64>);

impl Ticks {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Some more; what a ticker does, and a test without one.
    pub(crate) fn advance(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

impl Ticker {
    pub(super) fn start(world: World, engine: &Engine, tick: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            engine: engine.weak(),
            tick,
            ticks: Ticks::default(),
            calls: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let thread = thread::Builder::new().name(format!("{world}-tick")).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Keeps the ticks coming until dropped.
    pub(super) fn running(&self) -> Running {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
        Running(Arc::clone(&self.shared))
    }

    /// How many ticks there were, and will be.
    pub(super) fn ticks(&self) -> &Ticks {
        &self.shared.ticks
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Shared {
    fn run(&self) {
        let (mut idle, mut pulse) = (0, Pulse::new(self.tick, Instant::now()));
        while !self.stop.load(Ordering::SeqCst) {
            if self.calls.load(Ordering::SeqCst) > 0 {
                idle = 0;
            } else if idle < IDLE_TICKS {
                idle += 1;
            } else {
                self.sleep();
                (idle, pulse) = (0, Pulse::new(self.tick, Instant::now()));
                continue;
            }
            thread::sleep(pulse.left(Instant::now()));
            let Some(engine) = self.engine.upgrade() else { return };
            self.ticks.advance(pulse.passed(Instant::now()));
            engine.increment_epoch();
        }
    }

    /// Sleeps until there is a call, or the end.
    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        // A call that came before the store was not told to wake this thread: look once more.
        while self.calls.load(Ordering::SeqCst) == 0 && !self.stop.load(Ordering::SeqCst) {
            thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

/// When ticks are due. Each sleep ends a little late, which must not add up: of a hundred ticks, it
/// would make nine more.
struct Pulse {
    tick: Duration,
    next: Instant,
}

impl Pulse {
    fn new(tick: Duration, now: Instant) -> Self {
        Self { tick, next: now + tick }
    }

    /// How long to sleep until the next tick.
    fn left(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// How many ticks have passed now that one is due: one, and one more to catch up. What is
    /// further behind was stopped or starved, and so were the guests: they keep that time.
    fn passed(&mut self, now: Instant) -> u64 {
        let behind = now.saturating_duration_since(self.next);
        if behind < self.tick {
            self.next += self.tick;
            1
        } else if behind < 2 * self.tick {
            self.next += 2 * self.tick;
            2
        } else {
            self.next = now + self.tick;
            2
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It ends within a tick; that it panicked is of no use to anybody now.
            let _ = thread.join();
        }
    }
}

/// A call that runs.
pub(crate) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_until(mut holds: impl FnMut() -> bool) {
        while !holds() {
            thread::yield_now();
        }
    }

    #[test]
    fn an_idle_ticker_sleeps_and_a_call_wakes_it() {
        let engine = Engine::default();
        let ticker = Ticker::start(World::Ranker, &engine, Duration::from_micros(10)).unwrap();
        for _ in 0..3 {
            wait_until(|| ticker.shared.asleep.load(Ordering::SeqCst));
            let running = ticker.running();
            wait_until(|| !ticker.shared.asleep.load(Ordering::SeqCst));
            drop(running);
        }
    }

    #[test]
    fn sleeps_that_end_late_do_not_add_up_and_a_long_one_is_not_made_up_for() {
        let tick = Duration::from_millis(10);
        let start = Instant::now();
        let (mut pulse, mut now, mut ticks) = (Pulse::new(tick, start), start, 0);
        for _ in 0..100 {
            now += pulse.left(now) + Duration::from_millis(1);
            ticks += pulse.passed(now);
        }
        assert_eq!((ticks, now - start), (100, 100 * tick + Duration::from_millis(1)));
        // Most of a tick late, each time: some count twice.
        for _ in 0..100 {
            now += pulse.left(now) + Duration::from_millis(15);
            ticks += pulse.passed(now);
        }
        let passed = (now - start).as_millis() as u64 / 10;
        assert!(ticks.abs_diff(passed) <= 2, "{ticks} of {passed}");
        now += 1_000 * tick;
        assert_eq!(pulse.passed(now), 2);
        assert_eq!(pulse.left(now), tick);
    }

    #[test]
    fn a_ticker_ends_when_dropped_whether_it_ticks_or_sleeps() {
        let engine = Engine::default();
        let shared = {
            let ticker = Ticker::start(World::Ranker, &engine, Duration::from_micros(10)).unwrap();
            wait_until(|| ticker.shared.asleep.load(Ordering::SeqCst));
            Arc::downgrade(&ticker.shared)
        };
        assert!(shared.upgrade().is_none(), "the thread has gone, and its half of the state");
    }
}
