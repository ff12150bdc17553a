//! From nothing to a component that a host takes, in every language but Rust: that one has tests of
//! its own among the chores, and takes its compiler from there.

use std::{fs, path::Path};

use hinny_build::{Kind, Language, New, build};
use hinny_plugins::{Limits, PluginHostConfig};
use serde_json::json;

fn new(language: Language, folder: &Path) {
    let (name, kind) = ("rank-mine".parse().unwrap(), Kind::Ranker);
    New { name, language, kind, folder: folder.to_owned() }.write().unwrap();
}

/// Builds what is new, and has a host look at it.
fn is_taken(language: Language) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(language, &folder);
    let built = build(&folder).unwrap();
    let place = built.place();
    built.write(&place).unwrap();
    assert_eq!(place, folder.join("dist/rank-mine.wasm"));
    let component = fs::read(place).unwrap();
    // Deadlines for a machine that is busy with other tests, and an engine without optimisation.
    let limits =
        Limits { verify_seconds: 600, configure_ms: 20_000, rank_ms: 20_000, ..Limits::default() };
    let host = PluginHostConfig { limits, ..PluginHostConfig::default() };
    let settings = json!({"seconds_per_level": 60});
    let verdict = hinny_plugins::verify(&host, &component, Some(&settings)).unwrap();
    assert!(verdict.accepted, "{verdict:?}");
    let refused = json!({"seconds_per_level": -1});
    let verdict = hinny_plugins::verify(&host, &component, Some(&refused)).unwrap();
    let failure = verdict.failure().unwrap();
    assert_eq!(failure.name, "configure");
    let expected = "setting `seconds_per_level` is -1, expected an integer from 0 to 86400";
    assert!(failure.detail.contains(expected), "{}", failure.detail);
}

#[test]
fn a_new_plugin_in_javascript_is_taken_by_a_host() {
    is_taken(Language::JavaScript);
}

#[test]
fn a_new_plugin_in_c_is_taken_by_a_host() {
    is_taken(Language::C);
}

#[test]
fn what_does_not_compile_is_told_in_the_words_of_the_compiler() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::JavaScript, &folder);
    fs::write(folder.join("ranker.js"), "export default ranker({").unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("the plugin does not build"), "{refused}");
    assert!(refused.contains("Expected identifier but found end of file"), "{refused}");
    assert!(refused.contains("ranker.js:1:23"), "{refused}");
}

#[test]
fn a_c_function_that_needs_a_system_is_refused_by_name() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("mine");
    new(Language::C, &folder);
    let asks_the_clock = "#include <time.h>\n#include \"hinny_ranker.h\"\n\
        HINNY_INPUTS({\"wait\", HINNY_WAIT, HINNY_INTEGER})\n\
        int64_t hinny_rank(const hinny_task *task) { (void)task; return time(NULL); }\n";
    fs::write(folder.join("ranker.c"), asks_the_clock).unwrap();
    let refused = format!("{:#}", build(&folder).unwrap_err());
    assert!(refused.contains("a ranker can only compute"), "{refused}");
    assert!(refused.contains("clock_time_get"), "{refused}");
}
