//! What every plugin, example and guest brings along.

use crate::tree::{files, folders, keep, text};

#[test]
fn every_plugin_and_example_has_a_readme() {
    let broken: Vec<String> = ["plugins", "examples"]
        .iter()
        .flat_map(|of| folders(of).into_iter().map(move |name| format!("{of}/{name}")))
        .filter(|folder| text(&format!("{folder}/README.md")).is_none())
        .collect();
    keep(
        "A plugin or example has a README.md: what it does, its settings, how to try it.",
        &broken,
    );
}

#[test]
fn every_guest_is_described() {
    let list = text("tests/guests/README.md").unwrap_or_default();
    let broken: Vec<String> = folders("tests/guests")
        .into_iter()
        .filter(|name| text(&format!("tests/guests/{name}/Cargo.toml")).is_some())
        .filter(|name| !list.contains(&format!("`{name}`")))
        .collect();
    keep("A guest of the tests is named in tests/guests/README.md, with what it does.", &broken);
}

#[test]
fn every_plugin_and_example_has_a_test() {
    let tests = files(&["tests"], "rs");
    let broken: Vec<String> = ["plugins", "examples"]
        .iter()
        .flat_map(|of| folders(of).into_iter().map(move |name| (format!("{of}/{name}"), name)))
        .filter(|(folder, name)| {
            let own = files(&[folder.as_str()], "rs");
            let tested = own.iter().any(|file| file.text.contains("#[test]"));
            !tested && !tests.iter().any(|file| mentions(&file.text, name))
        })
        .map(|(folder, _)| folder)
        .collect();
    keep(
        "A plugin or example has a test: in its own files, or one below tests/ that runs it.",
        &broken,
    );
}

fn mentions(text: &str, name: &str) -> bool {
    [name, &name.replace('-', "_")].iter().any(|name| text.contains(&format!("\"{name}")))
}

#[test]
fn a_mention_is_the_name_in_quotes() {
    assert!(mentions("run(\"worker\")", "worker"));
    assert!(mentions("run(\"my_worker.py\")", "my-worker"));
    assert!(!mentions("// the worker runs", "worker"));
}
