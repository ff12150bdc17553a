//! Where scheduler plugins compute.
//!
//! They wait for the database and for services, so they run on the threads of the reactor, and most
//! calls are done within a tick. A guest that is still computing at a tick goes on elsewhere: on a
//! few threads of its own, where guests take turns of a tick each. So one that spins costs others
//! what another busy thread of the system costs them, and never their place in the reactor. When it
//! waits for something again, it is back.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use tokio::{runtime::Handle, sync::oneshot};
use tracing::dispatcher;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Takes a turn; the answer is whether there is more to do.
type Job = Box<dyn FnMut() -> bool + Send>;

thread_local! {
    /// Whether the guest that this thread runs was still computing at a tick.
    static COMPUTES: Cell<bool> = const { Cell::new(false) };
}

/// Notes that the guest that this thread runs is still computing, and now gives way.
pub(crate) fn gives_way() {
    COMPUTES.set(true);
}

/// The threads on which guests compute for longer than a tick.
pub(crate) struct Turns {
    jobs: Arc<flume::Sender<Job>>,
}

/// How work came back.
enum Came<T> {
    /// It is done.
    Done(T),
    /// It waits for something.
    Waits(Work<T>),
    /// The host's own code panicked in it.
    Panicked(Box<dyn Any + Send>),
}

impl Turns {
    /// Starts the threads: one for two cores, so that the other half is left to all else.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (sender, receiver) = flume::unbounded::<Job>();
        let jobs = Arc::new(sender);
        for nth in 0..(cores / 2).max(1) {
            let (receiver, again) = (receiver.clone(), Arc::downgrade(&jobs));
            // They end when the sender is gone.
            thread::Builder::new().name(format!("scheduler-{nth}")).spawn(move || {
                for mut job in receiver {
                    if job()
                        && let Some(again) = again.upgrade()
                    {
                        // There is somebody to take it: this thread.
                        let _ = again.send(job);
                    }
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Does work in which a guest may compute. Dropped half-way, the work ends at its next turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let mut work: Work<T> = Box::pin(work);
        loop {
            if let Some(value) = here(&mut work).await {
                return value;
            }
            match self.elsewhere(work).await {
                Came::Done(value) => return value,
                Came::Waits(same) => work = same,
                Came::Panicked(panic) => resume_unwind(panic),
            }
        }
    }

    /// Has threads of its own go on with work, until it is done or waits for something.
    async fn elsewhere<T: Send + 'static>(&self, work: Work<T>) -> Came<T> {
        let (sender, receiver) = oneshot::channel();
        let mut held = Some((work, sender));
        // What it waits for, and what it logs, go where they would have gone.
        let (reactor, log) = (Handle::current(), dispatcher::get_default(Clone::clone));
        let job = move || {
            let Some((mut work, sender)) = held.take() else { return false };
            if sender.is_closed() {
                return false;
            }
            let (_entered, _logs) = (reactor.enter(), dispatcher::set_default(&log));
            let came = match catch_unwind(AssertUnwindSafe(|| turn(&mut work))) {
                Ok((Poll::Pending, true)) => {
                    held = Some((work, sender));
                    return true;
                }
                // Nobody would wake it here: it is looked at once more where it comes from.
                Ok((Poll::Pending, false)) => Came::Waits(work),
                Ok((Poll::Ready(value), _)) => Came::Done(value),
                Err(panic) => Came::Panicked(panic),
            };
            // Who waited may be gone by now.
            let _ = sender.send(came);
            false
        };
        // The threads outlive the sender, so there is somebody to take it.
        let _ = self.jobs.send(Box::new(job));
        match receiver.await {
            Ok(came) => came,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Polls work for a turn; the answer says, too, whether it is still computing.
fn turn<T>(work: &mut Work<T>) -> (Poll<T>, bool) {
    COMPUTES.set(false);
    let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    (polled, COMPUTES.get())
}

/// Does work on the thread of the caller; `None`: it computes, and should do so elsewhere.
async fn here<T>(work: &mut Work<T>) -> Option<T> {
    poll_fn(|context| {
        COMPUTES.set(false);
        match work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if COMPUTES.get() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turns")
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use futures::FutureExt as _;

    use super::*;

    /// Computes for some ticks, and notes the thread of each.
    async fn compute(ticks: usize, threads: &Mutex<Vec<String>>) {
        for _ in 0..ticks {
            let name = thread::current().name().unwrap_or_default().to_owned();
            threads.lock().unwrap().push(name);
            gives_way();
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_computes_goes_elsewhere_after_a_tick_and_is_back_when_it_waits() {
        let turns = Turns::start().unwrap();
        let threads = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&threads);
        let done = turns.run(async move {
            compute(3, &noted).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            compute(1, &noted).await;
            7
        });
        assert_eq!(done.await, 7);
        let threads = threads.lock().unwrap();
        let away: Vec<_> = threads.iter().map(|name| name.starts_with("scheduler-")).collect();
        assert_eq!(away, [false, true, true, false], "{threads:?}");
    }

    #[tokio::test]
    async fn all_that_compute_get_their_turns() {
        let turns = Turns::start().unwrap();
        let endless = turns.run(async {
            loop {
                gives_way();
                tokio::task::yield_now().await;
            }
        });
        let short = turns.run(async { compute(50, &Mutex::default()).await });
        tokio::select! {
            () = endless => {}
            () = short => {}
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_ends() {
        let turns = Turns::start().unwrap();
        let (held, watched) = oneshot::channel::<()>();
        let work = turns.run(async move {
            let _held = held;
            compute(usize::MAX, &Mutex::default()).await;
        });
        tokio::time::timeout(Duration::from_millis(20), work).await.unwrap_err();
        assert!(watched.await.is_err(), "it was dropped");
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_costs_no_thread() {
        let turns = Turns::start().unwrap();
        for _ in 0..10 {
            let work = turns.run(async {
                compute(2, &Mutex::default()).await;
                panic!("on purpose");
            });
            assert!(AssertUnwindSafe(work).catch_unwind().await.is_err());
        }
        turns.run(async { compute(2, &Mutex::default()).await }).await;
    }
}
