//! `hinny plugin test`, on components as they are built.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

/// What a command printed, and its exit code.
fn hinny(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.current_dir(folder).args(arguments).env_remove("HINNY_CONFIG");
    let output = command.output().expect("the binary was built for this test");
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).expect("hinny prints UTF-8");
    (output.status.code().expect("it ended by itself"), told)
}

/// A plugin in a folder, as `plugin build` leaves it: its component, and its golden files.
fn folder(plugin: &str, golden: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let built =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../dist/plugins/{plugin}.wasm"));
    for inner in ["dist", "golden"] {
        fs::create_dir(folder.path().join(inner)).expect("a folder can be made");
    }
    fs::copy(built, folder.path().join("dist/mine.wasm")).expect("`cargo xtask plugins` ran");
    fs::write(folder.path().join("golden/batch.json"), golden).expect("a file can be written");
    folder
}

const TEST: [&str; 3] = ["plugin", "test", "dist/mine.wasm"];

const RANKED: &str = r#"{
  "settings": {"terms": [{"input": "/level", "type": "integer", "weight": -10}]},
  "tasks": [
    {"task": "plain", "data": {}},
    {"task": "deep",  "data": {"level": 2}}
  ]
}
"#;

#[test]
fn what_is_blessed_holds_until_the_plugin_answers_otherwise() {
    let folder = folder("rank-weighted", RANKED);
    let file = folder.path().join("golden/batch.json");
    let (code, told) = hinny(folder.path(), &TEST);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("expected  nothing\n           got       -20"), "{told}");
    let (code, told) = hinny(folder.path(), &[&TEST[..], &["--bless"]].concat());
    assert_eq!(code, 0, "{told}");
    let blessed = fs::read_to_string(&file).unwrap();
    assert!(blessed.starts_with(RANKED.trim_end().trim_end_matches("\n}")), "{blessed}");
    assert_eq!(hinny(folder.path(), &TEST).0, 0, "{blessed}");
    // As if the plugin had changed.
    fs::write(&file, blessed.replace("-10", "-7")).unwrap();
    let (code, told) = hinny(folder.path(), &TEST);
    assert_eq!(code, 1);
    insta::assert_snapshot!(told, @"
    DIFFERS  golden/batch.json  2 answers
             priority of `deep`
               expected  -20
               got       -14
    1 of 1 files differ
    hint: `--bless` makes what the plugin answers now what is expected
    ");
}

const TOLD: &str = r#"{
  "settings": {"sources": "hosts", "default_organisation": "acme"},
  "triggers": [
    {"push": {"data": {"host": "a.example"}}},
    {"message": {"source": "hosts", "body": [{"data": {"n": 1}}]}},
    {"message": {"source": "hosts", "body": "no JSON"}},
    {"tick": {"every_ms": 1000}}
  ]
}
"#;

#[test]
fn a_scheduler_plugin_answers_each_trigger_without_a_host() {
    let folder = folder("jobs", TOLD);
    assert_eq!(hinny(folder.path(), &[&TEST[..], &["--bless"]].concat()).0, 0);
    assert_eq!(hinny(folder.path(), &TEST).0, 0);
    let file = fs::read_to_string(folder.path().join("golden/batch.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let answer = |at: &str| file.pointer(&format!("/expected/{at}")).unwrap();
    assert_eq!(answer("0/admitted/data"), &json!({"host": "a.example"}));
    assert_eq!(answer("1/commands/0/push/data"), &json!({"n": 1}));
    assert_eq!(answer("1/commands/0/push/organisation"), "acme");
    let why = answer("2/rejected").as_str().unwrap();
    assert!(why.starts_with("the body is not as expected"), "{why}");
    assert_eq!(answer("3"), "unwanted");
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_cure() {
    let folder = folder("rank-fifo", r#"{"triggers": [{"tick": {"every_ms": 1000}}]}"#);
    let (code, told) = hinny(folder.path(), &TEST);
    assert_eq!(code, 1);
    assert!(told.contains("a ranker ranks `tasks`, and there are none"), "{told}");
    let elsewhere = [&TEST[..], &["--golden", "nowhere"]].concat();
    let (code, told) = hinny(folder.path(), &elsewhere);
    assert_eq!(code, 1);
    assert!(told.contains("no golden files in `nowhere`"), "{told}");
    let (_, told) = hinny(folder.path(), &["plugin", "test"]);
    assert!(told.contains("no plugin in `.`"), "{told}");
    fs::write(folder.path().join("dist/mine.wasm"), "no component").unwrap();
    let (code, told) = hinny(folder.path(), &TEST);
    assert_eq!(code, 1);
    assert!(told.contains("check `parse` fails: it does not begin like WebAssembly"), "{told}");
}

#[test]
fn a_new_plugin_answers_as_its_golden_file_says() {
    let scratch = tempfile::tempdir().unwrap();
    for (lang, kind) in [("c", "ranker"), ("c", "scheduler"), ("javascript", "ranker")] {
        let name = format!("{kind}-{}", &lang[..1]);
        let new = ["plugin", "new", &name, "--lang", lang, "--kind", kind];
        let made = hinny(scratch.path(), &new);
        assert_eq!(made.0, 0, "{}", made.1);
        let folder = scratch.path().join(&name);
        let (_, told) = hinny(&folder, &["plugin", "test"]);
        assert!(told.contains("hint: `hinny plugin build .` makes it"), "{told}");
        let (code, told) = hinny(&folder, &["plugin", "build"]);
        assert_eq!(code, 0, "{told}");
        let (code, told) = hinny(&folder, &["plugin", "test"]);
        assert_eq!(code, 0, "{told}");
    }
}
