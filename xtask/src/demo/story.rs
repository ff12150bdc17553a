//! The demo, step by step.

use std::{
    collections::BTreeSet,
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    ledger::{Ledger, Remaining},
    show::{self, Head},
    town::{Job, Town},
    traffic::{POP_LIMIT, Traffic, popped},
};
use crate::{
    host::{Home, Host},
    http::{Api, field},
    sh,
};

/// The scheduler of the demo.
const SCHEDULER: &str = "scans";

/// The source of its messages.
const SOURCE: &str = "discovery";

/// Messages in one request.
const MESSAGES: usize = 250;

/// How long a swap may take.
const SWAP_MAX: Duration = Duration::from_secs(30);

/// Tells the story; the result is what was promised and not kept.
pub(crate) fn tell(home: &Home, hosts: u64) -> anyhow::Result<Vec<String>> {
    let ledger = Arc::new(Ledger::default());
    home.configure(&configuration()?)?;

    sh::step("start the host: one binary, one SQLite file");
    let host = home.start()?;
    println!("healthy after {:.0} ms, in {}", millis(host.start), home.folder().display());

    sh::step("events become tasks, through the scheduler plugin `jobs`");
    feed(&host.api(), hosts, &ledger)?;
    let first = show::head(&host.api(), SCHEDULER, 10)?;
    println!("\nthe head of the queue under `rank-fifo`, oldest first:\n{first}");

    let traffic = Traffic::begin(host.url(), SCHEDULER, &ledger, 1);
    swap_in(&host.api(), &first)?;
    roll_back(&host.api())?;
    let host = crash(home, host, traffic, &ledger)?;
    let violations = settle(&host.api(), &ledger)?;

    sh::step("stop the host");
    host.stop()?;
    println!("drained and stopped");
    Ok(violations)
}

fn configuration() -> anyhow::Result<String> {
    let dist = sh::dist_dir()?;
    let plugin = |name: &str| dist.join(format!("plugins/{name}.wasm")).display().to_string();
    // A task is the same work as another when host and scan are the same.
    Ok(format!(
        "[[schedulers]]\nid = \"{SCHEDULER}\"\nplugin = {:?}\nranker = {:?}\n\n\
         [schedulers.plugin_settings]\nsources = [\"{SOURCE}\"]\nidentity = [\"/host\", \"/scan\"]\n",
        plugin("jobs"),
        plugin("rank-fifo"),
    ))
}

/// Sends the scans of some hosts as messages.
fn feed(api: &Api, hosts: u64, ledger: &Ledger) -> anyhow::Result<()> {
    let mut town = Town::new(0);
    let jobs: Vec<Job> = (0..hosts).flat_map(|_| town.next_host()).collect();
    let began = Instant::now();
    for (at, some) in jobs.chunks(MESSAGES).enumerate() {
        let lines: String = some.iter().map(|job| message(job).to_string() + "\n").collect();
        let path = format!("/events/{SOURCE}/batch");
        let answer = api.upload(&path, "application/x-ndjson", lines.as_bytes())?;
        let pushed = show::pushed(&answer);
        if pushed != some.len() as u64 {
            bail!("{} messages made {pushed} tasks: {answer}", some.len());
        }
        for job in some {
            ledger.book().acknowledge(&job.id);
        }
        sh::progress("tasks", (at * MESSAGES + some.len()) as u64, jobs.len() as u64);
    }
    let rate = jobs.len() as f64 / began.elapsed().as_secs_f64();
    println!("{} tasks on {hosts} hosts, {rate:.0} events/s, one message each", jobs.len());
    Ok(())
}

fn message(job: &Job) -> Value {
    json!({ "id": job.id, "organisation": job.organisation, "data": job.data })
}

/// Uploads another ranker and makes it the active one, while tasks come and go.
fn swap_in(api: &Api, first: &Head) -> anyhow::Result<()> {
    sh::step("swap in another ranker, `rank-weighted`, while tasks are pushed and popped");
    let path = sh::dist_dir()?.join("plugins/rank-weighted.wasm");
    let component = fs::read(&path).with_context(|| format!("no {}", path.display()))?;
    let version = api.upload("/plugins", "application/wasm", &component)?;
    println!("uploaded and verified: {}", show::version(&version));
    let digest = field(&version, "/digest").as_str().context("an uploaded plugin has a digest")?;
    let body = json!({ "plugin": digest, "settings": show::weights() });
    let took = activate(api, "activate", &body)?;
    println!("everything queued is ranked anew and in its new order after {took:.0} ms\n");

    let second = show::head(api, SCHEDULER, 10)?;
    println!("the head of the queue now, what matters most first:\n{second}");
    println!("what moved:\n{}", show::moves(api, first, &second)?);
    if let Some(task) = second.tasks().next() {
        println!("why the first one is first:\n{}", show::why(api, task)?);
    }
    if first.tasks().eq(second.tasks()) {
        bail!("the new ranker changed nothing at the head of the queue");
    }
    Ok(())
}

