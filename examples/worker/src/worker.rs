//! The part that speaks to hinny.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::{Agent, http};

/// How long a pop waits for a task. Proxies often give up on silent requests after 60 s.
const WAIT: Duration = Duration::from_secs(30);

/// How often hinny is told that the work goes on: well within any sensible lease.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);

/// Pause after a request that had no good answer.
const PAUSE: Duration = Duration::from_secs(1);

/// A task, as far as a worker needs it.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Which hand-out it is; reports name it.
    pub attempt: u32,
    /// What to do.
    pub data: Value,
}

#[derive(Deserialize)]
struct Popped {
    results: Vec<Task>,
}

/// A connection to a scheduler of hinny.
pub struct Worker {
    agent: Agent,
    url: String,
    scheduler: String,
    name: String,
    token: Option<String>,
}

impl Worker {
    /// A worker with a name, for a scheduler of the hinny at an address.
    pub fn new(url: &str, scheduler: &str, name: &str, token: Option<String>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(WAIT + PAUSE * 10))
            .build();
        Self {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
            scheduler: scheduler.to_owned(),
            name: name.to_owned(),
            token,
        }
    }

    /// Does one task after the other until told to stop. An `Err` of the work is the reason why the
    /// task failed.
    pub fn run(&self, stop: &AtomicBool, work: impl Fn(&Task) -> Result<(), String>) {
        while !stop.load(Ordering::Relaxed) {
            let done = match self.pop(WAIT) {
                Ok(Some(task)) => self.carry_out(&task, &work),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                eprintln!("{error:#}; trying again in {} s", PAUSE.as_secs());
                thread::sleep(PAUSE);
            }
        }
    }

    /// Takes the next task; none when there is none within the wait.
    pub fn pop(&self, wait: Duration) -> anyhow::Result<Option<Task>> {
        let path =
            format!("/schedulers/{}/pop?limit=1&wait={}", self.scheduler, wait.as_secs_f64());
        let popped: Popped = serde_json::from_value(self.send("POST", &path, None)?)
            .context("a pop was answered with something else")?;
        Ok(popped.results.into_iter().next())
    }

    /// Does a task and reports on it. Heartbeats go on while the work does.
    pub fn carry_out(
        &self,
        task: &Task,
        work: impl Fn(&Task) -> Result<(), String>,
    ) -> anyhow::Result<()> {
        self.report(task, json!({ "status": "running", "attempt": task.attempt }))?;
        let result = thread::scope(|scope| {
            let (done, is_done) = channel::<()>();
            scope.spawn(move || {
                while is_done.recv_timeout(HEARTBEAT_EVERY) == Err(RecvTimeoutError::Timeout) {
                    if let Err(error) = self.heartbeat(task) {
                        eprintln!("no heartbeat for task {}: {error:#}", task.id);
                    }
                }
            });
            let result = work(task);
            // The heartbeats end with their channel.
            drop(done);
            result
        });
        let report = match result {
            Ok(()) => json!({ "status": "completed", "attempt": task.attempt }),
            Err(reason) => {
                json!({ "status": "failed", "attempt": task.attempt, "reason": reason })
            }
        };
        self.report(task, report)
    }

    fn report(&self, task: &Task, report: Value) -> anyhow::Result<()> {
        self.send("PATCH", &format!("/tasks/{}", task.id), Some(report)).map(drop)
    }

    fn heartbeat(&self, task: &Task) -> anyhow::Result<()> {
        let body = json!({ "attempt": task.attempt });
        self.send("POST", &format!("/tasks/{}/heartbeat", task.id), Some(body)).map(drop)
    }

    fn send(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("x-worker", &self.name);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string())?)
            }
            None => self.agent.run(request.body(())?),
        };
        let mut response = response.with_context(|| format!("no answer from {}", self.url))?;
        let text = response.body_mut().read_to_string()?;
        if !response.status().is_success() {
            bail!("{method} {path} was answered {}: {text}", response.status());
        }
        serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON"))
    }
}
