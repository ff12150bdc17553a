//! Messages from RabbitMQ.
//!
//! ```text
//! connect ─▶ declare ─▶ somebody wants them? ─▶ consume ─▶ handle side by side ─▶ commit ─▶ ack
//!    ▲                                              │                              │
//!    └──── pause, longer each time ◀── lost ────────┘        forget marks ◀─ fence ┘
//! ```
//!
//! Each queue has a connection of its own, so that trouble with one is not trouble with others. A
//! message is acknowledged when everything that follows from it is committed; until then the broker
//! has it. What cannot be handled now (the database is away, a queue is full) is held, and since
//! the broker sends only so many messages ahead, that is the back-pressure, too.

mod arrival;
mod book;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod link;
mod pause;
mod session;
mod status;

use std::{sync::Arc, time::Duration};

use hinny_amqp::Address;
use hinny_core::health::{Health, PartHealth};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::EventInbox;
use book::Book;
use pause::Pause;
use session::{Ended, Session};
use status::Status;

/// Which messages to take from RabbitMQ.
#[derive(Debug, Clone)]
pub struct RabbitOptions {
    /// Where it is.
    pub address: Address,
    /// Most messages of a queue that are held without being acknowledged, 1 or more.
    pub prefetch: u16,
    /// The queues.
    pub queues: Vec<RabbitQueue>,
}

/// A queue of RabbitMQ, and what its messages are called here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RabbitQueue {
    /// Its name.
    pub queue: String,
    /// Its messages are messages of this source.
    pub source: String,
}

/// The queues that messages are taken from, while that goes on.
pub struct Rabbit {
    queues: Vec<Arc<Status>>,
}

impl Rabbit {
    /// Starts taking messages, for as long as it takes: whatever the broker does, it is tried again.
    ///
    /// Ends when `stop` is cancelled, after the messages that it has under way.
    pub fn start(
        options: &RabbitOptions,
        inbox: &Arc<EventInbox>,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        status::describe_metrics();
        let start = |queue: &RabbitQueue| {
            let status = Arc::new(Status::new(queue, &options.address));
            let consumer = Consumer {
                address: options.address.clone(),
                prefetch: options.prefetch,
                queue: queue.clone(),
                inbox: Arc::clone(inbox),
                status: Arc::clone(&status),
            };
            tracker.spawn(consumer.run(stop.clone()));
            status
        };
        Self { queues: options.queues.iter().map(start).collect() }
    }
}

impl Health for Rabbit {
    fn health(&self) -> Vec<PartHealth> {
        self.queues.iter().map(|status| status.health()).collect()
    }
}

/// A connection that lasted so long was a good one: the next is made soon.
const STEADY: Duration = Duration::from_secs(30);

/// What takes the messages of one queue.
struct Consumer {
    address: Address,
    prefetch: u16,
    queue: RabbitQueue,
    inbox: Arc<EventInbox>,
    status: Arc<Status>,
}

impl Consumer {
    /// One session after the other, until the stop.
    async fn run(self, stop: CancellationToken) {
        let (mut book, mut pause) = (Book::default(), Pause::default());
        while !stop.is_cancelled() {
            let opened = tokio::select! {
                opened = link::open(&self.address, &self.queue.queue, self.prefetch) => opened,
                () = stop.cancelled() => break,
            };
            let began = Instant::now();
            let ended = match opened {
                Ok(link) => {
                    let session = Session::new(link, &self.queue, &self.inbox, &self.status, book);
                    let (kept, ended) = session.run(&stop).await;
                    book = kept;
                    ended
                }
                Err(error) => Ended::Lost { error, worked: false },
            };
            match ended {
                Ended::Stopped => break,
                Ended::Unwanted => {}
                Ended::Lost { error, worked } => {
                    self.status.lost(&error);
                    if worked || began.elapsed() > STEADY {
                        pause = Pause::default();
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause.longer()) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}
