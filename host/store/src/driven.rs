//! Writes that go on whoever waits for them.

use std::panic::resume_unwind;

use hinny_core::store::StoreError;
use tokio_util::task::TaskTracker;

/// Has a task of its own do work, and waits for it.
///
/// There is one connection that writes. A caller that has it, and then waits for something else
/// first, or goes away, would keep it from all others: for ever, if that something writes as well.
pub(crate) async fn driven<T: Send + 'static>(
    tasks: &TaskTracker,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tasks.spawn(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(StoreError::Unavailable {
                why: "hinny is stopping".to_owned(),
                hint: "try again in a moment",
            }),
        },
    }
}
