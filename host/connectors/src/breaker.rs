//! A rest for a service that fails again and again.
//!
//! After a number of failed questions in a row, questions are refused at once for a while. Then one
//! of them is let through; the rest ends if that one works, and begins anew if it does not. What
//! counts as failed, [`crate::service`] says.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::config::Breaking;

/// Whether a service may be asked.
#[derive(Debug)]
pub(crate) struct Breaker {
    config: Breaking,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    resting_until: Option<Instant>,
    probing: bool,
}

/// The right to ask once. Dropped without a word, the question counts for nothing.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(crate) fn new(config: Breaking) -> Self {
        Self { config, state: Mutex::default() }
    }

    /// The right to ask, or how much longer the rest is.
    pub(crate) fn admit(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.lock();
        let Some(until) = state.resting_until else {
            return Ok(Pass { breaker: self, probe: false });
        };
        let left = until.saturating_duration_since(now);
        if !left.is_zero() || state.probing {
            return Err(left);
        }
        state.probing = true;
        Ok(Pass { breaker: self, probe: true })
    }

    // Nothing in here can panic half-way, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The service answered; true when that ends its rest.
    pub(crate) fn worked(self) -> bool {
        let mut state = self.breaker.lock();
        // A question from before the rest says nothing about now.
        if state.resting_until.is_some() && !self.probe {
            return false;
        }
        state.failures = 0;
        state.resting_until.take().is_some()
    }

    /// It did not; true when its rest begins.
    pub(crate) fn failed(self, now: Instant) -> bool {
        let Breaking { failures_max, rest } = self.breaker.config;
        let mut state = self.breaker.lock();
        state.failures = state.failures.saturating_add(1);
        if failures_max == 0 || state.failures < failures_max {
            return false;
        }
        let begins = state.resting_until.is_none();
        if begins || self.probe {
            state.resting_until = Some(now + rest);
        }
        begins
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(10);

    fn breaker() -> Breaker {
        Breaker::new(Breaking { failures_max: 3, rest: REST })
    }

    fn fail(breaker: &Breaker, times: u32, now: Instant) -> Vec<bool> {
        (0..times).map(|_| breaker.admit(now).unwrap().failed(now)).collect()
    }

    #[tokio::test]
    async fn failures_in_a_row_begin_a_rest_and_a_success_between_them_does_not() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, 2, now);
        breaker.admit(now).unwrap().worked();
        assert_eq!(fail(&breaker, 3, now), [false, false, true]);
        assert_eq!(breaker.admit(now + REST / 2).unwrap_err(), REST / 2);
    }

    #[tokio::test]
    async fn after_the_rest_one_question_decides() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, 3, now);
        let later = now + REST;
        let probe = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_err(), "only one");
        assert!(!probe.failed(later), "the rest goes on, it does not begin");
        assert_eq!(breaker.admit(later).unwrap_err(), REST);
        assert!(breaker.admit(later + REST).unwrap().worked());
        assert!(breaker.admit(later + REST).is_ok());
    }

    #[tokio::test]
    async fn a_deciding_question_that_is_given_up_leaves_it_to_the_next() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, 3, now);
        drop(breaker.admit(now + REST).unwrap());
        assert!(breaker.admit(now + REST).is_ok());
    }

    #[tokio::test]
    async fn a_question_from_before_the_rest_does_not_end_it() {
        let (breaker, now) = (breaker(), Instant::now());
        let early = breaker.admit(now).unwrap();
        fail(&breaker, 3, now);
        assert!(!early.worked());
        assert!(breaker.admit(now).is_err());
    }

    #[tokio::test]
    async fn without_a_limit_there_is_no_rest() {
        let (breaker, now) =
            (Breaker::new(Breaking { failures_max: 0, rest: REST }), Instant::now());
        assert!(fail(&breaker, 100, now).iter().all(|begins| !begins));
    }
}
