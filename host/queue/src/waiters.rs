//! Workers that wait for a task.
//!
//! A task wakes one worker per view that shows it. A worker that is woken and finds nothing (another
//! was faster) waits on. Workers whose filter has no view are all woken by every task. Waking is an
//! optimisation: every waiting worker looks again after [`LOOK_AGAIN`], whatever happens.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hinny_core::order::ViewId;
use tokio::sync::Notify;

/// Longest time between two looks of a waiting worker.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Waiters {
    by_view: Mutex<HashMap<ViewId, Arc<Notify>>>,
    others: Arc<Notify>,
    others_waiting: AtomicU64,
    waiting: AtomicU64,
}

impl Waiters {
    /// Where a worker with this view (or none) is woken.
    pub(crate) fn bell(&self, view: Option<ViewId>) -> Arc<Notify> {
        let Some(view) = view else { return Arc::clone(&self.others) };
        let mut bells = self.by_view.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(view).or_default())
    }

    /// Counts a worker as waiting while the guard lives.
    pub(crate) fn count(&self, view: Option<ViewId>) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if view.is_none() {
            self.others_waiting.fetch_add(1, Ordering::SeqCst);
        }
        Waiting { waiters: self, other: view.is_none() }
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A task can be seen in these views.
    pub(crate) fn wake(&self, views: &[ViewId]) {
        if self.waiting() == 0 {
            return;
        }
        if self.others_waiting.load(Ordering::SeqCst) > 0 {
            self.others.notify_waiters();
        }
        let bells = self.by_view.lock().unwrap_or_else(PoisonError::into_inner);
        for bell in views.iter().filter_map(|view| bells.get(view)) {
            bell.notify_one();
        }
    }
}

pub(crate) struct Waiting<'a> {
    waiters: &'a Waiters,
    other: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waiters.waiting.fetch_sub(1, Ordering::Relaxed);
        if self.other {
            self.waiters.others_waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
