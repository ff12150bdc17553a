//! `hinny plugin push` to a host: what `hinny plugin load` does, by the address of the host.

use std::{
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use hinny_build::{Kind, Language, New};
use hinny_core::SchedulerId;
use hinny_plugins::SigningKey;
use hinny_server::{
    clock::SystemClock,
    config::{Config, Role, SchedulerConfig, TokenConfig, TrustedKeyConfig},
    host::Host,
};
use serde_json::Value;

/// The token of whoever may upload plugins, and its hash.
const TOKEN: &str = "hello world";
const TOKEN_SHA256: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

/// Writes a plugin into a folder, as `rank.wasm`. It is one in C: its tools are quick.
fn component(folder: &Path) {
    let sources = folder.join("mine");
    let (name, kind) = ("rank-mine".parse().expect("it is a name"), Kind::Ranker);
    New { name, language: Language::C, kind, folder: sources.clone() }
        .write()
        .expect("the folder can be written");
    let built = hinny_build::build(&sources).expect("templates can be built");
    built.write(&folder.join("rank.wasm")).expect("the folder can be written");
}

/// A host that asks for a token, and knows a key.
async fn host(folder: &Path, key: &SigningKey) -> Host {
    let jobs = SchedulerConfig::named(SchedulerId::new("jobs").expect("it is a name"));
    let mut config = Config { schedulers: vec![jobs], ..Config::default() };
    config.api.listen.set_port(0);
    config.api.tokens = vec![TokenConfig {
        name: "ann".to_owned(),
        role: Role::Publisher,
        sha256: TOKEN_SHA256.to_owned(),
    }];
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    config.plugins.trusted_keys = vec![TrustedKeyConfig {
        name: "release".to_owned(),
        key: key.public().to_pem(),
        slots: Vec::new(),
    }];
    Host::start(config, Arc::new(SystemClock)).await.expect("it starts")
}

/// Runs `hinny plugin` in a folder, with some variables in the environment and none else of hinny's.
/// A host in this process goes on meanwhile, on threads of its own.
fn plugin(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.current_dir(folder).arg("plugin").args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HINNY_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied()).output().expect("the binary was built for this test")
}

/// What it printed, when it is to succeed.
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("hinny prints UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_to_a_host_is_a_load() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    component(folder);
    let secret = SigningKey::pem_of_random([1; 32]);
    std::fs::write(folder.join("release.key.pem"), &secret).unwrap();
    let host = host(folder, &SigningKey::from_pem(&secret).unwrap()).await;
    let url = format!("http://{}", host.address());

    let refused = plugin(folder, &[], &["push", &url, "rank.wasm"]);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = text(&refused.stderr);
    assert!(complaint.starts_with("error: `rank.wasm` was not loaded\n"), "{complaint}");
    assert!(complaint.contains("hint: name a token with --token or HINNY_TOKEN"), "{complaint}");
    assert!(host.plugins().versions().await.unwrap().is_empty());

    // What is in the environment for registries is no option of this push.
    let variables = [
        ("HINNY_TOKEN", TOKEN),
        ("HINNY_REGISTRY_USERNAME", "ann"),
        ("HINNY_REGISTRY_PASSWORD", "w"),
        // Where else a host may be does not matter.
        ("HINNY_URL", "http://127.0.0.1:9"),
    ];
    let unsigned = done(&plugin(folder, &variables, &["push", &url, "rank.wasm"]));
    let [version] = &host.plugins().versions().await.unwrap()[..] else { panic!("{unsigned}") };
    assert_eq!(unsigned, format!("loaded ranker rank-mine@0.1.0 ({})\n", version.digest));
    assert!(host.plugins().signatures(Some(&version.digest)).await.unwrap().is_empty());

    done(&plugin(folder, &[], &["sign", "rank.wasm", "--key", "release.key.pem"]));
    let push = ["push", &url, "rank.wasm", "--token", TOKEN];
    let signed = done(&plugin(folder, &[], &push));
    assert_eq!(signed, format!("{}, signed by a trusted key\n", unsigned.trim_end()));
    let load = ["load", "rank.wasm", "--url", &url, "--token", TOKEN];
    assert_eq!(done(&plugin(folder, &[], &load)), signed);

    let json = ["-o", "json"];
    let pushed = done(&plugin(folder, &[], &[&push[..], &json].concat()));
    let pushed: Value = serde_json::from_str(&pushed).unwrap();
    assert_eq!(
        (&pushed["digest"], &pushed["signature"]),
        (&version.digest.to_string().into(), &"trusted".into())
    );
    let slots = host.plugins().slots().await.unwrap();
    assert!(slots.iter().all(|slot| slot.active.is_none()), "it is not activated");
    host.stop().await;
}

#[test]
fn a_host_that_does_not_answer_is_named_with_how_to_name_another() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("rank.wasm"), "a component").unwrap();
    // Port 9 of this machine: nothing listens there.
    let output = plugin(place.path(), &[], &["push", "http://127.0.0.1:9", "rank.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("no hinny answers at http://127.0.0.1:9/"), "{said}");
    assert!(
        said.contains("hint: start one with `hinny serve`, or name another as PLACE"),
        "{said}"
    );
}

#[test]
fn a_token_in_the_environment_is_no_option_of_a_push_to_a_registry() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("rank.wasm"), "a component").unwrap();
    let push = ["push", "oci://127.0.0.1:9/rank:1", "rank.wasm"];
    let output = plugin(place.path(), &[("HINNY_TOKEN", TOKEN)], &push);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    let expected = "error: `rank.wasm` was not pushed to `oci://127.0.0.1:9/rank:1`\n";
    assert!(said.starts_with(expected), "{said}");
}
