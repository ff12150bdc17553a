//! The server of the database stops and starts while everybody is at work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    api::{Answer, Api},
    book::Book,
    cluster::{Cluster, Way},
    crowd::{attempts, path, work},
    home::Home,
    kill::memory_is_the_database,
};

/// How the server is stopped, one way after the other.
const WAYS: [Way; 3] = [Way::Fast, Way::Immediate, Way::Fast];

/// Tasks that are acknowledged before a server is stopped, and again after it has come back.
const TASKS: usize = 200;

/// Longest time until a request is refused, also one that was under way when the server stopped.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// The same, once it is known that the server is away.
const REFUSED_AT_ONCE: Duration = Duration::from_secs(1);

/// Longest time until something happens that the test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_cluster_that_stops_and_starts_under_load_costs_nothing_that_was_acknowledged() {
    let mut cluster = Cluster::new();
    let home = Home::on(&cluster.url());
    let host = home.start();
    let (api, book) = (host.api(), Arc::new(Book::default()));
    for way in WAYS {
        let crowd = Crowd::begin(&host.url, &book);
        until_more(&book, "before the stop");
        cluster.stop(way);
        until(|| status(&api, "GET", "/health/ready") == 503, "the host does not notice");
        requests_are_refused_at_once(&api);
        cluster.start();
        until(|| status(&api, "GET", "/health/ready") == 200, "the host does not recover");
        until_more(&book, "after the start");
        let refused = crowd.end();
        assert!(refused > 0, "{way:?}: nobody noticed");
        let wrong = book.open().compare(&api);
        assert!(wrong.is_empty(), "{way:?}: {}", wrong.join("\n"));
    }
    memory_is_the_database(&api);
}

fn requests_are_refused_at_once(api: &Api) {
    for _ in 0..10 {
        let began = Instant::now();
        let (status, answer) = api.post(&path("push"), &work().1).expect("the host is up");
        assert_eq!(status, 503, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains("database"), "{answer}");
        assert!(began.elapsed() < REFUSED_AT_ONCE, "{:?}", began.elapsed());
    }
    let health = api.get("/health");
    assert_eq!(health["healthy"], false, "{health}");
}

fn status(api: &Api, method: &str, path: &str) -> u16 {
    api.send(method, path, &Value::Null).expect("the host is up").0
}

fn until_more(book: &Book, when: &str) {
    let before = book.open().len();
    until(|| book.open().len() >= before + TASKS, &format!("no work is done {when}"));
}

fn until(so: impl Fn() -> bool, otherwise: &str) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{otherwise}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Producers and workers who try again when they are refused, until they are told to stop.
struct Crowd {
    members: Vec<JoinHandle<()>>,
    over: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

/// One of them.
struct Member {
    api: Api,
    book: Arc<Book>,
    over: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

const ROLES: [fn(&Member); 6] =
    [Member::push, Member::push, Member::push, Member::work, Member::work, Member::work];

impl Crowd {
    fn begin(url: &str, book: &Arc<Book>) -> Self {
        let (over, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let begin = |role: fn(&Member)| {
            let member = Member {
                api: Api::new(url),
                book: Arc::clone(book),
                over: Arc::clone(&over),
                refused: Arc::clone(&refused),
            };
            thread::spawn(move || {
                while !member.over.load(Ordering::Relaxed) {
                    role(&member);
                }
            })
        };
        let members = ROLES.into_iter().map(begin).collect();
        Self { members, over, refused }
    }

    /// Has all finish what they are at; the answer is how often somebody was refused.
    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        for member in self.members {
            member.join().expect("a member of the crowd panicked");
        }
        self.refused.load(Ordering::Relaxed)
    }
}

impl Member {
    fn push(&self) {
        let (id, task) = work();
        if self.ask("POST", &path("push"), &task, 201).is_some() {
            self.book.open().pushed(&id);
        }
    }

    fn work(&self) {
        let Some(popped) = self.ask("POST", &path("pop?limit=2"), &Value::Null, 200) else {
            return;
        };
        for (id, attempt) in attempts(&popped) {
            self.book.open().handed_out(&id, attempt);
            let done = json!({"status": "completed", "attempt": attempt});
            if self.ask("PATCH", &format!("/tasks/{id}"), &done, 200).is_some() {
                self.book.open().ended(&id, "completed");
            }
        }
    }

    /// The answer, unless the host says that the database is away. Anything else is wrong.
    fn ask(&self, method: &str, path: &str, body: &Value, good: u16) -> Option<Value> {
        let began = Instant::now();
        let answer = self.api.send(method, path, body);
        let wrong = |what: String| self.book.open().unexpected(format!("{method} {path}: {what}"));
        match answer {
            Some((status, answer)) if status == good => return Some(answer),
            Some((503, _)) if began.elapsed() < REFUSED_WITHIN => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
            Some(answer) => wrong(format!("{} after {:?}", shown(&answer), began.elapsed())),
            None => wrong("no answer".to_owned()),
        }
        None
    }
}

fn shown((status, answer): &Answer) -> String {
    format!("{status} {answer}")
}
