//! Giving back what nobody uses.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::Inner;

/// How often idle instances are looked for.
const EVERY: Duration = Duration::from_secs(5);

impl Inner {
    /// Starts the housekeeping. It ends with the host, or when nobody has the registry any more.
    pub(super) fn start_housekeeping(self: &Arc<Self>) {
        self.start_chore(EVERY, |registry| async move { registry.drop_idle() });
    }

    /// Does something again and again. It ends with the host, or when nobody has the registry any
    /// more.
    pub(super) fn start_chore<F>(
        self: &Arc<Self>,
        every: Duration,
        chore: impl Fn(Arc<Self>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        let (registry, stop) = (Arc::downgrade(self), self.services.stop.clone());
        let chores = async move {
            let mut looks = interval(every);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let Some(registry) = registry.upgrade() else { return };
                chore(registry).await;
            }
        };
        self.services.tasks.spawn(async move {
            stop.run_until_cancelled(chores).await;
        });
    }

    fn drop_idle(&self) {
        for slot in self.slots() {
            let Some(current) = slot.current() else { continue };
            for program in current.programs() {
                program.drop_idle();
            }
        }
    }
}
