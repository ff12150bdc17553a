//! The load generator against a host in release, one scenario after the other.

use std::{fs, path::Path};

use anyhow::Context;

use super::{
    figure::{Report, grouped, median},
    generator::{Generator, latencies},
};
use crate::{
    host::{Home, Host},
    http::field,
    sh,
};

/// How long and how large.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seconds: u64,
    pub(crate) rounds: u64,
    starts: usize,
    swaps: u64,
    depth: u64,
}

impl Plan {
    /// The usual plan, or a quick one; with another length of the long queue if one is given.
    pub(crate) fn new(quick: bool, depth: Option<u64>) -> Self {
        let plan = if quick {
            Self { seconds: 2, rounds: 3, starts: 3, swaps: 40, depth: 100_000 }
        } else {
            Self { seconds: 10, rounds: 9, starts: 9, swaps: 200, depth: 1_000_000 }
        };
        Self { depth: depth.unwrap_or(plan.depth), ..plan }
    }
}

/// A host under load.
struct Bench<'a> {
    host: Host,
    generator: Generator<'a>,
}

/// The settings of `rank-weighted` in the benches: four inputs, one of them text.
const WEIGHTED: &str = r#"{"age_per_hour":10,"terms":[
    {"input":"/scan_level","type":"integer","weight":-100},
    {"input":"/cost","type":"integer","weight":1},
    {"input":"organisation","values":{"org-0":-50,"org-1":50}}]}"#;

/// Runs all scenarios.
pub(crate) fn measure(
    home: &Home,
    generator: &Path,
    plan: Plan,
    report: &mut Report,
) -> anyhow::Result<()> {
    home.configure(&configuration()?)?;
    sh::step("start");
    starts(home, plan, report)?;
    let generator = Generator { program: generator, common: &[], report };
    let mut bench = Bench { host: home.start()?, generator };
    sh::step("requests");
    bench.requests(plan)?;
    sh::step(format_args!("a queue of {}", grouped(plan.depth)));
    bench.long_queue(plan)?;
    sh::step("swaps under load");
    bench.swaps(plan)?;
    bench.host.stop()
}

fn configuration() -> anyhow::Result<String> {
    let dist = sh::dist_dir()?;
    let plugin = |name: &str| dist.join(format!("plugins/{name}.wasm")).display().to_string();
    Ok(format!(
        "[[schedulers]]\nid = \"jobs\"\nplugin = {:?}\nranker = {:?}\n",
        plugin("jobs"),
        plugin("rank-fifo")
    ))
}

/// From the start of the process to the first healthy answer, on an empty database, with compiled
/// plugins in the cache.
fn starts(home: &Home, plan: Plan, report: &mut Report) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..=plan.starts {
        for file in ["hinny.db", "hinny.db-wal", "hinny.db-shm"] {
            // Missing before the first start, and on another database.
            let _ = fs::remove_file(home.folder().join(file));
        }
        let host = home.start()?;
        times.push(host.start.as_secs_f64() * 1000.0);
        host.stop()?;
    }
    // The first start compiles the plugins.
    let cold = times.remove(0);
    let value = format!("{:.0} ms", median(times));
    report.add("start to first healthy answer, compile cache warm", value, "≤ 300 ms, aim 100 ms");
    report.add("the same, compile cache cold", format!("{cold:.0} ms"), "");
    Ok(())
}

