//! What a plugin that computes without end costs the others: pushes and pops of one scheduler, in turn
//! alone and while the plugins of another one spin.
//!
//! Each spinning call ends at its deadline, and the next one begins. Nobody is on watch, so the ranker
//! is not taken back.

use serde_json::{Value, json};

use super::{
    figure::Report,
    generator::{Generator, figure},
    load::{Plan, upload},
};
use crate::{host::Home, sh};

/// Later than the moment about which verification asks the ranker that spins.
const SPIN_AFTER_MS: u64 = 1_780_000_000_000;

/// What spins, and what it is asked.
const LOUD: [(&str, &str); 2] = [("ranker", "/push"), ("scheduler plugin", "/dry-run?source=evil")];

/// Few connections leave the processor time to rest, many do not.
const CONNECTIONS: [&str; 2] = ["4", "64"];

/// Measures it with a host of its own.
pub(crate) fn measure(home: &Home, mut generator: Generator<'_>, plan: Plan) -> anyhow::Result<()> {
    home.configure(&configuration()?)?;
    let host = home.start()?;
    let digest = upload(&host, "guests/evil-ranker")?;
    let settings = json!({"sin": "spin-after", "n": SPIN_AFTER_MS});
    let body = json!({"plugin": digest, "settings": settings});
    host.api().post("/slots/loud/ranker/activate", &body)?;
    let (seconds, rounds) = (plan.seconds.to_string(), plan.rounds.to_string());
    for (what, path) in LOUD {
        for connections in CONNECTIONS {
            let scenario = ["--connections", connections, "neighbours", "--loud", "loud"];
            let times = ["--path", path, "--seconds", &seconds, "--rounds", &rounds];
            let outcome = generator.run(&host, &[&scenario[..], &times[..]].concat())?;
            tell(
                generator.report,
                &outcome,
                &format!("{what} that spins, {connections} connections"),
            );
        }
    }
    host.stop()
}

fn configuration() -> anyhow::Result<String> {
    let dist = sh::dist_dir()?;
    let component = |name: &str| dist.join(format!("{name}.wasm")).display().to_string();
    let scheduler = |id: &str, plugin: &str, more: &str| {
        format!(
            "[[schedulers]]\nid = {id:?}\nplugin = {:?}\nranker = {:?}\n{more}\n",
            component(plugin),
            component("plugins/rank-fifo")
        )
    };
    // The one that spins imports all that there is.
    let loud = r#"
plugin_settings = { sin = "spin-on-poison" }
plugin_grants = { connector = ["nobody"] }
ranker_budget = { watch = false }
[[connectors]]
name = "nobody"
url = "http://127.0.0.1:9"
"#;
    Ok(scheduler("jobs", "plugins/jobs", "") + &scheduler("loud", "guests/evil-scheduler", loud))
}

fn tell(report: &mut Report, outcome: &Value, beside: &str) {
    for (side, name) in [("alone", "alone"), ("beside it", "beside")] {
        let at = |percentile: &str| {
            figure(outcome, &format!("{name}, {percentile} ms")).unwrap_or(f64::NAN)
        };
        let value = format!("p50 {:.1} ms, p99 {:.1} ms", at("p50"), at("p99"));
        report.add(&format!("a {beside}: push and pop {side}"), value, "");
    }
    let times = figure(outcome, "p99 beside, of p99 alone").unwrap_or(f64::NAN);
    report.add(&format!("a {beside}: p99 beside it"), format!("{times:.2} times"), "< 2 times");
}
