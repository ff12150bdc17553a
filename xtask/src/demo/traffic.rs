//! Producers and workers that go on whatever happens to the rankers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

use super::{ledger::Ledger, town::Town};
use crate::http::{Api, field};

/// Tasks that a worker takes at once.
pub(crate) const POP_LIMIT: u64 = 2;

/// Producers, and as many workers.
const PAIRS: u64 = 4;

/// Pause of a producer or a worker between two requests: the demo shows that nothing is lost, the
/// bench how fast it goes.
const PACE: Duration = Duration::from_millis(2);

/// Producers and workers at work.
pub(crate) struct Traffic {
    over: Arc<AtomicBool>,
    silent: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// What a producer or worker needs.
struct Station {
    api: Api,
    scheduler: &'static str,
    ledger: Arc<Ledger>,
    /// No more requests are to be made.
    over: Arc<AtomicBool>,
    /// Requests may go without an answer.
    silent: Arc<AtomicBool>,
}

impl Traffic {
    /// Begins. `round` keeps the work of one traffic apart from that of another.
    pub(crate) fn begin(
        url: &str,
        scheduler: &'static str,
        ledger: &Arc<Ledger>,
        round: u64,
    ) -> Self {
        let (over, silent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let station = || Station {
            api: Api::new(url),
            scheduler,
            ledger: Arc::clone(ledger),
            over: Arc::clone(&over),
            silent: Arc::clone(&silent),
        };
        let producers = (0..PAIRS).map(|at| {
            let station = station();
            let town = Town::new(round * PAIRS + at + 1);
            thread::spawn(move || station.produce(town))
        });
        let mut threads: Vec<_> = producers.collect();
        threads.extend((0..PAIRS).map(|_| {
            let station = station();
            thread::spawn(move || station.work())
        }));
        Self { over, silent, threads }
    }

    /// Does something after which there are no answers, such as killing the host. Calls that have
    /// none from then on are no failures; producers and workers end at the first such call.
    pub(crate) fn expect_silence<T>(&self, cut: impl FnOnce() -> T) -> T {
        self.silent.store(true, Ordering::SeqCst);
        cut()
    }

    /// Ends when every request in flight has its answer, or lost it.
    pub(crate) fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            if thread.join().is_err() {
                eprintln!("a producer or worker of the demo panicked");
            }
        }
    }
}

impl Station {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Pushes scans of new hosts.
    fn produce(&self, mut town: Town) {
        let path = format!("/schedulers/{}/push", self.scheduler);
        while !self.is_over() {
            for job in town.next_host() {
                let body = json!({
                    "id": job.id, "organisation": job.organisation, "data": job.data,
                });
                self.ledger.book().send(&job.id);
                match self.call("POST", &path, Some(&body)) {
                    Some((201, _)) => self.ledger.book().acknowledge(&job.id),
                    Some((409, _)) => self.ledger.book().refuse(&job.id),
                    Some((status, body)) => {
                        self.ledger.book().fail(format!("{path} answered {status}: {body}"));
                    }
                    None => return,
                }
                if self.is_over() {
                    return;
                }
                thread::sleep(PACE);
            }
        }
    }

    /// Pops tasks and completes them.
    fn work(&self) {
        let path = format!("/schedulers/{}/pop?limit={POP_LIMIT}&wait=1", self.scheduler);
        while !self.is_over() {
            self.ledger.book().pop();
            let Some((status, body)) = self.call("POST", &path, None) else { return };
            if status != 200 {
                self.ledger.book().fail(format!("{path} answered {status}: {body}"));
            }
            let tasks = popped(&body);
            self.ledger.book().hand_out(&tasks);
            for (id, attempt) in tasks {
                if self.complete(&id, attempt).is_none() {
                    return;
                }
            }
            thread::sleep(PACE);
        }
    }

    fn complete(&self, id: &str, attempt: u64) -> Option<()> {
        let path = format!("/tasks/{id}");
        let body = json!({ "status": "completed", "attempt": attempt });
        self.ledger.book().complete(id);
        match self.call("PATCH", &path, Some(&body))? {
            (200, _) => self.ledger.book().completed(id),
            (status, body) => {
                self.ledger.book().fail(format!("{path} answered {status}: {body}"));
            }
        }
        Some(())
    }

    /// An answer; `None` when there is none and nothing more is to be expected.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        match self.api.send(method, path, body) {
            Ok(answer) => Some((answer.status, answer.body)),
            Err(error) => {
                if !self.silent.load(Ordering::SeqCst) {
                    self.ledger.book().fail(format!("{error:#}"));
                }
                None
            }
        }
    }
}

/// The tasks of a pop, with their attempts.
pub(crate) fn popped(body: &Value) -> Vec<(String, u64)> {
    let results = field(body, "/results").as_array().map_or(&[][..], Vec::as_slice);
    results
        .iter()
        .filter_map(|task| {
            Some((field(task, "/id").as_str()?.to_owned(), field(task, "/attempt").as_u64()?))
        })
        .collect()
}
