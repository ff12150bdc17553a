//! From nothing to a component that a host takes, in every language but Rust: that one has tests of
//! its own among the chores, and takes its compiler from there.

use std::{fs, path::Path};

use hinny_build::{Kind, Language, New, build};
use hinny_plugins::{Limits, PluginHostConfig};
use serde_json::{Value, json};

fn new(language: Language, kind: Kind, folder: &Path) {
    let name = "rank-mine".parse().unwrap();
    New { name, language, kind, folder: folder.to_owned() }.write().unwrap();
}

/// Deadlines for a machine that is busy with other tests, and an engine without optimisation.
fn host() -> PluginHostConfig {
    let limits = Limits {
        verify_seconds: 600,
        configure_ms: 20_000,
        rank_ms: 20_000,
        admit_ms: 20_000,
        handle_ms: 20_000,
        ..Limits::default()
    };
    PluginHostConfig { limits, ..PluginHostConfig::default() }
}

/// Builds what is new, and has a host look at it: settings that it takes, some that it does not, and
/// why not.
fn is_taken(language: Language, kind: Kind, good: &Value, bad: &Value, why: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(language, kind, &folder);
    let built = build(&folder).unwrap();
    let place = built.place();
    built.write(&place).unwrap();
    assert_eq!(place, folder.join("dist/rank-mine.wasm"));
    let component = fs::read(place).unwrap();
    let host = host();
    let verdict = hinny_plugins::verify(&host, &component, Some(good)).unwrap();
    assert!(verdict.accepted, "{verdict:?}");
    let verdict = hinny_plugins::verify(&host, &component, Some(bad)).unwrap();
    let failure = verdict.failure().unwrap();
    assert_eq!(failure.name, "configure");
    assert!(failure.detail.contains(why), "{}", failure.detail);
}

fn is_taken_as_ranker(language: Language) {
    let (good, bad) = (json!({"seconds_per_level": 60}), json!({"seconds_per_level": -1}));
    let why = "setting `seconds_per_level` is -1, expected an integer from 0 to 86400";
    is_taken(language, Kind::Ranker, &good, &bad, why);
}

fn is_taken_as_scheduler(language: Language) {
    let (good, bad) = (json!({"source": "found"}), json!({"source": 1}));
    is_taken(language, Kind::Scheduler, &good, &bad, "setting `source` is 1, expected text");
}

#[test]
fn a_new_plugin_in_javascript_is_taken_by_a_host() {
    is_taken_as_ranker(Language::JavaScript);
    is_taken_as_scheduler(Language::JavaScript);
}

#[test]
fn a_new_plugin_in_c_is_taken_by_a_host() {
    is_taken_as_ranker(Language::C);
    is_taken_as_scheduler(Language::C);
}

#[test]
fn a_new_plugin_in_go_is_taken_by_a_host() {
    is_taken_as_ranker(Language::Go);
}

#[test]
fn a_new_plugin_in_assemblyscript_is_taken_by_a_host() {
    is_taken_as_ranker(Language::AssemblyScript);
}

#[test]
fn what_a_go_plugin_may_not_do_is_refused_when_it_is_built() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::Go, Kind::Ranker, &folder);
    let source = fs::read_to_string(folder.join("ranker.go")).unwrap();
    let lists_files = source
        .replace("import hinny \"hinny-plugin\"", "import (\n\"os\"\n\nhinny \"hinny-plugin\"\n)")
        .replace("return task.CreatedMs/1000", "os.Mkdir(\"a\", 0)\nreturn task.CreatedMs/1000");
    fs::write(folder.join("ranker.go"), lists_files).unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("a plugin can only compute"), "{refused}");
    assert!(refused.contains("path_create_directory"), "{refused}");
    fs::write(folder.join("ranker.go"), "package ranker\n\nvar Plugin = 1 +\n").unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("ranker.go:4"), "{refused}");
}

#[test]
fn what_does_not_compile_is_told_in_the_words_of_the_compiler() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::JavaScript, Kind::Ranker, &folder);
    fs::write(folder.join("ranker.js"), "export default ranker({").unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("the plugin does not build"), "{refused}");
    assert!(refused.contains("Expected identifier but found end of file"), "{refused}");
    assert!(refused.contains("ranker.js:1:23"), "{refused}");
}

#[test]
fn what_a_plugin_uses_and_does_not_list_is_not_imported() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::JavaScript, Kind::Scheduler, &folder);
    let imports = || {
        let component = build(&folder).unwrap().component;
        let verdict = hinny_plugins::verify(&host(), &component, None).unwrap();
        assert!(verdict.accepted, "{verdict:?}");
        verdict.imports.join(" ")
    };
    assert!(imports().contains("log") && !imports().contains("state"), "{}", imports());
    let manifest = fs::read_to_string(folder.join("package.json")).unwrap();
    let manifest = manifest.replace("[\"log\"]", "[\"log\", \"state\"]");
    fs::write(folder.join("package.json"), manifest).unwrap();
    assert!(imports().contains("state"), "{}", imports());
}

#[test]
fn a_c_function_that_needs_a_system_is_refused_by_name() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::C, Kind::Ranker, &folder);
    let asks_the_clock = "#include <time.h>\n#include \"hinny_ranker.h\"\n\
        HINNY_INPUTS({\"wait\", HINNY_WAIT, HINNY_INTEGER})\n\
        int64_t hinny_rank(const hinny_task *task) { (void)task; return time(NULL); }\n";
    fs::write(folder.join("ranker.c"), asks_the_clock).unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("a plugin can only compute"), "{refused}");
    assert!(refused.contains("clock_time_get"), "{refused}");
}
