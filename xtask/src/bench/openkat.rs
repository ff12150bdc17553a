//! What OpenKAT asks of a scheduler: messages that become tasks, pops with a runner's filters, and
//! reads beside millions of ended tasks.
//!
//! The host runs the configuration of `examples/openkat` as it is, told by variables where things
//! are, with a broker, `PostgreSQL` and stand-ins for the services.

mod history;
mod stage;

use std::{path::Path, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    Args, disk,
    figure::{Report, grouped, median, rate},
    generator::{Generator, latencies, per_second},
};
use crate::{
    host::Host,
    services::{self, rabbitmq::Rabbitmq},
    sh,
};
use stage::{Services, Stage};

/// What the load generator is told in every scenario.
const COMMON: &[&str] = &["--scheduler", "boefje", "--work", "boefjes"];

/// How long and how large.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seconds: u64,
    rounds: u64,
    messages: u64,
    depth: u64,
    history: u64,
    idle: Duration,
}

impl Plan {
    fn new(args: Args) -> Self {
        let plan = if args.quick {
            Self {
                seconds: 2,
                rounds: 3,
                messages: 1_000,
                depth: 100_000,
                history: 1_000_000,
                idle: Duration::from_secs(3),
            }
        } else {
            Self {
                seconds: 10,
                rounds: 5,
                messages: 5_000,
                depth: 1_000_000,
                history: 10_000_000,
                idle: Duration::from_secs(30),
            }
        };
        Self { depth: args.depth.unwrap_or(plan.depth), ..plan }
    }
}

/// A stage with the load generator before it.
struct Bench<'a> {
    stage: Stage,
    generator: Generator<'a>,
    plan: Plan,
}

/// Measures on `PostgreSQL`, and the messages on `SQLite`, too.
pub(crate) fn measure(binaries: &Path, args: Args, report: &mut Report) -> anyhow::Result<()> {
    let (plan, program) = (Plan::new(args), binaries.join("hinny-load"));
    let broker = Rabbitmq::start()?;
    let answering = Services::start(&program)?;
    let mut on_postgres = Stage::new("openkat", binaries, &broker.url()?, &answering)?;
    disk::measure(on_postgres.home.folder(), report)?;
    // Ends when it is dropped, after the host.
    let postgres = services::durable_postgres(on_postgres.home.folder())?;
    on_postgres.keep_in(&postgres.url);
    let generator = Generator { program: &program, common: COMMON, report };
    let mut bench = Bench { stage: on_postgres, generator, plan };
    let measured = bench.on_postgres(&postgres.url);
    bench.stage.home.remove();
    measured?;

    sh::step("messages, on SQLite");
    let stage = Stage::new("openkat-sqlite", binaries, &broker.url()?, &answering)?;
    let mut bench = Bench { stage, ..bench };
    let measured = bench.on_sqlite();
    bench.stage.home.remove();
    measured
}

