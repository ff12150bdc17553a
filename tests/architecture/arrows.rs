//! Which crate may know which, as `cargo metadata` sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use crate::tree::{keep, root};

/// The crates of the workspace, and which of the others each may know.
///
/// `server → {api, queue, store, plugins, listeners, connectors, dispatch} → core`: adapters meet in `server`, through
/// the traits of core, and never know each other.
const ARROWS: &[(&str, &[&str])] = &[
    ("hinny-core", &[]),
    ("hinny-store", &["hinny-core"]),
    ("hinny-queue", &["hinny-core"]),
    ("hinny-plugins", &["hinny-core"]),
    ("hinny-amqp", &[]),
    ("hinny-listeners", &["hinny-amqp", "hinny-core"]),
    ("hinny-connectors", &["hinny-core"]),
    ("hinny-dispatch", &["hinny-amqp", "hinny-core"]),
    ("hinny-api", &["hinny-core"]),
    ("hinny-server", HOST),
    (
        "hinny-tests",
        &[
            "hinny-core",
            "hinny-store",
            "hinny-queue",
            "hinny-plugins",
            "hinny-listeners",
            "hinny-connectors",
            "hinny-dispatch",
            "hinny-api",
            "hinny-server",
            "hinny-build",
            "hinny-example-worker",
        ],
    ),
    ("hinny-load", &[]),
    ("hinny-example-worker", &[]),
    // From sources to components: for the binary and for the chores.
    ("hinny-build", &[]),
    ("xtask", &["hinny-build"]),
];

/// What the binary wires together.
const HOST: &[&str] = &[
    "hinny-core",
    "hinny-store",
    "hinny-queue",
    "hinny-plugins",
    "hinny-listeners",
    "hinny-connectors",
    "hinny-dispatch",
    "hinny-api",
    "hinny-build",
];

/// Libraries that one part of the host is about, and who may name them.
const HOMES: &[(&str, &[&str])] = &[
    // The server reads the databases of other schedulers with it, in `cli/import` and nowhere else.
    ("sqlx", &["hinny-store", "hinny-server"]),
    ("wasmtime", &["hinny-plugins"]),
    ("axum", &["hinny-api", "hinny-server"]),
    ("utoipa", &["hinny-api", "hinny-server"]),
    ("reqwest", &["hinny-connectors", "hinny-server"]),
    // The binary's own tests send messages to a host that they kill.
    ("lapin", &["hinny-amqp", "hinny-listeners", "hinny-dispatch", "hinny-server"]),
    ("oci-client", &["hinny-server"]),
    ("clap", &["hinny-server"]),
    ("anyhow", &["hinny-server"]),
];

/// Libraries that read, write, wait or run something. None may stand behind core.
const DOES_IO: &[&str] = &[
    "axum",
    "hyper",
    "mio",
    "reqwest",
    "rustls",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tower",
    "wasmtime",
];

#[test]
fn crates_know_only_what_the_arrows_allow() {
    let found: BTreeMap<String, Package> =
        packages().into_iter().map(|package| (package.name.clone(), package)).collect();
    let mut broken = Vec::new();
    for (name, package) in &found {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            broken.push(format!("`{name}` is not in the table of tests/architecture/arrows.rs"));
            continue;
        };
        for other in package.dependencies.iter().filter(|other| found.contains_key(*other)) {
            if !allowed.contains(&other.as_str()) {
                broken.push(format!("`{name}` depends on `{other}`"));
            }
        }
    }
    keep(
        "Adapters meet in `server`, through the traits of `core`. Put what both sides need into \
         core, as a value or a trait.",
        &broken,
    );
}

#[test]
fn a_library_is_named_only_where_it_is_at_home() {
    let broken: Vec<String> = packages()
        .iter()
        .filter(|package| package.in_host)
        .flat_map(|package| {
            HOMES
                .iter()
                .filter(|(library, homes)| {
                    package.dependencies.contains(*library)
                        && !homes.contains(&package.name.as_str())
                })
                .map(|(library, homes)| {
                    format!("`{}` depends on `{library}`, at home in {homes:?}", package.name)
                })
        })
        .collect();
    keep("Each library has one home in the host; ask that part through a trait of core.", &broken);
}

#[test]
fn core_does_no_io_not_even_through_others() {
    let behind = behind_core();
    assert!(behind.contains("serde"), "\nthe libraries behind core were not found: {behind:?}\n");
    let broken: Vec<String> =
        DOES_IO.iter().filter(|io| behind.contains(**io)).map(|io| format!("`{io}`")).collect();
    keep(
        "Core has values, rules and traits; what waits or writes belongs into an adapter.",
        &broken,
    );
}

/// A member of the workspace.
struct Package {
    name: String,
    dependencies: BTreeSet<String>,
    in_host: bool,
}

fn packages() -> Vec<Package> {
    let metadata = metadata(&["--no-deps"]);
    list(&metadata, "packages").iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let dependencies = list(value, "dependencies")
        .iter()
        .map(|dependency| text(dependency, "name").to_owned())
        .collect();
    let in_host = text(value, "manifest_path").replace('\\', "/").contains("/host/");
    Package { name: text(value, "name").to_owned(), dependencies, in_host }
}

/// The names of all libraries that core is built with, tests and build scripts apart.
fn behind_core() -> BTreeSet<String> {
    let tree = cargo(&[
        "tree",
        "--offline",
        "--package",
        "hinny-core",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{lib}",
    ]);
    tree.split_whitespace().map(|name| name.replace('_', "-")).collect()
}

fn metadata(more: &[&str]) -> Value {
    let mut arguments = vec!["metadata", "--format-version", "1", "--offline"];
    arguments.extend_from_slice(more);
    serde_json::from_str(&cargo(&arguments)).expect("cargo metadata prints JSON")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs, it runs this test");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "\ncargo {} failed:\n{complaint}\n", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
