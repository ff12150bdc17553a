//! Where verification runs: threads of its own, bounded in number and in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use hinny_core::plugin::{Check, PluginError, Verdict};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

use crate::limits::Limits;

/// Where verification runs.
#[derive(Debug)]
pub(crate) struct Verifier {
    uploads: Arc<Semaphore>,
    waiting: AtomicUsize,
    limits: Limits,
}

impl Verifier {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            uploads: Arc::new(Semaphore::new(limits.verifications as usize)),
            waiting: AtomicUsize::new(0),
            limits: limits.clone(),
        }
    }

    /// Runs a job for an upload, when it is its turn. Refused when too many wait already.
    pub(crate) async fn upload<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PluginError> {
        let permit = {
            let _place = self.queue_up()?;
            Arc::clone(&self.uploads).acquire_owned().await.ok()
        };
        self.on_thread(permit, job).await
    }

    /// Runs a job for a slot that is switched, at once: each slot has one such job at a time.
    pub(crate) async fn switch<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PluginError> {
        self.on_thread(None, job).await
    }

    fn queue_up(&self) -> Result<Place<'_>, PluginError> {
        let place = Place(&self.waiting);
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let most = self.limits.verifications_waiting as usize;
        if before >= most && self.uploads.available_permits() == 0 {
            return Err(PluginError::TooManyUploads { waiting: before });
        }
        Ok(place)
    }

    /// The permit goes to the thread, not to the caller: compiling cannot be stopped, so a thread
    /// that nobody waits for any more still counts.
    async fn on_thread<R: Send + 'static>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, PluginError> {
        let (sender, receiver) = oneshot::channel();
        let thread = thread::Builder::new().name("plugin-verify".to_owned()).spawn(move || {
            let _permit = permit;
            // Whoever asked may have gone meanwhile.
            let _ = sender.send(job());
        });
        if let Err(error) = thread {
            return Err(refused(
                "thread",
                format!("no thread to verify on: {error}; hint: try again"),
            ));
        }
        match timeout(self.limits.verify_time(), receiver).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => {
                let why = "the host failed while it verified; hint: report this, with the plugin";
                Err(refused("thread", why.to_owned()))
            }
            Err(_) => Err(refused(
                "time",
                format!(
                    "verification took longer than {} s; hint: make the component smaller, or raise `plugins.limits.verify_seconds`",
                    self.limits.verify_seconds
                ),
            )),
        }
    }
}

fn refused(check: &str, detail: String) -> PluginError {
    PluginError::Refused(Box::new(Verdict {
        accepted: false,
        checks: vec![Check { name: check.to_owned(), passed: false, detail }],
        imports: Vec::new(),
        took_ms: 0,
    }))
}

/// A place among those that wait.
#[derive(Debug)]
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn verifier(verifications_waiting: u32, verify_seconds: u32) -> Verifier {
        let limits =
            Limits { verifications: 1, verifications_waiting, verify_seconds, ..Limits::default() };
        Verifier::new(&limits)
    }

    #[tokio::test]
    async fn uploads_above_the_limit_are_sent_away() {
        let verifier = Arc::new(verifier(1, 60));
        let (release, held) = mpsc::channel::<()>();
        let mut running = Box::pin(verifier.upload(move || held.recv().is_ok()));
        assert!(futures::poll!(&mut running).is_pending());
        let mut waiting = Box::pin(verifier.upload(|| true));
        assert!(futures::poll!(&mut waiting).is_pending());
        let refused = verifier.upload(|| true).await.unwrap_err();
        assert!(matches!(refused, PluginError::TooManyUploads { waiting: 1 }));
        release.send(()).unwrap();
        assert!(running.await.unwrap());
        assert!(waiting.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_verification_that_takes_too_long_is_given_up_and_still_counts() {
        let verifier = verifier(0, 1);
        let (release, held) = mpsc::channel::<()>();
        let refused = verifier.upload(move || held.recv().is_ok()).await.unwrap_err();
        assert!(refused.to_string().contains("took longer than 1 s"), "{refused}");
        assert_eq!(verifier.uploads.available_permits(), 0, "its thread is still busy");
        drop(release);
    }
}
