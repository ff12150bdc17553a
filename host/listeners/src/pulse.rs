//! The loop that all listeners share: look, wait, look again.

use std::{fmt, panic::AssertUnwindSafe, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use hinny_core::queue::QueueError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Longest wait between two looks. A wake-up is an optimisation, the look is the guarantee.
pub(crate) const POLL: Duration = Duration::from_secs(1);

/// Something that is looked for again and again.
#[async_trait]
pub(crate) trait Look: Send {
    /// What is looked for, for logs.
    fn what(&self) -> String;

    /// One look: does what there is to do now, and says when to look again.
    async fn look(&mut self) -> Result<Next, QueueError>;
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// At once: there is more.
    Now,
    /// After a while; earlier when woken.
    Within(Duration),
}

impl Next {
    /// Shortest wait that is not none: the runtime's timer is no finer.
    const SHORTEST: Duration = Duration::from_millis(1);

    /// After the shortest of some waits, but no later than the next poll.
    pub(crate) fn within(waits: impl IntoIterator<Item = Duration>) -> Self {
        Self::Within(waits.into_iter().fold(POLL, Duration::min).max(Self::SHORTEST))
    }
}

/// Looks until `stop` is cancelled; a look that is going on then is finished first.
///
/// A look that fails, or panics, is made again after a wait that grows from [`Pace::FIRST`] to
/// [`Pace::LONGEST`]. Such an outage is logged once, and so is its end.
pub(crate) async fn run(
    mut look: impl Look,
    mut wake: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    let mut pace = Pace::default();
    while !stop.is_cancelled() {
        let wait = step(&mut look, &mut pace).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            // The channel remembers a wake-up that came during the look.
            Ok(()) = wake.changed(), if pace.failures == 0 => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One look, and how long to wait after it.
async fn step(look: &mut impl Look, pace: &mut Pace) -> Duration {
    match AssertUnwindSafe(look.look()).catch_unwind().await {
        Ok(Ok(next)) => pace.worked(next, &look.what()),
        Ok(Err(QueueError::Stopping)) => Pace::FIRST,
        Ok(Err(error)) => pace.failed(&error, &look.what()),
        Err(_panic) => pace.failed(&"it panicked, the log of the panic says where", &look.what()),
    }
}

/// How fast a loop goes.
#[derive(Debug, Default)]
struct Pace {
    failures: u32,
}

impl Pace {
    /// Wait after the first failure.
    const FIRST: Duration = Duration::from_secs(1);
    /// Longest wait after a failure.
    const LONGEST: Duration = Duration::from_secs(30);

    fn worked(&mut self, next: Next, what: &str) -> Duration {
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!("looking for {what} works again");
        }
        match next {
            Next::Now => Duration::ZERO,
            Next::Within(wait) => wait,
        }
    }

    fn failed(&mut self, error: &dyn fmt::Display, what: &str) -> Duration {
        if self.failures == 0 {
            tracing::error!("looking for {what} failed, and goes on until it works: {error}");
        }
        let wait = Self::FIRST.saturating_mul(1 << self.failures.min(16)).min(Self::LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::mpsc, time::Instant};

    use super::*;
    use crate::fakes::broken;

    /// Tells of each look, and answers as it is told.
    struct Scripted {
        looked: mpsc::UnboundedSender<()>,
        answers: mpsc::UnboundedReceiver<Next>,
    }

    #[async_trait]
    impl Look for Scripted {
        fn what(&self) -> String {
            "nothing".to_owned()
        }

        async fn look(&mut self) -> Result<Next, QueueError> {
            self.looked.send(()).unwrap();
            Ok(self.answers.recv().await.expect("the test is over too early"))
        }
    }

    #[test]
    fn a_failing_look_is_made_again_after_one_to_thirty_seconds() {
        let mut pace = Pace::default();
        let waits: Vec<_> = (0..7).map(|_| pace.failed(&"gone", "tests").as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pace.worked(Next::Now, "tests"), Duration::ZERO);
        assert_eq!(pace.failed(&"gone", "tests"), Pace::FIRST);
    }

    #[test]
    fn the_next_look_is_no_later_than_the_poll() {
        assert_eq!(Next::within([]), Next::Within(POLL));
        assert_eq!(Next::within([POLL * 5]), Next::Within(POLL));
        let soon = Duration::from_millis(3);
        assert_eq!(Next::within([POLL, soon]), Next::Within(soon));
        assert_eq!(Next::within([Duration::ZERO]), Next::Within(Next::SHORTEST));
    }

    #[tokio::test]
    async fn a_wake_up_ends_the_wait_even_when_it_comes_during_a_look() {
        let hour = Next::Within(Duration::from_hours(1));
        let (looked, mut looks) = mpsc::unbounded_channel();
        let (answer, answers) = mpsc::unbounded_channel();
        let (wake, woken) = watch::channel(0);
        let stop = CancellationToken::new();
        let going = run(Scripted { looked, answers }, woken, stop.clone());
        let test = async {
            looks.recv().await.unwrap();
            wake.send_modify(|count| *count += 1);
            answer.send(hour).unwrap();
            looks.recv().await.unwrap();
            answer.send(hour).unwrap();
            wake.send_modify(|count| *count += 1);
            looks.recv().await.unwrap();
            answer.send(hour).unwrap();
            stop.cancel();
        };
        tokio::join!(going, test);
    }

    /// Fails until a moment, then stops the loop. Writes down the seconds at which it was made.
    struct Outage {
        began: Instant,
        looks: Vec<u64>,
        done: mpsc::UnboundedSender<Vec<u64>>,
        stop: CancellationToken,
    }

    #[async_trait]
    impl Look for Outage {
        fn what(&self) -> String {
            "trouble".to_owned()
        }

        async fn look(&mut self) -> Result<Next, QueueError> {
            self.looks.push(self.began.elapsed().as_secs());
            if self.began.elapsed() < Duration::from_mins(1) {
                return Err(broken().into());
            }
            self.done.send(std::mem::take(&mut self.looks)).unwrap();
            self.stop.cancel();
            Ok(Next::Now)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_database_is_asked_less_and_less_often_however_often_the_loop_is_woken() {
        let (done, mut looks) = mpsc::unbounded_channel();
        let (wake, woken) = watch::channel(0);
        let (began, stop) = (Instant::now(), CancellationToken::new());
        let going =
            run(Outage { began, looks: Vec::new(), done, stop: stop.clone() }, woken, stop.clone());
        let waking = async {
            while !stop.is_cancelled() {
                wake.send_modify(|count| *count += 1);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::join!(going, waking);
        assert_eq!(looks.recv().await.unwrap(), [0, 1, 3, 7, 15, 31, 61]);
    }

    struct PanicsOnce(bool);

    #[async_trait]
    impl Look for PanicsOnce {
        fn what(&self) -> String {
            "trouble".to_owned()
        }

        async fn look(&mut self) -> Result<Next, QueueError> {
            assert!(std::mem::replace(&mut self.0, true), "a defect");
            Ok(Next::Now)
        }
    }

    #[tokio::test]
    async fn a_look_that_panics_is_a_failure_and_not_the_end() {
        let (mut look, mut pace) = (PanicsOnce(false), Pace::default());
        assert_eq!(step(&mut look, &mut pace).await, Pace::FIRST);
        assert_eq!(step(&mut look, &mut pace).await, Duration::ZERO);
    }
}
