//! Giving back what nobody uses.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::Inner;

/// How often idle instances are looked for.
const EVERY: Duration = Duration::from_secs(5);

impl Inner {
    /// Starts the housekeeping. It ends with the host, or when nobody has the registry any more.
    pub(super) fn start_housekeeping(self: &Arc<Self>) {
        let (registry, stop) = (Arc::downgrade(self), self.services.stop.clone());
        self.services.tasks.spawn(async move {
            stop.run_until_cancelled(keep_house(&registry)).await;
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

async fn keep_house(registry: &Weak<Inner>) {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(registry) = registry.upgrade() else { return };
        registry.drop_idle();
    }
}
