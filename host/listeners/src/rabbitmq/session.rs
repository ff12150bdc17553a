//! One connection's worth of messages of a queue.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use lapin::Consumer;
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    RabbitQueue,
    arrival::{Arrival, Content},
    book::Book,
    link::{Link, LinkError},
    pause::Pause,
    status::Status,
};
use crate::{
    EventInbox,
    delivery::{Delivered, Mark},
};

/// How long a broker may take to find out that a connection is dead, and to send again what it had
/// sent there: its heartbeats take a minute or two.
const ALL_REPEATED: Duration = Duration::from_mins(10);

/// How long acknowledgements are gathered when nothing waits for them: forgetting the marks of many
/// costs the database as much as forgetting one.
const GATHER: Duration = Duration::from_millis(20);

/// How long the broker has to answer when the host stops.
const LAST_FENCE: Duration = Duration::from_secs(5);

/// Between two looks whether a scheduler wants the messages.
const LOOK: Duration = Duration::from_secs(1);

/// How a session ended.
pub(super) enum Ended {
    /// The host stops.
    Stopped,
    /// Nobody wants the messages any more.
    Unwanted,
    /// The connection is gone.
    Lost {
        /// Why.
        error: LinkError,
        /// Whether messages came before that.
        worked: bool,
    },
}

/// One connection's worth of messages of a queue.
pub(super) struct Session<'a> {
    link: Link,
    queue: &'a RabbitQueue,
    inbox: &'a Arc<EventInbox>,
    status: &'a Arc<Status>,
    book: Book,
    /// Tasks of their own: a session that waits for the broker must not keep what they hold, a call
    /// of a plugin or the database, from others.
    handling: JoinSet<(Arrival, Verdict)>,
    /// Asks the broker whether it knows of acknowledgements, then forgets their marks.
    fence: Option<BoxFuture<'static, Result<(), lapin::Error>>>,
    /// The marks that it is about.
    fencing: Vec<Mark>,
    /// Nothing is tried again in this session.
    over: CancellationToken,
    worked: bool,
}

/// What became of a message in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It may be acknowledged.
    Taken,
    /// The session ended before.
    GivenBack,
    /// No scheduler wants it.
    Unwanted,
}

