//! Fresh plugins build, and pass their own tests.

use std::process;

use super::*;

/// A folder for one test, gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(of: &str) -> Self {
        let folder = sh::target_dir().unwrap().join(format!("new-plugin-{of}-{}", process::id()));
        sh::remove_folder(&folder).unwrap();
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        sh::remove_folder(&self.0).unwrap();
    }
}

fn args(name: &str, world: World, path: PathBuf) -> Args {
    Args { name: name.parse().unwrap(), world, path: Some(path) }
}

/// Runs `cargo test` where the guests are built natively, so that all but the new plugin is there
/// already when their tests came first. The toolchain is the one of this repository.
fn cargo_test(folder: &Path) -> String {
    let mut cargo = sh::cargo();
    cargo.arg("test").current_dir(folder);
    let guests = sh::root().unwrap().join("plugins/target");
    if sh::variable("CARGO_TARGET_DIR").is_none() {
        cargo.env("CARGO_TARGET_DIR", guests);
    }
    sh::output(&mut cargo).unwrap()
}

fn passed(output: &str) -> usize {
    output.lines().filter(|line| line.starts_with("test ") && line.ends_with("... ok")).count()
}

#[test]
fn a_fresh_plugin_of_each_world_passes_its_tests_among_the_guests() {
    let scratch = Scratch::new("member");
    let plugins = sh::root().unwrap().join("plugins");
    for (name, world) in [("fresh-ranker", World::Ranker), ("fresh-scheduler", World::Scheduler)] {
        let name: PluginName = name.parse().unwrap();
        let folder = scratch.0.join(name.as_str());
        make(&name, world, &Home::Member, &folder).unwrap();
    }
    // The workspace of the guests without those that are there, and with the same versions.
    let workspace = read(&plugins.join("Cargo.toml")).unwrap();
    let sdk = plugins.join("../sdk/rust").display().to_string();
    let workspace = workspace
        .replace("path = \"../sdk/rust", &format!("path = \"{sdk}"))
        .lines()
        .filter(|line| !line.trim_start().starts_with("\"../"))
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(scratch.0.join("Cargo.toml"), workspace).unwrap();
    fs::copy(plugins.join("Cargo.lock"), scratch.0.join("Cargo.lock")).unwrap();
    let output = cargo_test(&scratch.0);
    assert_eq!(passed(&output), 6, "{output}");
}

#[test]
fn a_fresh_plugin_of_each_world_passes_its_tests_on_its_own() {
    let scratch = Scratch::new("standalone");
    for (name, world) in [("lone-ranker", World::Ranker), ("lone-scheduler", World::Scheduler)] {
        let folder = scratch.0.join("not there yet").join(name);
        run(&args(name, world, folder.clone())).unwrap();
        let output = cargo_test(&folder);
        assert_eq!(passed(&output), 3, "{output}");
    }
}

#[test]
fn what_is_there_already_is_never_overwritten() {
    let scratch = Scratch::new("existing");
    let folder = scratch.0.join("mine");
    fs::create_dir(&folder).unwrap();
    let refused = run(&args("mine", World::Ranker, folder.clone())).unwrap_err();
    assert!(refused.to_string().contains("mine is there already"), "{refused}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let refused = run(&args("rank-fifo", World::Ranker, scratch.0.join("fifo"))).unwrap_err();
    assert!(refused.to_string().contains("a package `rank-fifo` already"), "{refused}");
}

#[test]
fn the_guide_shows_tests_as_they_are_in_the_templates() {
    let templates = [World::Ranker, World::Scheduler].map(World::source).concat();
    let known: Vec<&str> = templates.lines().map(str::trim).collect();
    let guide = read(&sh::root().unwrap().join("docs/plugin-guide.md")).unwrap();
    let blocks = guide.split("```rs\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<&str> = blocks.flat_map(str::lines).map(str::trim).collect();
    assert!(shown.contains(&"#[test]"), "the guide shows no test");
    for line in shown.into_iter().filter(|line| !line.starts_with("//")) {
        assert!(known.contains(&line), "docs/plugin-guide.md: no template has `{line}`");
    }
}
