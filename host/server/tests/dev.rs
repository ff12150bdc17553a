//! The dev loop: from sources to a new order, with a host of one's own.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use hinny_build::{Kind, Language, New};
use hinny_core::{SchedulerId, plugin::Signature};
use hinny_plugins::{SigningKey, digest};
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig, TrustedKeyConfig},
    host::Host,
};

/// A new plugin in C: its tools are quick.
fn plugin(folder: &Path) {
    let (name, kind) = ("rank-mine".parse().expect("it is a name"), Kind::Ranker);
    New { name, language: Language::C, kind, folder: folder.to_owned() }
        .write()
        .expect("the folder can be written");
}

async fn host(folder: &Path, trusted_keys: Vec<TrustedKeyConfig>) -> Host {
    let jobs = SchedulerConfig::named(SchedulerId::new("jobs").expect("it is a name"));
    let mut config = Config { schedulers: vec![jobs], ..Config::default() };
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    config.plugins.trusted_keys = trusted_keys;
    Host::start(config, Arc::new(SystemClock)).await.expect("it starts")
}

/// The host goes on meanwhile, on threads of its own.
fn dev(host: &Host, folder: &Path, more: &[&str]) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.arg("dev").arg(folder).args(["--once", "--url", &format!("http://{}", host.address())]);
    command.args(more).env_remove("HINNY_SIGNING_KEY");
    let output = command.output().expect("the binary was built for this test");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("hinny prints UTF-8");
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    (output, said, complained)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_built_compared_and_brought_in() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine");
    plugin(&mine);
    let host = host(folder.path(), Vec::new()).await;
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

/// A secret key, in a file.
fn key(file: &Path, seed: u8) -> SigningKey {
    let secret = SigningKey::pem_of_random([seed; 32]);
    fs::write(file, &secret).expect("the folder can be written");
    SigningKey::from_pem(&secret).expect("it is a key")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_build_is_signed_for_a_host_that_asks_for_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine");
    plugin(&mine);
    let [release, other] = ["release", "other"].map(|name| folder.path().join(name));
    let trusted = key(&release, 1).public();
    key(&other, 2);
    let keys = vec![TrustedKeyConfig {
        name: "release".to_owned(),
        key: trusted.to_pem(),
        slots: Vec::new(),
    }];
    let host = host(folder.path(), keys).await;
    let [release, other] = [&release, &other].map(|file| file.to_str().unwrap());

    let (output, said, complained) = dev(&host, &mine, &[]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = "may not run in slot `jobs/ranker`: it is not signed\n  hint: ";
    assert!(complained.contains(expected), "{complained}");
    assert!(complained.contains("`hinny dev --key KEY` does both with each build"), "{complained}");
    let (output, _, complained) = dev(&host, &mine, &["--key", other]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained.contains(", which the host does not trust\n"), "{complained}");
    let (output, _, complained) = dev(&host, &mine, &["--key", "no-such.key.pem"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained.contains("key file `no-such.key.pem` cannot be read"), "{complained}");

    let source = mine.join("ranker.c");
    for (generation, level_max) in [(1, "10"), (2, "9")] {
        let text = fs::read_to_string(&source).unwrap();
        fs::write(
            &source,
            text.replace("level > 10 ? 10", &format!("level > {level_max} ? {level_max}")),
        )
        .unwrap();
        let (output, said, complained) = dev(&host, &mine, &["--key", release]);
        assert!(output.status.success(), "{complained}");
        let expected = format!("is active in `jobs/ranker` as generation {generation}");
        assert!(said.contains(&expected), "{said}");
        // As `hinny plugin sign` would leave it.
        let signature = fs::read(mine.join("dist/rank-mine.wasm.sig")).unwrap();
        let signature = Signature::parse(&signature).unwrap();
        let component = fs::read(mine.join("dist/rank-mine.wasm")).unwrap();
        assert_eq!(signature.digest, digest(&component));
        assert!(trusted.verifies(&signature));
    }
    host.stop().await;
}
