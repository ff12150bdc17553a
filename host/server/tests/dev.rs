//! The dev loop: from sources to a new order, with a host of one's own.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use hinny_build::{Kind, Language, New};
use hinny_core::SchedulerId;
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig},
    host::Host,
};

/// A new plugin in C: its tools are quick.
fn plugin(folder: &Path) {
    let (name, kind) = ("rank-mine".parse().expect("it is a name"), Kind::Ranker);
    New { name, language: Language::C, kind, folder: folder.to_owned() }
        .write()
        .expect("the folder can be written");
}

async fn host(folder: &Path) -> Host {
    let jobs = SchedulerConfig::named(SchedulerId::new("jobs").expect("it is a name"));
    let mut config = Config { schedulers: vec![jobs], ..Config::default() };
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    Host::start(config, Arc::new(SystemClock)).await.expect("it starts")
}

/// The host goes on meanwhile, on threads of its own.
fn dev(host: &Host, folder: &Path, more: &[&str]) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.arg("dev").arg(folder).args(["--once", "--url", &format!("http://{}", host.address())]);
    let output = command.args(more).output().expect("the binary was built for this test");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("hinny prints UTF-8");
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    (output, said, complained)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_built_compared_and_brought_in() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine");
    plugin(&mine);
    let host = host(folder.path()).await;
    let (output, said, complained) = dev(&host, &mine, &["--look"]);
    assert!(output.status.success(), "{complained}");
    assert!(said.contains("instead of `the host's own rule` in the queue of `jobs`"), "{said}");
    assert!(!said.contains("is active"), "{said}");
    let (output, said, complained) = dev(&host, &mine, &[]);
    assert!(output.status.success(), "{complained}");
    assert!(said.contains("`rank-mine` is active in `jobs/ranker` as generation 1"), "{said}");
    let settings = r#"{"seconds_per_level": -1}"#;
    let (output, _, complained) = dev(&host, &mine, &["--settings", settings]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained.contains("setting `seconds_per_level` is -1"), "{complained}");
    fs::write(mine.join("ranker.c"), "this is not C").unwrap();
    let (output, _, complained) = dev(&host, &mine, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained.contains("ranker.c"), "{complained}");
    host.stop().await;
}