impl Bench<'_> {
    fn requests(&mut self, plan: Plan) -> anyhow::Result<()> {
        let seconds = plan.seconds.to_string();
        let push = self.generator.run(&self.host, &["push", "--seconds", &seconds])?;
        self.generator.add("single-task push, 64 connections", &push, "≥ 5,000/s, aim 15,000/s");
        self.generator.run(&self.host, &["drain"])?;
        let batch = self
            .generator
            .run(&self.host, &["--connections", "4", "batch", "--seconds", &seconds])?;
        self.generator.add("batch push, 500 tasks per request", &batch, "≥ 20,000/s, aim 35,000/s");
        self.generator.run(&self.host, &["drain"])?;
        let rounds = plan.rounds.to_string();
        let pop =
            self.generator.run(&self.host, &["pop", "--depth", "10000", "--rounds", &rounds])?;
        self.generator.add(
            "pop limit=1, 64 connections, 10,000 queued",
            &pop,
            "≥ 5,000/s, aim 15,000/s",
        );
        self.generator.run(&self.host, &["drain"])?;
        let lifecycle = self.generator.run(&self.host, &["lifecycle", "--seconds", &seconds])?;
        self.generator.add("push, pop and complete, 64 connections", &lifecycle, "");
        self.generator.run(&self.host, &["drain"])?;
        Ok(())
    }

    fn long_queue(&mut self, plan: Plan) -> anyhow::Result<()> {
        let depth = plan.depth.to_string();
        let before = self.host.memory();
        let fill = self.generator.run(&self.host, &["fill", "--until", &depth])?;
        let what = format!("batch push while the queue grows to {}", grouped(plan.depth));
        self.generator.add(&what, &fill, "");
        if let (Some(before), Some(after)) = (before, self.host.memory()) {
            let each = after.saturating_sub(before) / plan.depth.max(1);
            self.generator.report.add(
                "memory per queued task",
                format!("{each} B"),
                "≤ 300 B, aim 150 B",
            );
        }
        let rounds = plan.rounds.to_string();
        let pop =
            self.generator.run(&self.host, &["pop", "--depth", &depth, "--rounds", &rounds])?;
        let what = format!("pop limit=1, 64 connections, {} queued", grouped(plan.depth));
        self.generator.add(&what, &pop, "within 10 % of 10,000 queued");
        self.reads(plan)?;
        let to = format!("{}={WEIGHTED}", self.upload("plugins/rank-weighted")?);
        self.generator.run(&self.host, &["fill", "--until", &depth])?;
        let rerank =
            self.generator.run(&self.host, &["--connections", "8", "rerank", "--to", &to])?;
        let what = format!("{} queued tasks in a new order, pops going on", grouped(plan.depth));
        self.generator.millis(&what, &rerank, "until the new order, ms", "≤ 3 s, aim 1 s");
        self.generator.millis(
            "longest pause in pops meanwhile",
            &rerank,
            "longest pause in pops, ms",
            "≤ 50 ms",
        );
        self.generator.millis(
            "activate a verified version",
            &rerank,
            "activate, ms",
            "≤ 10 ms, aim 5 ms",
        );
        Ok(())
    }

    /// Questions to a host with a long queue. Each is asked over one connection, so that its time is
    /// that of the answer and not of a turn at the processor.
    fn reads(&mut self, plan: Plan) -> anyhow::Result<()> {
        let seconds = plan.seconds.to_string();
        for (what, path, goal) in [
            (
                "GET /tasks, the newest",
                "/tasks?scheduler_id=jobs&limit=50",
                "p99 ≤ 50 ms, aim 10 ms",
            ),
            (
                "GET /tasks, dispatched ones of an organisation",
                "/tasks?scheduler_id=jobs&status=dispatched&organisation=org-1&limit=50",
                "p99 ≤ 50 ms, aim 10 ms",
            ),
            ("GET /schedulers", "/schedulers", "≤ 20 ms, aim 5 ms"),
            ("GET /metrics", "/metrics", "≤ 20 ms, aim 5 ms"),
        ] {
            let read = ["--connections", "1", "read", "--path", path, "--seconds", &seconds];
            let read = self.generator.run(&self.host, &read)?;
            let what = format!("{what}, {} queued", grouped(plan.depth));
            self.generator.report.add(&what, latencies(&read), goal);
        }
        Ok(())
    }

    fn swaps(&mut self, plan: Plan) -> anyhow::Result<()> {
        let mut arguments = vec!["swap".to_owned(), "--swaps".to_owned(), plan.swaps.to_string()];
        for (name, settings) in
            [("rank-fifo", "{}"), ("rank-decay", "{}"), ("rank-weighted", WEIGHTED)]
        {
            let digest = self.upload(&format!("plugins/{name}"))?;
            arguments.extend(["--version".to_owned(), format!("{digest}={settings}")]);
        }
        // Three that verification refuses, and one that fails later, on one task in a thousand.
        for sin in ["trap-in-configure", "spin-in-rank", "too-few", "trap-on-poison"] {
            let digest = self.upload("guests/evil-ranker")?;
            arguments.extend(["--failing".to_owned(), format!(r#"{digest}={{"sin":"{sin}"}}"#)]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let swap = self.generator.run(&self.host, &arguments)?;
        let broken = field(&swap, "/violations").as_array().map_or(0, Vec::len);
        let what = format!("calls failed or mixed during {} swaps under load", plan.swaps);
        self.generator.report.add(&what, broken.to_string(), "0");
        self.generator.millis("activate under load, median", &swap, "activate, median ms", "");
        self.generator.millis("pop p99 during the swaps", &swap, "pop p99, ms", "");
        self.large_swaps(plan)
    }

    /// Rankers with a runtime of 20 MB in them.
    fn large_swaps(&mut self, plan: Plan) -> anyhow::Result<()> {
        let (swaps, before) = ((plan.swaps / 10).to_string(), plan.seconds.to_string());
        let mut arguments = vec!["swap", "--swaps", &swaps, "--before", &before, "--pause", "0.5"];
        let mut digests = Vec::new();
        for name in ["guests/four-inputs-python", "examples/python-ranker"] {
            digests.push(self.upload(name)?);
        }
        arguments.extend(digests.iter().flat_map(|digest| ["--version", digest]));
        let swap = self.generator.run(&self.host, &arguments)?;
        let broken = field(&swap, "/violations").as_array().map_or(0, Vec::len);
        let what = format!("calls failed during {swaps} swaps of Python rankers under load");
        self.generator.report.add(&what, broken.to_string(), "0");
        let what = "pop p99 with a Python ranker, no swaps";
        self.generator.millis(what, &swap, "pop p99 before, ms", "");
        let what = "pop p99 during swaps of Python rankers";
        self.generator.millis(what, &swap, "pop p99, ms", "1 ms more than without");
        Ok(())
    }

    fn upload(&self, name: &str) -> anyhow::Result<String> {
        upload(&self.host, name)
    }
}

/// Uploads a plugin; the result is its digest.
pub(crate) fn upload(host: &Host, name: &str) -> anyhow::Result<String> {
    let path = sh::dist_dir()?.join(format!("{name}.wasm"));
    let component = fs::read(&path).with_context(|| format!("no {}", path.display()))?;
    let version = host.api().upload("/plugins", "application/wasm", &component)?;
    field(&version, "/digest")
        .as_str()
        .map(str::to_owned)
        .context("an uploaded plugin has a digest")
}
