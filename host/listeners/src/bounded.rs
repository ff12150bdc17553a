//! Many jobs, a few at a time.

use std::future::Future;

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

/// What became of many jobs.
pub(crate) struct Ran<T, E> {
    /// The answers, in the order of the jobs. After an error some are missing.
    pub(crate) done: Vec<T>,
    /// The first error, if there was one.
    pub(crate) error: Option<E>,
}

/// Runs jobs, at most `at_once` at a time.
///
/// After an error no more jobs are started, but those that run are finished: a trigger that is
/// dropped half-way would leave its caller in doubt.
pub(crate) async fn run<J, T, E, F>(
    jobs: impl IntoIterator<Item = J>,
    at_once: usize,
    start: impl Fn(J) -> F,
) -> Ran<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut jobs = jobs.into_iter().enumerate();
    let begin = |(place, job)| start(job).map(move |result| (place, result));
    let mut running: FuturesUnordered<_> = jobs.by_ref().take(at_once).map(&begin).collect();
    let (mut done, mut error) = (Vec::new(), None);
    while let Some((place, result)) = running.next().await {
        match result {
            Ok(answer) => done.push((place, answer)),
            Err(failed) => error = error.or(Some(failed)),
        }
        if let (None, Some(job)) = (&error, jobs.next()) {
            running.push(begin(job));
        }
    }
    done.sort_unstable_by_key(|(place, _)| *place);
    Ran { done: done.into_iter().map(|(_, answer)| answer).collect(), error }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{sync::Barrier, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn answers_keep_the_order_of_the_jobs_whatever_ends_first() {
        // The first three meet here, so none can end before all three run.
        let barrier = Barrier::new(3);
        let ran = run([30, 20, 10], 3, async |rounds| {
            barrier.wait().await;
            for _ in 0..rounds {
                yield_now().await;
            }
            Ok::<_, ()>(rounds)
        })
        .await;
        assert_eq!(ran.done, [30, 20, 10]);
    }

    #[tokio::test]
    async fn never_do_more_jobs_run_than_the_bound() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let ran = run(0..100, 7, async |job| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            yield_now().await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, ()>(job)
        })
        .await;
        assert_eq!(ran.done.len(), 100);
        assert_eq!(most.into_inner(), 7);
    }

    #[tokio::test]
    async fn after_an_error_running_jobs_are_finished_and_no_more_are_started() {
        let started = AtomicUsize::new(0);
        let ran = run(0..100, 4, async |job| {
            started.fetch_add(1, Ordering::SeqCst);
            if job == 0 {
                return Err("the database is gone");
            }
            yield_now().await;
            Ok(job)
        })
        .await;
        assert_eq!(ran.error, Some("the database is gone"));
        assert_eq!(ran.done, [1, 2, 3]);
        assert_eq!(started.into_inner(), 4);
    }
}
