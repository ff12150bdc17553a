//! What authors can test without WebAssembly, tested: the SDKs, the examples, the templates.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use hinny_build::{Kind, Language, New};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Runs tests that must pass, and says how many there were.
fn run(command: &mut Command, counted: impl Fn(&str) -> Option<u32>) -> u32 {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; hint: the tests need Python 3 and Node")
    });
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    said.lines().find_map(counted).unwrap_or_else(|| panic!("no test ran: {said}"))
}

/// Python's tests in a folder.
fn unittest(folder: &Path, arguments: &[&str], sdk: &Path) -> u32 {
    let mut python = Command::new("python3");
    python.args(["-m", "unittest"]).args(arguments).current_dir(folder);
    python.env("PYTHONPATH", sdk).env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut python, |line| line.strip_prefix("Ran ")?.split(' ').next()?.parse().ok())
}

/// JavaScript's tests in a folder.
fn node_test(folder: &Path, file: &str) -> u32 {
    let mut node = hinny_build::with_node("node").unwrap();
    node.args(["--test", "--test-reporter=tap", file]).current_dir(folder);
    run(&mut node, |line| line.strip_prefix("# pass ")?.parse().ok())
}

/// What `npm install` makes of `"hinny-plugin": "file:…"`.
#[cfg(unix)]
fn link_sdk(folder: &Path, sdk: &Path) {
    fs::create_dir(folder.join("node_modules")).unwrap();
    std::os::unix::fs::symlink(sdk, folder.join("node_modules/hinny-plugin")).unwrap();
}

fn new(language: Language, kind: Kind, folder: &Path) {
    let name = "rank-mine".parse().unwrap();
    New { name, language, kind, folder: folder.to_owned() }.write().unwrap();
}

/// The kinds, with the names of their files.
const KINDS: [(Kind, &str); 2] = [(Kind::Ranker, "ranker"), (Kind::Scheduler, "scheduler")];

#[test]
fn the_sdk_of_python_and_the_example_pass_their_tests() {
    let sdk = root().join("sdk/python");
    assert!(unittest(&sdk, &["discover", "tests"], &sdk) >= 28);
    assert_eq!(unittest(&root().join("examples/python-ranker"), &[], &sdk), 2);
    assert_eq!(unittest(&root().join("examples/python-scheduler"), &[], &sdk), 3);
}

#[test]
fn a_new_plugin_in_python_passes_its_tests_with_nothing_but_its_folder() {
    for (kind, name) in KINDS {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        new(Language::Python, kind, &folder);
        assert_eq!(unittest(&folder, &[], Path::new("")), 3, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn the_sdk_of_javascript_and_the_example_pass_their_tests() {
    let sdk = root().join("sdk/javascript");
    assert!(node_test(&sdk, "test/ranker.test.js") >= 12);
    assert!(node_test(&sdk, "test/scheduler.test.js") >= 12);
    for (name, tests) in [("ranker", 2), ("scheduler", 3)] {
        let scratch = tempfile::tempdir().unwrap();
        let test = format!("{name}.test.js");
        for file in ["package.json", &format!("{name}.js"), &test] {
            let from = root().join(format!("examples/javascript-{name}")).join(file);
            fs::copy(from, scratch.path().join(file)).unwrap();
        }
        link_sdk(scratch.path(), &sdk);
        assert_eq!(node_test(scratch.path(), &test), tests);
    }
}

#[cfg(unix)]
#[test]
fn a_new_plugin_in_javascript_passes_its_tests() {
    for (kind, name) in KINDS {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        new(Language::JavaScript, kind, &folder);
        link_sdk(&folder, &folder.join("hinny-plugin"));
        assert_eq!(node_test(&folder, &format!("{name}.test.js")), 3);
    }
}

/// Go's tests in a folder, which fail when there are none.
fn go_test(folder: &Path) {
    let mut go = hinny_build::go().unwrap();
    go.args(["test", "-mod=mod", "./..."]).current_dir(folder);
    let count = run(&mut go, |line| line.starts_with("ok ").then_some(1));
    assert_eq!(count, 1);
}

#[test]
fn the_sdk_of_go_and_the_example_pass_their_tests() {
    go_test(&root().join("sdk/go"));
    go_test(&root().join("examples/go-ranker"));
}

#[test]
fn a_new_plugin_in_go_passes_its_tests_with_nothing_but_its_folder() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::Go, Kind::Ranker, &folder);
    go_test(&folder);
}