/// What happens next.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it goes at once")]
enum Step {
    Came(Option<Result<lapin::message::Delivery, lapin::Error>>),
    Handled(Arrival, Verdict),
    Fenced(Result<(), lapin::Error>),
    Settled,
    Down,
    Stopping,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        link: Link,
        queue: &'a RabbitQueue,
        inbox: &'a Arc<EventInbox>,
        status: &'a Arc<Status>,
        book: Book,
    ) -> Self {
        Self {
            link,
            queue,
            inbox,
            status,
            book,
            handling: JoinSet::new(),
            fence: None,
            fencing: Vec::new(),
            over: CancellationToken::new(),
            worked: false,
        }
    }

    /// Takes messages until the stop, or until the connection is gone. What is known of deliveries
    /// comes back for the next session.
    pub(super) async fn run(mut self, stop: &CancellationToken) -> (Book, Ended) {
        let ended = match self.until_wanted(stop).await {
            Ok(true) => self.work(stop).await,
            Ok(false) => Ended::Stopped,
            Err(error) => self.lost(error),
        };
        self.over.cancel();
        if matches!(ended, Ended::Lost { .. }) {
            self.give_up().await;
        } else {
            self.finish().await;
        }
        self.book.end_session(self.fencing);
        self.status.unacknowledged(0);
        self.link.close().await;
        (self.book, ended)
    }

    /// Waits for a scheduler that wants the messages; false: the host stops.
    async fn until_wanted(&mut self, stop: &CancellationToken) -> Result<bool, LinkError> {
        while !self.inbox.wants(&self.queue.source) {
            self.status.unwanted();
            tokio::select! {
                () = sleep(LOOK) => {}
                () = stop.cancelled() => return Ok(false),
            }
            if !self.link.is_up() {
                self.link.fence().await?;
            }
        }
        Ok(true)
    }

    async fn work(&mut self, stop: &CancellationToken) -> Ended {
        let mut consumer = match self.link.consume().await {
            Ok(consumer) => consumer,
            Err(error) => return self.lost(error),
        };
        self.status.consumes();
        let ended = self.take_all(&mut consumer, stop).await;
        // What came and was not looked at comes again, like what was.
        while let Some(Some(Ok(raw))) = consumer.next().now_or_never() {
            if let Some(arrival) = self.arrive(raw) {
                self.book.give_back(arrival);
            }
        }
        ended
    }

    async fn take_all(&mut self, consumer: &mut Consumer, stop: &CancellationToken) -> Ended {
        let mut settle_at = Some(Instant::now() + ALL_REPEATED);
        loop {
            match self.next(consumer, settle_at, stop).await {
                Step::Came(Some(Ok(raw))) => {
                    self.worked = true;
                    let arrival = self.arrive(raw);
                    self.handle(arrival);
                }
                Step::Came(Some(Err(why))) | Step::Fenced(Err(why)) => {
                    return self.lost(self.link.lost(why));
                }
                Step::Came(None) => return self.lost(self.link.removed()),
                Step::Handled(arrival, Verdict::Taken) => {
                    if let Err(why) = self.acknowledge(arrival).await {
                        return self.lost(self.link.lost(why));
                    }
                }
                Step::Handled(arrival, verdict) => {
                    self.book.give_back(arrival);
                    if verdict == Verdict::Unwanted {
                        return Ended::Unwanted;
                    }
                }
                Step::Fenced(Ok(())) => self.fenced(),
                Step::Settled => {
                    settle_at = None;
                    let marks = self.book.settle();
                    self.fence = Some(self.forgetting(marks).map(Ok).boxed());
                }
                Step::Down => return self.lost(self.link.silent()),
                Step::Stopping => return Ended::Stopped,
            }
            self.status.unacknowledged(self.handling.len() + self.book.waiting());
        }
    }

    async fn next(
        &mut self,
        consumer: &mut Consumer,
        settle_at: Option<Instant>,
        stop: &CancellationToken,
    ) -> Step {
        // Doubts do not end in the middle of a fence: both are about the same marks.
        let settle_at = settle_at.filter(|_| self.fence.is_none());
        tokio::select! {
            came = consumer.next() => Step::Came(came),
            Some(handled) = self.handling.join_next() => {
                let (arrival, verdict) = unharmed(handled);
                Step::Handled(arrival, verdict)
            }
            result = wait_for(&mut self.fence) => Step::Fenced(result),
            () = until(settle_at) => Step::Settled,
            () = self.link.down() => Step::Down,
            () = stop.cancelled() => Step::Stopping,
        }
    }

    /// Writes down what came; the answer is what is to be handled now.
    fn arrive(&mut self, raw: lapin::message::Delivery) -> Option<Arrival> {
        let tag = raw.delivery_tag;
        self.book.arrive(tag, Content::of(raw, self.queue, self.inbox.stamp()))
    }

    /// Has messages handled, beside those that are.
    fn handle(&mut self, arrivals: impl IntoIterator<Item = Arrival>) {
        for arrival in arrivals {
            let span = tracing::info_span!(
                "deliver",
                rabbitmq.queue = self.queue.queue,
                event.id = %arrival.delivery.message.id,
            );
            let (inbox, status) = (Arc::clone(self.inbox), Arc::clone(self.status));
            let handling = handle(arrival, inbox, status, self.over.clone());
            self.handling.spawn(handling.instrument(span));
        }
    }

    async fn acknowledge(&mut self, arrival: Arrival) -> Result<(), lapin::Error> {
        let outcomes = arrival.delivery.outcomes();
        self.status.taken(outcomes.iter().map(|(_, outcome)| outcome));
        let sent = self.link.acknowledge(arrival.tag).await;
        match &sent {
            Ok(()) => self.book.acknowledge(arrival),
            Err(_) => self.book.give_back(arrival),
        }
        self.begin_fence();
        sent
    }

    /// Asks whether the broker knows what was acknowledged, unless it is being asked.
    fn begin_fence(&mut self) {
        if self.fence.is_some() {
            return;
        }
        self.fencing = self.book.take_acknowledged();
        if self.fencing.is_empty() {
            return;
        }
        let gather = if self.book.waiting() == 0 { GATHER } else { Duration::ZERO };
        let known = self.link.fencing();
        let forgetting = self.forgetting(self.book.forgettable(&self.fencing));
        self.fence = Some(
            async move {
                sleep(gather).await;
                known.await?;
                forgetting.await;
                Ok(())
            }
            .boxed(),
        );
    }

    fn fenced(&mut self) {
        self.fence = None;
        let marks = std::mem::take(&mut self.fencing);
        let next = self.book.forgotten(&marks);
        self.handle(next);
        self.begin_fence();
    }

    /// Removes marks from the database, if it takes until the end of the session.
    fn forgetting(&self, marks: Vec<Mark>) -> impl Future<Output = ()> + use<> {
        let (inbox, over) = (Arc::clone(self.inbox), self.over.clone());
        async move {
            let mut pause = Pause::default();
            while inbox.unmark(&marks).await.is_err() && !over.is_cancelled() {
                tokio::select! {
                    () = sleep(pause.longer()) => {}
                    () = over.cancelled() => {}
                }
            }
        }
    }

    fn lost(&self, error: LinkError) -> Ended {
        Ended::Lost { error, worked: self.worked }
    }

    /// The broker is still there: what is under way is finished and acknowledged.
    async fn finish(&mut self) {
        while let Some(handled) = self.handling.join_next().await {
            let (arrival, verdict) = unharmed(handled);
            if verdict != Verdict::Taken {
                self.book.give_back(arrival);
            } else if self.acknowledge(arrival).await.is_err() {
                return self.give_up().await;
            }
        }
        // The one that is under way, and one for what was acknowledged since.
        for _ in 0..2 {
            let Some(fence) = self.fence.take() else { return };
            if !matches!(tokio::time::timeout(LAST_FENCE, fence).await, Ok(Ok(()))) {
                return;
            }
            let marks = std::mem::take(&mut self.fencing);
            for waiting in self.book.forgotten(&marks) {
                self.book.give_back(waiting);
            }
            self.begin_fence();
        }
    }

    /// The broker is gone: what is under way is finished, and known when it comes again.
    async fn give_up(&mut self) {
        while let Some(handled) = self.handling.join_next().await {
            self.book.give_back(unharmed(handled).0);
        }
    }
}

/// Tries a message until it is handled or kept, or the session is over.
async fn handle(
    mut arrival: Arrival,
    inbox: Arc<EventInbox>,
    status: Arc<Status>,
    over: CancellationToken,
) -> (Arrival, Verdict) {
    let mut pause = Pause::default();
    loop {
        match inbox.deliver(&mut arrival.delivery).await {
            Ok(Delivered::Taken) => return (arrival, Verdict::Taken),
            Ok(Delivered::Unwanted) => return (arrival, Verdict::Unwanted),
            Ok(Delivered::HeldBack) => status.held("there is no room for their tasks"),
            Err(error) => status.held(&error.to_string()),
        }
        tokio::select! {
            () = sleep(pause.longer()) => {}
            () = over.cancelled() => return (arrival, Verdict::GivenBack),
        }
    }
}

/// What a task answered; a panic goes on in the session, whose book would lack the message.
fn unharmed<T>(joined: Result<T, JoinError>) -> T {
    joined.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

async fn wait_for<T>(one: &mut Option<BoxFuture<'static, T>>) -> T {
    match one {
        Some(one) => one.await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
