//! Producers, workers and an operator, who go on until the host answers no more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::{Answer, Api},
    book::Book,
    home::{SCHEDULER, SOURCE},
};

/// A number for each piece of work, so that no two are the same.
static WORK: AtomicU64 = AtomicU64::new(0);

/// Everybody at once.
pub(crate) struct Crowd(Vec<JoinHandle<()>>);

/// One of the crowd. Each role ends at the first call without an answer.
struct Member {
    api: Api,
    book: Arc<Book>,
    rankers: Arc<[String]>,
}

type Role = fn(&Member) -> Option<()>;

const ROLES: [Role; 9] = [
    Member::push,
    Member::push,
    Member::push_batches,
    Member::send_messages,
    Member::change_their_mind,
    Member::work,
    Member::work,
    Member::work,
    Member::operate,
];

impl Crowd {
    pub(crate) fn begin(url: &str, book: &Arc<Book>, rankers: &Arc<[String]>) -> Self {
        let member =
            || Member { api: Api::new(url), book: Arc::clone(book), rankers: Arc::clone(rankers) };
        let begin = |role: Role| {
            let member = member();
            thread::spawn(move || {
                let _: Option<()> = role(&member);
            })
        };
        Self(ROLES.into_iter().map(begin).collect())
    }

    /// Waits until all have noticed that the host is gone.
    pub(crate) fn end(self) {
        for member in self.0 {
            member.join().expect("a member of the crowd panicked");
        }
    }
}

impl Member {
    fn push(&self) -> Option<()> {
        loop {
            self.push_one()?;
        }
    }

    fn push_one(&self) -> Option<String> {
        let (id, task) = work();
        let answer = self.api.post(&path("push"), &task)?;
        self.expect(201, &answer);
        self.book.open().pushed(&id);
        Some(id)
    }

    fn push_batches(&self) -> Option<()> {
        loop {
            let (ids, items): (Vec<_>, Vec<_>) = (0..7).map(|_| work()).unzip();
            let (status, body) = self.api.post(&path("push/batch"), &json!({ "items": items }))?;
            self.expect(200, &(status, body.clone()));
            for (id, item) in ids.iter().zip(body["results"].as_array()?) {
                self.expect(201, &(item["status"].as_u64()? as u16, item.clone()));
                self.book.open().pushed(id);
            }
        }
    }

    fn send_messages(&self) -> Option<()> {
        loop {
            let (id, task) = work();
            // 202 would do too, but nothing here fails.
            self.expect(200, &self.api.post(&format!("/events/{SOURCE}"), &task)?);
            self.book.open().pushed(&id);
        }
    }

    /// Pushes and cancels; a worker may be faster.
    fn change_their_mind(&self) -> Option<()> {
        loop {
            let id = self.push_one()?;
            let cancel = json!({"status": "cancelled", "attempt": 0});
            let answer = self.api.send("PATCH", &format!("/tasks/{id}"), &cancel)?;
            match answer.0 {
                200 => self.book.open().ended(&id, "cancelled"),
                409 => {}
                _ => self.expect(200, &answer),
            }
        }
    }

    fn work(&self) -> Option<()> {
        loop {
            let answer = self.api.post(&path("pop?limit=3&wait=1"), &Value::Null)?;
            self.expect(200, &answer);
            let tasks = attempts(&answer.1);
            {
                let mut book = self.book.open();
                for (id, attempt) in &tasks {
                    book.handed_out(id, *attempt);
                }
            }
            for (id, attempt) in tasks {
                let report = json!({"status": "completed", "attempt": attempt});
                self.expect(200, &self.api.send("PATCH", &format!("/tasks/{id}"), &report)?);
                self.book.open().ended(&id, "completed");
            }
        }
    }

    /// Swaps the ranker, over and over.
    fn operate(&self) -> Option<()> {
        for plugin in self.rankers.iter().cycle() {
            let path = format!("/slots/{SCHEDULER}/ranker/activate");
            let answer = self.api.post(&path, &json!({ "plugin": plugin }))?;
            // The swap before may not be through.
            if answer.0 != 409 {
                self.expect(200, &answer);
                self.book.open().activated(answer.1["generation"].as_u64()?);
            }
        }
        None
    }

    fn expect(&self, status: u16, answer: &Answer) {
        if answer.0 != status {
            self.book.open().unexpected(format!("expected {status}, got {answer:?}"));
        }
    }
}

/// A task to push, with its id.
pub(crate) fn work() -> (String, Value) {
    let id = Uuid::now_v7().to_string();
    let n = WORK.fetch_add(1, Ordering::Relaxed);
    let task = json!({"id": id, "organisation": "acme", "data": {"n": n, "weight": n % 17}});
    (id, task)
}

pub(crate) fn path(rest: &str) -> String {
    format!("/schedulers/{SCHEDULER}/{rest}")
}

/// The tasks of a pop, with their attempts.
pub(crate) fn attempts(popped: &Value) -> Vec<(String, u64)> {
    let tasks = popped["results"].as_array().map_or(&[][..], Vec::as_slice).iter();
    let read = |task: &Value| Some((task["id"].as_str()?.to_owned(), task["attempt"].as_u64()?));
    tasks.filter_map(read).collect()
}
