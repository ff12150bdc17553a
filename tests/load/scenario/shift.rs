//! What one connection does and notes, and all of them together.

use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use hyper::Method;
use tokio::task::JoinSet;

use crate::{
    client::{Answer, Client},
    ledger::Ledger,
    target::Target,
    timing::Timing,
    work::Work,
};

/// Most failures that one connection notes; it stops working then.
const FAILURES_MAX: usize = 20;

/// What was done and noted.
#[derive(Default)]
pub(crate) struct Shift {
    /// How long each request took.
    pub(crate) timing: Timing,
    /// What the host said of each task.
    pub(crate) ledger: Ledger,
    /// Calls that failed, in words.
    pub(crate) failures: Vec<String>,
}

/// The end of a shift, for all connections at once.
#[derive(Clone, Default)]
pub(crate) struct Whistle(Arc<AtomicBool>);

impl Whistle {
    /// Ends the shift.
    pub(crate) fn blow(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Ends the shift after a while.
    pub(crate) async fn blow_after(&self, seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        self.blow();
    }

    /// Whether the shift is over.
    pub(crate) fn blown(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Shift {
    /// Takes what another one noted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.timing.merge(other.timing);
        self.ledger.merge(other.ledger);
        self.failures.extend(other.failures);
    }

    /// Whether so much failed that going on tells nothing.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.failures.len() >= FAILURES_MAX
    }

    /// Posts something, notes how long it took, and hands back an answer with the right status.
    pub(crate) async fn call(
        &mut self,
        client: &mut Client,
        path: &str,
        body: Option<Vec<u8>>,
        status: u16,
    ) -> Option<Answer> {
        self.send(client, Method::POST, path, body, status).await
    }

    /// Asks for something, and notes how long it took.
    pub(crate) async fn get(&mut self, client: &mut Client, path: &str) -> Option<Answer> {
        self.send(client, Method::GET, path, None, 200).await
    }

    async fn send(
        &mut self,
        client: &mut Client,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        status: u16,
    ) -> Option<Answer> {
        let began = Instant::now();
        let answer = match client.send(method.clone(), path, body).await {
            Ok(answer) => answer,
            Err(error) => {
                self.failures.push(format!("{method} {path}: {error:#}"));
                return None;
            }
        };
        self.timing.note(began);
        if let Err(error) = answer.expect(status) {
            self.failures.push(format!("{method} {path}: {error:#}"));
            return None;
        }
        Some(answer)
    }

    /// Notes an error as a failure.
    pub(crate) fn check<T>(&mut self, result: anyhow::Result<T>) -> Option<T> {
        result.map_err(|error| self.failures.push(format!("{error:#}"))).ok()
    }
}

/// Pushes single tasks until the whistle.
pub(crate) async fn push_until(
    mut client: Client,
    path: String,
    work: Arc<Work>,
    whistle: Whistle,
) -> Shift {
    let mut shift = Shift::default();
    while !whistle.blown() && !shift.is_hopeless() {
        if let Some(answer) = shift.call(&mut client, &path, Some(work.task()), 201).await {
            let noted = shift.ledger.acknowledge(&answer.body);
            shift.check(noted);
        }
    }
    shift
}

/// Pops until the whistle.
pub(crate) async fn pop_until(mut client: Client, path: String, whistle: Whistle) -> Shift {
    let mut shift = Shift::default();
    while !whistle.blown() && !shift.is_hopeless() {
        if let Some(answer) = shift.call(&mut client, &path, None, 200).await {
            let noted = shift.ledger.hand_out(&answer.body);
            shift.check(noted);
        }
    }
    shift
}

/// What came of a time under load.
#[derive(Default)]
pub(crate) struct Loaded<T> {
    /// By those that pushed.
    pub(crate) pushes: Shift,
    /// By those that popped.
    pub(crate) pops: Shift,
    /// Of what was done meanwhile.
    pub(crate) came: T,
}

/// Has tasks pushed and popped while something else is done.
pub(crate) async fn work_during<T>(
    target: &Target,
    work: &Arc<Work>,
    during: impl Future<Output = T>,
) -> anyhow::Result<Loaded<T>> {
    let (half, whistle) = ((target.connections / 2).max(1), Whistle::default());
    let pushes = begin(target, half, |client| {
        push_until(client, target.path("/push"), Arc::clone(work), whistle.clone())
    })
    .await?;
    let pop = target.path("/pop?limit=1&wait=1");
    let pops =
        begin(target, half, |client| pop_until(client, pop.clone(), whistle.clone())).await?;
    let came = during.await;
    whistle.blow();
    Ok(Loaded { pushes: end(pushes).await?, pops: end(pops).await?, came })
}

/// Waits for all connections and puts together what they noted.
pub(crate) async fn end(mut shifts: JoinSet<Shift>) -> anyhow::Result<Shift> {
    let mut all = Shift::default();
    while let Some(shift) = shifts.join_next().await {
        all.merge(shift?);
    }
    Ok(all)
}

/// Starts one connection after the other on something.
pub(crate) async fn begin<F>(
    target: &Target,
    connections: usize,
    mut work: impl FnMut(Client) -> F,
) -> anyhow::Result<JoinSet<Shift>>
where
    F: Future<Output = Shift> + Send + 'static,
{
    let mut shifts = JoinSet::new();
    for _ in 0..connections.max(1) {
        shifts.spawn(work(target.connect().await?));
    }
    Ok(shifts)
}
