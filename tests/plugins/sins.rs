//! Every sin of the evil guests, and what the host says to it, word for word.
//!
//! Which sins there are, `tests/guests/README.md` says, and a test of the guests holds it to that;
//! so none is left out here. First each is activated as an operator would. Then it is made active
//! behind the back of verification, and is called.

use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf};

use hinny_core::{
    plugin::{Plugins, World},
    ranker::PluginFailure,
    scheduler::HandleFailure,
};
use hinny_plugins::Limits;
use insta::{assert_snapshot, with_settings};
use serde_json::{Value, json};
use wit_parser::{Interface, Resolve};

use super::{
    guests::{batch, context, draft, message, now, sin},
    harness::{Rig, Setup, patient, rank, slot, strict},
};

/// Most commands of a trigger, so that more are soon made.
const COMMANDS: u32 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn no_ranker_gets_away_with_a_sin() {
    check("evil-ranker", ranker_sin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_scheduler_plugin_gets_away_with_a_sin() {
    check("evil-scheduler", scheduler_sin).await;
}

async fn check(guest: &'static str, commit: impl AsyncFn(&Rig) -> Vec<String>) {
    let innocent = commit(&rig(guest, "none").await).await;
    let mut told = String::new();
    for name in sins(guest) {
        writeln!(told, "{name}\n  activate: {}", activation(guest, &name).await).unwrap();
        let rig = rig(guest, &name).await;
        for line in commit(&rig).await.iter().filter(|line| !innocent.contains(line)) {
            writeln!(told, "  {line}").unwrap();
        }
        assert_eq!(rig.registry.instances(), 0, "`{name}` leaves no instance behind");
    }
    with_settings!({
        filters => [
            ("x{100,}", "[many x]"),
            // How much it had taken before depends on its allocator.
            (r"wanted \d+ MiB", "wanted [more] MiB"),
        ],
        omit_expression => true,
    }, { assert_snapshot!(guest, told) });
}

/// What an operator is told who activates a guest that sins.
async fn activation(guest: &str, name: &str) -> String {
    let rig = setup(name).start().await;
    match rig.activate(&file(guest), settings(name)).await {
        Ok(_) => "accepted".to_owned(),
        Err(refused) => refused.to_string(),
    }
}

/// A host in which the guest is active, whatever verification says.
async fn rig(guest: &str, name: &str) -> Rig {
    setup(name).start_with(&file(guest), settings(name)).await
}

/// What comes of the calls; what comes of them without a sin is not shown.
async fn ranker_sin(rig: &Rig) -> Vec<String> {
    if rig.status(World::Ranker).await.title.is_none() {
        return vec!["start: the slot stays empty".to_owned()];
    }
    let ranker = rig.ranker();
    let tasks = || batch(&*ranker, &[json!({}), json!({"poison": true})]);
    let ranked = rank(&*ranker, tasks()).await;
    let ranked = ranked.map(|ranked| format!("{ranked:?}"));
    let explained = ranker.explain(&context(), tasks()).await;
    let explained = explained.map(|explained| format!("{explained:?}"));
    let text = |outcome: Result<String, PluginFailure>| outcome.unwrap_or_else(|it| failure(&it));
    vec![format!("rank: {}", text(ranked)), format!("explain: {}", text(explained))]
}

async fn scheduler_sin(rig: &Rig) -> Vec<String> {
    if rig.status(World::Scheduler).await.title.is_none() {
        return vec!["start: the slot stays empty".to_owned()];
    }
    let plugin = rig.plugin();
    let admitted = plugin.admit(now(), vec![draft("{}"), draft(r#"["poison"]"#)]).await;
    let admitted = match admitted {
        Ok(answers) => format!("{answers:?}"),
        Err(failed) => failure(&failed),
    };
    let handled = match plugin.handle(now(), &message(r#"["poison"]"#)).await {
        Ok(handled) => format!("{:?}", handled.commands),
        Err(HandleFailure::Failed(failed)) => failure(&failed),
        Err(failed) => failed.to_string(),
    };
    vec![format!("admit: {admitted}"), format!("handle: {handled}")]
}

fn failure(failed: &PluginFailure) -> String {
    format!("[{}] {failed}", failed.kind.as_str())
}

fn setup(name: &str) -> Setup {
    let limits = if name.starts_with("spin") { strict() } else { patient() };
    Setup::default().limits(Limits { commands: COMMANDS, ..limits })
}

fn settings(name: &str) -> Value {
    match name {
        "too-many-commands" => json!({"sin": name, "n": COMMANDS + 1}),
        _ => sin(name),
    }
}

fn file(guest: &str) -> String {
    format!("guests/{guest}")
}

/// The sins of a guest: what its part of the README has in the first column of its tables, and in
/// the line on `configure`.
fn sins(guest: &str) -> Vec<String> {
    let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("guests/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, part) = readme.split_once(&format!("### `{guest}`")).unwrap();
    let part = part.split("\n### ").next().unwrap();
    let cells = part.lines().filter_map(|line| match line.strip_prefix('|') {
        Some(row) => row.split('|').next(),
        None => line.strip_prefix("In `configure`:"),
    });
    // `n` is a setting that some sins have.
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    quoted.filter(|name| *name != "n").map(str::to_owned).collect()
}

#[test]
fn the_readme_tells_of_sins() {
    assert!(sins("evil-ranker").len() > 40, "{:?}", sins("evil-ranker"));
    assert!(sins("evil-scheduler").len() > 60, "{:?}", sins("evil-scheduler"));
}

/// The functions of the contract, as the README of the guests names them: `state.get`.
fn functions() -> BTreeSet<String> {
    let mut contract = Resolve::default();
    contract.push_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wit")).unwrap();
    let of = |(_, interface): (_, &Interface)| {
        let name = interface.name.clone().unwrap();
        interface.functions.keys().map(|function| format!("{name}.{function}")).collect::<Vec<_>>()
    };
    contract.interfaces.iter().flat_map(of).collect()
}

#[test]
fn every_function_of_the_contract_has_a_guest_that_abuses_it() {
    let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("guests/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, table) = readme.split_once("### What they cover").unwrap();
    let known: BTreeSet<_> = ["evil-ranker", "evil-scheduler"].into_iter().flat_map(sins).collect();
    let mut covered = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let mut quoted = row.split('`').skip(1).step_by(2);
        covered.insert(quoted.next().unwrap().to_owned());
        let sins: Vec<_> = quoted.collect();
        assert!(!sins.is_empty(), "no sin: {row}");
        for sin in sins {
            assert!(known.contains(sin), "`{sin}` is no sin: {row}");
        }
    }
    assert_eq!(covered, functions(), "tests/guests/README.md says which sins are of a function");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sin_that_is_refused_leaves_what_was_active_active() {
    let rig = Setup::default().start().await;
    let good = rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    for name in ["trap", "too-few", "too-high", "differ", "bad-version", "trap-in-configure"] {
        rig.activate("guests/evil-ranker", sin(name)).await.unwrap_err();
    }
    let status = rig.status(World::Ranker).await;
    assert_eq!(status.active.map(|active| active.generation), Some(good.generation));
    assert_eq!(status.title.as_deref(), Some("rank-fifo 0.1.0"));
    let rows = rig.registry.activations(&slot("jobs", World::Ranker)).await.unwrap();
    assert_eq!(rows.len(), 1, "what is refused is not written");
}
