//! The threads on which ranker calls run: never on those of the reactor.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tracing::error;

type Job = Box<dyn FnOnce() + Send>;

/// Threads for ranker calls. What waits here is bounded by those who send: each generation sends
/// no more at one time than [`CallThreads::share`].
pub(crate) struct CallThreads {
    jobs: flume::Sender<Job>,
    count: usize,
}

impl CallThreads {
    /// Starts the threads; 0: one more than there are cores.
    pub(crate) fn start(count: u32) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let count = if count == 0 { cores + 1 } else { count as usize };
        let (sender, receiver) = flume::unbounded::<Job>();
        for nth in 0..count {
            let jobs = receiver.clone();
            // They end when the sender is gone.
            thread::Builder::new().name(format!("ranker-{nth}")).spawn(move || {
                for job in jobs {
                    run(job);
                }
            })?;
        }
        Ok(Self { jobs: sender, count })
    }

    /// How many threads one ranker may have at a time: all but one, so that one that spins until
    /// its deadline leaves a thread for the others.
    pub(crate) fn share(&self) -> usize {
        self.count.saturating_sub(1).max(1)
    }

    /// Runs a job on the next free thread.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // The threads outlive the sender, so there is somebody to take it.
        let _ = self.jobs.send(Box::new(job));
    }
}

/// A panic of the host ends the call, not the thread.
fn run(job: Job) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        error!("a ranker call panicked in the host, its tasks fall back");
    }
}

impl fmt::Debug for CallThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallThreads").field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_job_that_panics_costs_no_thread() {
        let threads = CallThreads::start(1).unwrap();
        threads.run(|| panic!("on purpose"));
        let (sender, receiver) = mpsc::channel();
        threads.run(move || sender.send(1).unwrap());
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(threads.share(), 1);
    }
}
