//! All listeners of a host.

use std::sync::Arc;

use hinny_core::{Clock, event::RetryPolicy, plugin::ActivePlugins, queue::Queues, store::Store};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    due::Due,
    events::EventInbox,
    finished::Finished,
    pulse::{self, Look},
    retries::Retries,
    ticks::Ticks,
    trigger::Mail,
};

/// What listeners use of the rest of the host.
#[derive(Clone)]
pub struct Deps {
    /// Where triggers go.
    pub queues: Arc<dyn Queues>,
    /// Where schedules, finished tasks and kept messages are.
    pub store: Arc<dyn Store>,
    /// Which say what they want to be told.
    pub plugins: Arc<dyn ActivePlugins>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long what fails is left alone; for messages also how often it is tried.
    pub retry: RetryPolicy,
    /// How listeners learn that a plugin has sent messages to itself.
    pub mail: Mail,
}

/// All listeners of a host, while they run.
pub struct Listeners {
    inbox: Arc<EventInbox>,
    wake: watch::Sender<u64>,
    mail: Mail,
}

impl Listeners {
    /// Starts them: for each scheduler one loop each for its ticks, its due schedules and its
    /// finished tasks, so that a slow plugin holds up nobody else; and one for kept messages.
    ///
    /// The loops end when `stop` is cancelled, each after the triggers that it has under way.
    pub fn start(deps: &Deps, tracker: &TaskTracker, stop: &CancellationToken) -> Self {
        metrics::describe_counter!(
            "hinny_triggers_total",
            "Triggers told to schedulers, by scheduler, kind and outcome"
        );
        let (wake, woken) = watch::channel(0);
        let inbox = Arc::new(EventInbox::new(deps));
        let spawner = Spawner { tracker, woken, stop };
        for scheduler in deps.queues.schedulers() {
            spawner.spawn(Ticks::new(deps, scheduler.clone(), stop.clone()));
            spawner.spawn(Due::new(deps, scheduler.clone(), stop.clone()));
            spawner.spawn(Finished::new(deps, scheduler, stop.clone()));
        }
        let spawner = Spawner { woken: deps.mail.watch(), ..spawner };
        spawner.spawn(Retries::new(deps, Arc::clone(&inbox)));
        Self { inbox, wake, mail: deps.mail.clone() }
    }

    /// The way in for messages.
    pub fn inbox(&self) -> Arc<EventInbox> {
        Arc::clone(&self.inbox)
    }

    /// Has every loop look at once, such as after a plugin was activated or a schedule was made.
    /// Without it they find out within a second.
    pub fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
        self.mail.has_come();
    }
}

/// What it takes to start a loop.
struct Spawner<'a> {
    tracker: &'a TaskTracker,
    woken: watch::Receiver<u64>,
    stop: &'a CancellationToken,
}

impl Spawner<'_> {
    fn spawn(&self, look: impl Look + 'static) {
        self.tracker.spawn(pulse::run(look, self.woken.clone(), self.stop.clone()));
    }
}

#[cfg(test)]
mod tests;
