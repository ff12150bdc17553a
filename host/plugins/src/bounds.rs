//! What holds one instance back: its ticks, its memory, and whether anybody still waits for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use crate::{
    engine::{EngineHandle, Population, TICK, Ticks},
    limits::Limits,
    turns,
};

/// Says that nobody waits for the answer any more.
pub(crate) type Abandoned = Arc<AtomicBool>;

/// How long an answer is waited for, beside the deadline of the call itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patience {
    /// Ends the call at the next tick.
    pub(crate) abandoned: Option<Abandoned>,
    /// Ends it sooner than its deadline.
    pub(crate) at_most: Option<Duration>,
}

impl Patience {
    /// Arms the deadline of the next call.
    pub(crate) fn arm<T: Bounded>(&self, store: &mut Store<T>, deadline: Duration) {
        arm(store, self.within(deadline), self.abandoned.clone());
    }

    /// How long a call may take.
    fn within(&self, deadline: Duration) -> Duration {
        self.at_most.map_or(deadline, |most| most.min(deadline))
    }

    /// Whether a call was stopped before its deadline.
    pub(crate) fn is_shorter_than(&self, deadline: Duration) -> bool {
        self.within(deadline) < deadline
    }
}

/// What holds one instance back. Lives in its store.
#[derive(Debug)]
pub(crate) struct Bounds {
    pace: Pace,
    ticks: Ticks,
    /// The tick at which the guest was last looked at.
    seen: u64,
    ticks_left: u64,
    abandoned: Option<Abandoned>,
    memory_used: usize,
    memory_max: usize,
    memory_refused: Option<usize>,
    table_elements_max: usize,
    _alive: Alive,
}

/// Data of a store that has bounds.
pub(crate) trait Bounded: Send + 'static {
    fn bounds(&self) -> &Bounds;
    fn bounds_mut(&mut self) -> &mut Bounds;
}

impl Bounded for Bounds {
    fn bounds(&self) -> &Bounds {
        self
    }

    fn bounds_mut(&mut self) -> &mut Bounds {
        self
    }
}

/// How a guest that runs past a tick goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At once: it has a thread of its own.
    Thread,
    /// After others had their turn: see [`turns`].
    Yield,
}

impl Bounds {
    pub(crate) fn new(engine: &EngineHandle, pace: Pace, limits: &Limits) -> Self {
        Self {
            pace,
            ticks: engine.ticks().clone(),
            seen: 0,
            ticks_left: 0,
            abandoned: None,
            memory_used: 0,
            memory_max: limits.memory_bytes(),
            memory_refused: None,
            table_elements_max: limits.table_elements as usize,
            _alive: Alive::new(engine.population()),
        }
    }

    fn arm(&mut self, deadline: Duration, abandoned: Option<Abandoned>) {
        self.seen = self.ticks.now();
        self.ticks_left = ticks(deadline, TICK);
        self.abandoned = abandoned;
        self.memory_refused = None;
    }

    /// The growth that was refused, if one was: the memory that it would have come to, in bytes.
    pub(crate) fn memory_refused(&self) -> Option<usize> {
        self.memory_refused
    }

    /// Takes what has passed; `false` when nothing is left, or nobody waits any more.
    fn tick(&mut self) -> bool {
        let now = self.ticks.now();
        let passed = match self.pace {
            // Not one for each look: an instruction that fills or copies memory is looked at only
            // when it is done, and that can take many ticks.
            Pace::Thread => now.saturating_sub(self.seen).max(1),
            // Between two looks it may have waited for the database, which is not billed.
            Pace::Yield => 1,
        };
        self.seen = now;
        self.ticks_left = self.ticks_left.saturating_sub(passed);
        let abandoned =
            self.abandoned.as_ref().is_some_and(|abandoned| abandoned.load(Ordering::Relaxed));
        self.ticks_left > 0 && !abandoned
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory_used.saturating_add(desired.saturating_sub(current));
        if total > self.memory_max {
            self.memory_refused = Some(total);
            // The guest gets −1, as it would from a machine without memory; most then abort.
            return Ok(false);
        }
        self.memory_used = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements_max)
    }
}

