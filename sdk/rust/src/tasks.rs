//! Questions about the tasks of the plugin's own scheduler.

pub use crate::bindings::scheduler::hinny::plugin::tasks::{QueryError, Task};
use crate::scheduler::Failure;

/// The newest task of each hash, in the same order; at most 1000 hashes.
pub fn newest_of(hashes: &[String]) -> Result<Vec<Option<Task>>, QueryError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::tasks::newest_of(hashes);
    #[cfg(not(target_arch = "wasm32"))]
    Ok(crate::testing::FakeHost::newest_of(hashes))
}

/// The newest task of a hash.
pub fn newest(hash: &str) -> Result<Option<Task>, QueryError> {
    let mut found = newest_of(&[hash.to_owned()])?;
    Ok(found.pop().flatten())
}

/// Tasks that match a filter, as `POST /tasks` takes it (`{"filters": […]}`), newest first; at most
/// `limit`, and at most 1000.
pub fn find(filter: &str, limit: u32) -> Result<Vec<Task>, QueryError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::tasks::find(filter, limit);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::find(filter, limit)
}

/// What to do about a trigger when a question gets no answer: later, if that may help.
impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::BadFilter(why) => Self::reject(format!("the filter cannot be used: {why}")),
            QueryError::Unavailable(why) => {
                Self::retry_after(1000, format!("the tasks cannot be asked for: {why}"))
            }
            QueryError::Other(why) => Self::reject(format!("the tasks cannot be asked for: {why}")),
        }
    }
}
