//! Instances that wait for a call, where the policy allows any.
//!
//! An instance is taken out for its call, and comes back only when the call went well. So one that
//! trapped, ran past its deadline or was given up half-way cannot be met again: it is not here.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::config::InstancePolicy;

/// Instances that wait for a call.
#[derive(Debug)]
pub(crate) struct WarmPool<I> {
    policy: InstancePolicy,
    waiting: Mutex<Vec<Warm<I>>>,
}

/// An instance between calls.
#[derive(Debug)]
pub(crate) struct Warm<I> {
    pub(crate) instance: I,
    calls: u32,
    since: Instant,
}

impl<I> Warm<I> {
    /// An instance that has not been called.
    pub(crate) fn new(instance: I) -> Self {
        Self { instance, calls: 0, since: Instant::now() }
    }
}

impl<I> WarmPool<I> {
    pub(crate) fn new(policy: InstancePolicy) -> Self {
        Self { policy, waiting: Mutex::default() }
    }

    /// Whether an instance outlives its call, and none is waiting for one.
    pub(crate) fn lacks_one(&self) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.policy.idle_max().is_some() && waiting.is_empty()
    }

    /// Takes out the one that was used last: it is the one whose memory is still in the caches.
    pub(crate) fn take(&self) -> Option<Warm<I>> {
        let idle_max = self.policy.idle_max()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop().filter(|warm| warm.since.elapsed() <= idle_max)
    }

    /// Brings in an instance ahead of its first call.
    pub(crate) fn put(&self, instance: I) {
        self.keep(Warm::new(instance));
    }

    /// Brings back an instance whose call went well.
    pub(crate) fn put_back(&self, mut warm: Warm<I>) {
        warm.calls = warm.calls.saturating_add(1);
        warm.since = Instant::now();
        self.keep(warm);
    }

    fn keep(&self, warm: Warm<I>) {
        let InstancePolicy::Warm { size, calls_max, .. } = self.policy else { return };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if warm.calls < calls_max && waiting.len() < size as usize {
            waiting.push(warm);
        }
    }

    /// Drops those that have waited too long.
    pub(crate) fn drop_idle(&self) {
        let idle_max = self.policy.idle_max().unwrap_or(Duration::ZERO);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|warm| warm.since.elapsed() <= idle_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warm(size: u32, calls_max: u32) -> InstancePolicy {
        InstancePolicy::Warm { size, calls_max, idle_ms_max: 60_000 }
    }

    #[test]
    fn a_fresh_policy_keeps_nothing() {
        let pool = WarmPool::new(InstancePolicy::Fresh);
        pool.put_back(Warm::new(1));
        assert!(pool.take().is_none());
    }

    #[test]
    fn an_instance_is_dropped_after_its_last_call_and_above_the_size() {
        let pool = WarmPool::new(warm(1, 2));
        pool.put_back(Warm::new(1));
        pool.put_back(Warm::new(2));
        let first = pool.take().unwrap();
        assert_eq!(first.instance, 1);
        assert!(pool.take().is_none(), "the second was above the size");
        pool.put_back(first);
        assert!(pool.take().is_none(), "two calls were allowed");
    }

    #[test]
    fn an_instance_that_was_made_ahead_has_all_its_calls_before_it() {
        let pool = WarmPool::new(warm(1, 1));
        pool.put(1);
        let first = pool.take().unwrap();
        pool.put_back(first);
        assert!(pool.take().is_none());
    }

    #[test]
    fn an_instance_that_waited_too_long_is_dropped() {
        let pool =
            WarmPool::new(InstancePolicy::Warm { size: 4, calls_max: 9, idle_ms_max: 60_000 });
        let long_ago = Instant::now().checked_sub(Duration::from_secs(61)).unwrap();
        pool.put_back(Warm::new(1));
        pool.waiting.lock().unwrap()[0].since = long_ago;
        pool.drop_idle();
        assert!(pool.waiting.lock().unwrap().is_empty());
    }
}