impl Bench<'_> {
    fn on_postgres(&mut self, url: &str) -> anyhow::Result<()> {
        sh::step("a host without work");
        let host = self.idle()?;
        sh::step("messages");
        self.messages(&host, "PostgreSQL")?;
        sh::step("pops with filters");
        self.pops(&host, 10_000, "≥ 5,000/s, aim 10,000/s")?;
        self.pops(&host, self.plan.depth, "within 10 % of 10,000 queued")?;
        self.generator.run(&host, &["fill", "--until", &self.plan.depth.to_string()])?;
        host.stop()?;
        sh::step(format_args!("{} ended tasks", grouped(self.plan.history)));
        history::write(url, self.plan.history)?;
        let host = self.stage.home.start()?;
        let start = format!("{:.0} ms", host.start.as_secs_f64() * 1000.0);
        let what = format!("start to first healthy answer, {}", self.amount());
        self.generator.report.add(&what, start, "");
        self.reads(&host)?;
        host.stop()
    }

    fn on_sqlite(&mut self) -> anyhow::Result<()> {
        let host = self.stage.home.start()?;
        self.messages(&host, "SQLite")?;
        host.stop()
    }

    /// A host that has nothing to do; its plugins were compiled by the one before.
    fn idle(&mut self) -> anyhow::Result<Host> {
        self.stage.home.start()?.stop()?;
        let host = self.stage.home.start()?;
        thread::sleep(self.plan.idle);
        let shown = |bytes: Option<u64>| {
            bytes.map_or("not known".to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6))
        };
        let value =
            format!("{}, of which {} its own", shown(host.resident()), shown(host.memory()));
        self.generator.report.add("memory of an idle host", value, "≤ 60 MB, aim 40 MB");
        Ok(host)
    }

    fn messages(&mut self, host: &Host, database: &str) -> anyhow::Result<()> {
        let (broker, messages) = (self.stage.broker.clone(), self.plan.messages.to_string());
        let publish = ["mutations", "--broker", &broker, "--messages", &messages];
        // The first round finds neither warm instances nor kept answers.
        let cold = per_second(&self.generator.run(host, &publish)?);
        let (mut rates, before) = (Vec::new(), host.processor());
        for _ in 0..self.plan.rounds {
            rates.push(per_second(&self.generator.run(host, &publish)?));
        }
        let what = format!("messages of 10 tasks each, until all are queued, {database}");
        let value = format!("{} tasks, the first time {}", rate(median(rates)), rate(cold));
        self.generator.report.add(&what, value, "≥ 3,000/s, aim 10,000/s");
        if let (Some(before), Some(after)) = (before, host.processor()) {
            let tasks = (10 * self.plan.messages * self.plan.rounds).max(1);
            let each = after.saturating_sub(before).as_secs_f64() * 1e6 / tasks as f64;
            let what = "the host's processor time for each, with one pop of 500";
            self.generator.report.add(what, format!("{each:.0} µs"), "");
        }
        Ok(())
    }

    fn pops(&mut self, host: &Host, depth: u64, goal: &'static str) -> anyhow::Result<()> {
        let (length, rounds) = (depth.to_string(), self.plan.rounds.to_string());
        let mut pop = vec!["pop", "--depth", &length, "--rounds", &rounds];
        let filters = filters();
        pop.extend(filters.iter().flat_map(|filter| ["--filter", filter]));
        let popped = self.generator.run(host, &pop)?;
        let what =
            format!("pop limit=1 with a runner's filters, 64 workers, {} queued", grouped(depth));
        self.generator.add(&what, &popped, goal);
        Ok(())
    }

    /// Questions to a host with a long queue and a long history, each over one connection.
    fn reads(&mut self, host: &Host) -> anyhow::Result<()> {
        let seconds = self.plan.seconds.to_string();
        for (what, path, body) in reads() {
            let mut read = vec!["--connections", "1", "read", "--path", path];
            read.extend(["--seconds", &seconds]);
            read.extend(body.iter().flat_map(|body| ["--body", body]));
            let answered = self.generator.run(host, &read)?;
            let goal = if path.starts_with("/tasks") {
                "p99 ≤ 50 ms, aim 10 ms"
            } else {
                "≤ 20 ms, aim 5 ms"
            };
            let what = format!("{what}, {}", self.amount());
            self.generator.report.add(&what, latencies(&answered), goal);
        }
        Ok(())
    }

    fn amount(&self) -> String {
        let Plan { depth, history, .. } = self.plan;
        format!("{} queued and {} ended", grouped(depth), grouped(history))
    }
}

/// What runners ask for: tasks for the image that they have, some only for certain boefjes.
fn filters() -> [String; 2] {
    let one_of = |field: &str, values: &[&str]| json!({"column": "data", "field": field, "operator": "in", "value": values});
    let generic = one_of("boefje__oci_image", &["ghcr.io/example/generic:latest"]);
    let nmap = one_of("boefje__oci_image", &["ghcr.io/example/nmap:latest"]);
    let boefjes: Vec<String> =
        (1..10).step_by(2).map(|number| format!("boefje-{number}")).collect();
    let boefjes: Vec<&str> = boefjes.iter().map(String::as_str).collect();
    [json!({"filters": [generic]}), json!({"filters": [nmap, one_of("boefje__id", &boefjes)]})]
        .map(|filter| filter.to_string())
}

/// What the web interface and the monitoring ask: a name, a path, and a body if it is posted.
fn reads() -> Vec<(&'static str, &'static str, Option<String>)> {
    const TASKS: &str = "/tasks?scheduler_id=boefje&task_type=boefje&limit=50";
    const COMPLETED: &str = "/tasks?scheduler_id=boefje&task_type=boefje&status=completed&limit=50";
    let organisation = json!({"column": "organisation", "operator": "==", "value": "org-1"});
    let boefje =
        json!({"column": "data", "field": "boefje__id", "operator": "==", "value": "boefje-1"});
    let body = |filters: Vec<&Value>| Some(json!({"filters": filters}).to_string());
    vec![
        ("GET /schedulers", "/schedulers", None),
        ("GET /metrics", "/metrics", None),
        ("GET /tasks, the newest", TASKS, None),
        ("tasks of an organisation", TASKS, body(vec![&organisation])),
        ("completed tasks of an organisation", COMPLETED, body(vec![&organisation])),
        ("tasks of a boefje in an organisation", TASKS, body(vec![&organisation, &boefje])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_posted_is_a_filter() {
        let bodies = reads().into_iter().filter_map(|(_, _, body)| body).chain(filters());
        for body in bodies {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert!(body["filters"].as_array().is_some_and(|filters| !filters.is_empty()));
        }
    }
}