/// Goes back to the ranker before.
fn roll_back(api: &Api) -> anyhow::Result<()> {
    sh::step("roll back");
    let took = activate(api, "rollback", &json!({}))?;
    println!("the order of `rank-fifo` is back after {took:.0} ms\n");
    println!("{}", show::head(api, SCHEDULER, 5)?);
    Ok(())
}

/// Changes the ranker and waits for the new order; the result is how long that took, in
/// milliseconds.
fn activate(api: &Api, verb: &str, body: &Value) -> anyhow::Result<f64> {
    let began = Instant::now();
    let activation = api.post(&format!("/slots/{SCHEDULER}/ranker/{verb}"), body)?;
    let generation =
        field(&activation, "/generation").as_u64().context("an activation has a number")?;
    while began.elapsed() < SWAP_MAX {
        let queue = api.get(&format!("/schedulers/{SCHEDULER}"))?;
        if field(&queue, "/generation") == generation {
            return Ok(millis(began.elapsed()));
        }
        thread::sleep(Duration::from_millis(1));
    }
    bail!("the order is not of generation {generation} after {} s", SWAP_MAX.as_secs())
}

/// Kills the host in the middle of its work, and starts it again.
fn crash(home: &Home, host: Host, traffic: Traffic, ledger: &Arc<Ledger>) -> anyhow::Result<Host> {
    sh::step("SIGKILL in the middle of it");
    thread::sleep(Duration::from_secs(1));
    // Calls that fail from here on were cut off; until here every one had its answer.
    traffic.expect_silence(|| host.kill())?;
    traffic.end();
    let (acknowledged, handed_out, completed) = ledger.book().totals();
    let (pushes, pops, completions) = ledger.book().in_flight();
    println!("{acknowledged} pushed, {handed_out} handed out, {completed} completed so far");
    println!("cut off without an answer: {pushes} pushes, {pops} pops, {completions} completions");
    let host = home.start()?;
    println!("healthy again after {:.0} ms; traffic goes on", millis(host.start));
    let traffic = Traffic::begin(host.url(), SCHEDULER, ledger, 2);
    thread::sleep(Duration::from_secs(1));
    traffic.end();
    Ok(host)
}

/// Pops everything, and compares with what was acknowledged.
fn settle(api: &Api, ledger: &Ledger) -> anyhow::Result<Vec<String>> {
    sh::step("pop everything and compare");
    loop {
        let path = format!("/schedulers/{SCHEDULER}/pop?limit=500");
        let tasks = popped(&api.post(&path, &Value::Null)?);
        if tasks.is_empty() {
            break;
        }
        ledger.book().drain(&tasks);
    }
    let unseen = ledger.book().unseen();
    let on_the_way = dispatched(api, &unseen)?;
    let completed =
        api.get(&format!("/tasks?scheduler_id={SCHEDULER}&status=completed&limit=0"))?;
    let completed = field(&completed, "/count").as_u64().context("a list has a count")? as usize;
    let book = ledger.book();
    let (acknowledged, handed_out, told) = book.totals();
    println!("{acknowledged} tasks were acknowledged, {handed_out} handed out");
    println!(
        "{} were on their way to a worker when the host died: their leases return them",
        on_the_way.len()
    );
    println!("{told} completions were acknowledged, the host knows {completed}");
    println!("{} pushes were refused, since the same work was queued", book.duplicates);
    let mut violations = book.violations(&Remaining { on_the_way }, POP_LIMIT);
    if !book.fits_completed(completed) {
        violations.push(format!("{told} completions were acknowledged, but {completed} are known"));
    }
    Ok(violations)
}

/// Which of some tasks are handed out.
fn dispatched(api: &Api, ids: &BTreeSet<String>) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for id in ids {
        let answer = api.send("GET", &format!("/tasks/{id}"), None)?;
        if answer.status == 200 && field(&answer.body, "/status") == "dispatched" {
            found.insert(id.clone());
        }
    }
    Ok(found)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
