//! Kept messages, when they are to be tried again.

use std::sync::Arc;

use async_trait::async_trait;
use hinny_core::{Clock, queue::QueueError, store::Store};

use crate::{
    Deps, EventInbox,
    pulse::{Look, Next, POLL},
};

/// Tries kept messages again, those that wait longest first.
pub(crate) struct Retries {
    inbox: Arc<EventInbox>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// Most messages of one look. Few, since all of them hold their bodies in memory, and since those
/// of a slow plugin hold up the others of the same look.
const PAGE: u32 = 64;

impl Retries {
    pub(crate) fn new(deps: &Deps, inbox: Arc<EventInbox>) -> Self {
        Self { inbox, store: Arc::clone(&deps.store), clock: Arc::clone(&deps.clock) }
    }
}

#[async_trait]
impl Look for Retries {
    fn what(&self) -> String {
        "messages to try again".to_owned()
    }

    async fn look(&mut self) -> Result<Next, QueueError> {
        let now = self.clock.now();
        let due = self.store.due_events(now.after(POLL), PAGE).await?;
        let (due, later): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|kept| kept.retry_at.is_none_or(|at| at <= now));
        let more = due.len() >= PAGE as usize;
        self.inbox.retry(due).await?;
        if more {
            return Ok(Next::Now);
        }
        let waits = later.iter().filter_map(|kept| kept.retry_at).map(|at| at.since(now));
        Ok(Next::within(waits))
    }
}