/// A store whose guest is held back by its bounds. No call may be made before [`arm`].
pub(crate) fn bounded_store<T: Bounded>(
    engine: &EngineHandle,
    data: T,
    answer_bytes: usize,
) -> Store<T> {
    let mut store = Store::new(engine.engine(), data);
    store.limiter(|data| data.bounds_mut());
    store.set_hostcall_fuel(answer_bytes);
    store.epoch_deadline_callback(move |mut context| {
        let bounds = context.data_mut().bounds_mut();
        Ok(match (bounds.tick(), bounds.pace) {
            (false, _) => UpdateDeadline::Interrupt,
            (true, Pace::Thread) => UpdateDeadline::Continue(1),
            (true, Pace::Yield) => {
                turns::gives_way();
                UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
            }
        })
    });
    store
}

/// Arms the deadline of the next call, so that nothing before the call counts.
///
/// The engine is asked for one tick only, whatever the deadline: its deadline is relative and
/// added without a check, and a guest that is not running does not use up ticks.
pub(crate) fn arm<T: Bounded>(
    store: &mut Store<T>,
    deadline: Duration,
    abandoned: Option<Abandoned>,
) {
    store.data_mut().bounds_mut().arm(deadline, abandoned);
    store.set_epoch_deadline(1);
}

/// How many ticks a deadline is. The first may come at once, and make up for one that was late: so
/// there are two more.
fn ticks(deadline: Duration, tick: Duration) -> u64 {
    let whole = deadline.as_nanos().div_ceil(tick.as_nanos().max(1));
    u64::try_from(whole).unwrap_or(u64::MAX).saturating_add(2)
}

/// Counts an instance for as long as its store lives.
#[derive(Debug)]
struct Alive(Arc<Population>);

impl Alive {
    fn new(population: &Arc<Population>) -> Self {
        population.born();
        Self(Arc::clone(population))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.died();
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::plugin::World;

    use super::*;

    #[test]
    fn a_deadline_is_never_cut_short_and_never_overflows() {
        let tick = Duration::from_millis(1);
        assert_eq!(ticks(Duration::from_millis(5), tick), 7);
        assert_eq!(ticks(Duration::from_micros(1), tick), 3);
        assert_eq!(ticks(Duration::MAX, Duration::from_nanos(1)), u64::MAX);
        assert_eq!(ticks(Duration::from_secs(1), Duration::ZERO), 1_000_000_002);
    }

    fn bounds(pace: Pace, memory_max: usize) -> Bounds {
        Bounds {
            pace,
            ticks: Ticks::default(),
            seen: 0,
            ticks_left: 0,
            abandoned: None,
            memory_used: 0,
            memory_max,
            memory_refused: None,
            table_elements_max: 10,
            _alive: Alive::new(&Arc::new(Population::new(World::Ranker))),
        }
    }

    #[test]
    fn several_memories_share_one_limit() {
        let mut bounds = bounds(Pace::Thread, 100);
        assert!(bounds.memory_growing(0, 60, None).unwrap());
        assert!(!bounds.memory_growing(0, 60, None).unwrap());
        assert_eq!(bounds.memory_refused(), Some(120));
        assert!(bounds.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn a_call_that_nobody_waits_for_gets_no_more_ticks() {
        let mut bounds = bounds(Pace::Thread, 0);
        let abandoned = Arc::new(AtomicBool::new(false));
        bounds.arm(Duration::from_millis(10), Some(Arc::clone(&abandoned)));
        assert!(bounds.tick());
        abandoned.store(true, Ordering::Relaxed);
        assert!(!bounds.tick());
    }

    #[test]
    fn a_guest_that_was_not_looked_at_for_long_is_billed_for_all_of_it() {
        for (pace, goes_on) in [(Pace::Thread, false), (Pace::Yield, true)] {
            let mut bounds = bounds(pace, 0);
            bounds.ticks.advance(1);
            bounds.arm(Duration::from_millis(5), None);
            bounds.ticks.advance(7);
            assert_eq!(bounds.tick(), goes_on, "{pace:?}");
        }
    }
}
