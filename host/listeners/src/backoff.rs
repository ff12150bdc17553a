//! What fails is left alone for a while, and longer each time.

use std::{collections::BTreeMap, time::Duration};

use hinny_core::{Timestamp, event::RetryPolicy};

/// Things that failed, each with the moment before which it is passed over.
///
/// The key should change with whatever could make a new try worth while, such as a schedule's time
/// of modification: another key is another thing, and is tried at once.
#[derive(Debug)]
pub(crate) struct BackOff<K> {
    policy: RetryPolicy,
    generation: Option<u64>,
    waits: BTreeMap<K, Wait>,
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    tries: u32,
    since: Timestamp,
    until: Timestamp,
}

impl Wait {
    /// A clock that was put back before the failure must not make the wait longer.
    fn is_over(self, now: Timestamp) -> bool {
        now >= self.until || now < self.since
    }
}

impl<K: Ord> BackOff<K> {
    /// Most things that are remembered. When so many fail, no others are tried until some recover.
    pub(crate) const MAX: usize = 10_000;

    /// Nothing has failed yet.
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, generation: None, waits: BTreeMap::new() }
    }

    /// Forgets everything when the plugin is another one than before: it may do better.
    pub(crate) fn follow(&mut self, generation: u64) {
        if self.generation.replace(generation) != Some(generation) {
            self.waits.clear();
        }
    }

    /// How many things are remembered.
    pub(crate) fn len(&self) -> usize {
        self.waits.len()
    }

    /// How often a thing failed so far.
    pub(crate) fn tries(&self, key: &K) -> u32 {
        self.waits.get(key).map_or(0, |wait| wait.tries)
    }

    /// Whether a thing may be tried.
    pub(crate) fn admits(&self, key: &K, now: Timestamp) -> bool {
        self.waits.get(key).map_or(self.waits.len() < Self::MAX, |wait| wait.is_over(now))
    }

    /// Remembers that a thing failed; it waits no less than `wish`.
    pub(crate) fn failed(&mut self, key: K, wish: Duration, now: Timestamp) {
        let tries = self.tries(&key).saturating_add(1);
        let wait = self.policy.wait_after(tries).unwrap_or(self.policy.longest);
        let until = now.after(wait.max(wish));
        self.waits.insert(key, Wait { tries, since: now, until });
    }

    /// Forgets a thing.
    pub(crate) fn forget(&mut self, key: &K) {
        self.waits.remove(key);
    }

    /// Forgets what is not worth remembering any more.
    pub(crate) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.waits.retain(|key, _| keep(key));
    }

    /// How long until the next thing may be tried; `None` when nothing waits.
    pub(crate) fn until_next(&self, now: Timestamp) -> Option<Duration> {
        self.waits
            .values()
            .filter(|wait| !wait.is_over(now))
            .map(|wait| wait.until.since(now))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1000)
    }

    fn backoff() -> BackOff<&'static str> {
        BackOff::new(RetryPolicy {
            attempts_max: 3,
            first: Duration::from_secs(10),
            longest: Duration::from_mins(1),
        })
    }

    #[test]
    fn what_failed_is_passed_over_and_longer_each_time() {
        let mut backoff = backoff();
        let mut now = 0;
        for wait in [10, 20, 60, 60] {
            assert!(backoff.admits(&"poison", second(now)));
            backoff.failed("poison", Duration::ZERO, second(now));
            assert!(!backoff.admits(&"poison", second(now + wait - 1)));
            assert_eq!(backoff.until_next(second(now)), Some(Duration::from_secs(wait as u64)));
            now += wait;
        }
        assert!(backoff.admits(&"other", second(0)));
    }

    #[test]
    fn a_wish_makes_the_wait_longer_never_shorter() {
        let mut backoff = backoff();
        backoff.failed("long", Duration::from_secs(100), second(0));
        backoff.failed("short", Duration::from_secs(1), second(0));
        assert!(!backoff.admits(&"long", second(99)));
        assert!(!backoff.admits(&"short", second(9)));
    }

    #[test]
    fn a_clock_that_was_put_back_ends_the_wait() {
        let mut backoff = backoff();
        backoff.failed("poison", Duration::ZERO, second(0));
        assert!(backoff.admits(&"poison", second(-3600)));
    }

    #[test]
    fn another_generation_of_the_plugin_starts_afresh() {
        let mut backoff = backoff();
        backoff.follow(1);
        backoff.failed("poison", Duration::ZERO, second(0));
        backoff.follow(1);
        assert!(!backoff.admits(&"poison", second(0)));
        backoff.follow(2);
        assert!(backoff.admits(&"poison", second(0)));
    }

    #[test]
    fn when_too_much_fails_only_what_failed_is_tried_again() {
        let mut backoff = BackOff::new(backoff().policy);
        for key in 0..BackOff::<usize>::MAX {
            backoff.failed(key, Duration::ZERO, second(0));
        }
        assert!(!backoff.admits(&usize::MAX, second(10)));
        assert!(backoff.admits(&0, second(10)));
        backoff.forget(&0);
        assert!(backoff.admits(&usize::MAX, second(10)));
    }
}
