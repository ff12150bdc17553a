//! What is taken, what is refused, and what people are told.

use hinny_core::{
    PluginDigest,
    plugin::{ActivateRequest, PluginError, Plugins, Upload, Verdict, World},
};
use hinny_plugins::{Grants, Limits, verify};
use insta::{assert_snapshot, with_settings};
use proptest::{collection::vec, prelude::any, prop_assert, proptest};
use serde_json::json;

use super::{
    guests::{component, sin},
    harness::{Rig, Setup, all, patient, slot},
};

fn told(verdict: &Verdict) -> String {
    let check = |check: &hinny_core::plugin::Check| {
        let sign = if check.passed { "+" } else { "-" };
        format!("{sign} {}: {}\n", check.name, check.detail)
    };
    verdict.checks.iter().map(check).collect()
}

/// Compares with what is written, but for sizes and times.
macro_rules! assert_told {
    ($told:expr, @$expected:literal) => {
        with_settings!({
            filters => [
                (r"\d+ bytes, at most", "[n] bytes, at most"),
                (r"compile: (in \d+ ms|compiled before)", "compile: [in n ms]"),
            ],
        }, { assert_snapshot!($told, @$expected) })
    };
}

async fn checked(guest: &str) -> Verdict {
    Rig::start().await.registry.check(component(guest)).await.unwrap()
}

async fn refused(rig: &Rig, component: Vec<u8>) -> String {
    rig.registry.upload(Upload::unsigned(component, "ann")).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_ranker_that_passes_says_what_was_looked_at() {
    let verdict = checked("plugins/rank-fifo").await;
    assert!(verdict.accepted && verdict.imports.is_empty());
    assert_told!(told(&verdict), @"
    + size: [n] bytes, at most 33554432 are allowed
    + parse: a valid component
    + world: a ranker, by its export `hinny:plugin/ranker@0.1.1`
    + imports: none: it can only compute
    + compile: [in n ms]
    + settings: none, as nothing is configured yet
    + link: every function is there
    + configure: takes the settings
    + describe: rank-fifo 0.1.0, 2 inputs, refresh never
    + samples: 209 tasks in 4 batches, each ranked alike every time
    ");
}

#[tokio::test]
async fn a_scheduler_plugin_that_passes_says_what_it_can_do() {
    let verdict = checked("plugins/jobs").await;
    assert!(verdict.accepted);
    assert_eq!(verdict.imports, ["hinny:plugin/log@0.1.1"], "it asks for no more than it uses");
    assert_told!(told(&verdict), @"
    + size: [n] bytes, at most 33554432 are allowed
    + parse: a valid component
    + world: a scheduler, by its export `hinny:plugin/scheduler@0.1.1`
    + imports: hinny:plugin/log@0.1.1
    + compile: [in n ms]
    + settings: none, as nothing is configured yet
    + link: every function is there
    + configure: takes the settings
    + describe: jobs 0.1.0, makes tasks of type `job`, wants 1 kinds of triggers
    + samples: 1 drafts, each answered alike every time
    ");
}

#[tokio::test]
async fn a_plugin_that_wants_more_than_its_world_is_refused_by_name() {
    let verdict = checked("guests/wrong-world").await;
    assert!(!verdict.accepted);
    assert_told!(told(&verdict), @"
    + size: [n] bytes, at most 33554432 are allowed
    + parse: a valid component
    + world: a ranker, by its export `hinny:plugin/ranker@0.1.1`
    - imports: it imports `evil:net/sockets@0.1.0`; a ranker may import nothing; hint: build it for `wasm32-unknown-unknown`, or with WASI stubbed out
    ");
}

#[tokio::test]
async fn a_plugin_that_needs_settings_is_taken_and_completed_when_it_has_them() {
    let rig = Rig::start().await;
    let version = rig.upload("guests/slow").await;
    assert!(version.verdict.accepted);
    assert_told!(told(&version.verdict), @"
    + size: [n] bytes, at most 33554432 are allowed
    + parse: a valid component
    + world: a ranker, by its export `hinny:plugin/ranker@0.1.1`
    + imports: none: it can only compute
    + compile: [in n ms]
    + settings: none, as nothing is configured yet
    + link: every function is there
    + configure: not without settings, by its word: setting `rounds` is missing, expected a number of rounds; what follows is checked when it is activated with them
    ");
    let refused = rig.activate("guests/slow", json!({})).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"
    plugin refused at check `configure`: setting `rounds` is missing, expected a number of rounds
    ");
    let refused = rig.activate("guests/slow", json!([1])).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @r#"
    plugin refused at check `settings`: settings must be a table such as `{"weight": 2}`, got [1]
    "#);
    rig.activate("guests/slow", json!({"rounds": 3})).await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_no_component_are_refused() {
    let rig = Rig::start().await;
    let whole = component("plugins/rank-fifo");
    assert_snapshot!(refused(&rig, b"#!/bin/sh".to_vec()).await, @r"
    plugin refused at check `parse`: it does not begin like WebAssembly, with `\x00asm`, but with `#!/b`; hint: upload the `.wasm` file as it was built
    ");
    assert_snapshot!(refused(&rig, b"\0asm\x01\0\0\0".to_vec()).await, @"
    plugin refused at check `parse`: it is a core module, not a component; hint: build with `cargo xtask plugins`, or run `wasm-tools component new` on it
    ");
    let half = refused(&rig, whole[..whole.len() / 2].to_vec()).await;
    assert!(half.starts_with("plugin refused at check `parse`: not a valid"), "{half}");
    let mut more = whole.clone();
    more.push(0);
    assert!(refused(&rig, more).await.contains("check `parse`"));
    assert!(rig.registry.versions().await.unwrap().is_empty());
}

#[tokio::test]
async fn code_that_was_compiled_elsewhere_is_never_run() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let rig = Setup::default().cache(Some(cache.clone())).start().await;
    rig.upload("plugins/rank-fifo").await;
    let entry = std::fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    let entry = std::fs::read(entry).unwrap();
    // An entry of the cache as it is, and the code in it.
    let code = entry.windows(4).position(|bytes| bytes == b"\x7fELF").unwrap();
    for compiled in [entry.clone(), entry[code..].to_vec()] {
        assert!(refused(&rig, compiled).await.starts_with("plugin refused at check `parse`"));
    }
}

#[tokio::test]
async fn a_component_over_the_limit_is_refused_unread() {
    let limits = Limits { component_mb: 1, ..patient() };
    let rig = Setup::default().limits(limits).start().await;
    let verdict = rig.registry.check(vec![0; (1 << 20) + 1]).await.unwrap();
    assert_snapshot!(told(&verdict), @"
    - size: 1048577 bytes, at most 1048576 are allowed; hint: strip debug information, or raise `plugins.limits.component_mb`
    ");
    let verdict = rig.registry.check(vec![0; 1 << 20]).await.unwrap();
    assert_eq!(verdict.failure().unwrap().name, "parse");
}

#[tokio::test]
async fn an_import_that_is_not_granted_is_refused_by_name() {
    for (grants, name) in [
        (Grants { log: false, ..all() }, "log"),
        (Grants { tasks: false, ..all() }, "tasks"),
        (Grants { state: false, ..all() }, "state"),
        (Grants { schedules: false, ..all() }, "schedules"),
        (Grants { messages: false, ..all() }, "messages"),
    ] {
        let rig = Setup::default().grants(grants.clone()).start().await;
        // Whoever grants is another one than who uploads.
        assert!(rig.upload("guests/evil-scheduler").await.verdict.accepted);
        let refused = rig.activate("guests/evil-scheduler", sin("none")).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "plugin refused at check `imports`: it imports `hinny:plugin/{name}@0.1.1`, which is not granted to this scheduler; hint: grant it in the configuration, or build the plugin without it"
            )
        );
        let started =
            Setup::default().grants(grants).start_with("guests/evil-scheduler", sin("none")).await;
        assert_eq!(started.status(World::Scheduler).await.title, None, "nor at a start");
    }
    let rig = Setup::default()
        .grants(Grants { tasks: false, state: false, ..Grants::default() })
        .start()
        .await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    let rig = Setup::default().grants(Grants::default()).start().await;
    let refused = rig.activate("guests/evil-scheduler", sin("none")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "plugin refused at check `imports`: it imports `hinny:plugin/connector@0.1.1`, and no service is granted to this scheduler; hint: name those that it may ask in `plugin_grants.connector`, or build the plugin without it"
    );
}

#[tokio::test]
async fn a_version_goes_only_where_its_world_is_wanted() {
    let rig = Rig::start().await;
    let version = rig.upload("plugins/rank-fifo").await;
    let activate = async |slot, digest| {
        let request = ActivateRequest::version(slot, digest, "ann");
        rig.registry.activate(request).await.unwrap_err().to_string()
    };
    let told = [
        activate(slot("jobs", World::Scheduler), version.digest).await,
        activate(slot("nobody", World::Ranker), version.digest).await,
        activate(slot("jobs", World::Ranker), PluginDigest([7; 32])).await,
    ];
    with_settings!({ filters => [("[0-9a-f]{64}", "[digest]")] }, {
        assert_snapshot!(told.join("\n"), @"
        slot `jobs/scheduler` takes a scheduler, `sha256:[digest]` is a ranker
        no slot `nobody/ranker`; hint: slots belong to the schedulers of the configuration
        no plugin version `sha256:[digest]`; hint: `hinny plugin list` shows them, `hinny plugin load FILE` adds one
        ");
    });
}

#[tokio::test]
async fn checking_keeps_nothing_and_uploading_twice_keeps_one() {
    let rig = Rig::start().await;
    rig.registry.check(component("plugins/rank-fifo")).await.unwrap();
    assert!(rig.registry.versions().await.unwrap().is_empty());
    let first = rig.upload("plugins/rank-fifo").await;
    let again = rig.registry.upload(Upload::unsigned(component("plugins/rank-fifo"), "bob")).await;
    let again = again.unwrap();
    assert_eq!((first.digest, "ann"), (again.digest, again.uploaded_by.as_str()));
    assert_eq!(rig.registry.versions().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_above_the_limit_are_told_to_come_again() {
    let limits = Limits { verifications: 1, verifications_waiting: 1, ..patient() };
    // Each compiles, so that none is done before the others come.
    let rig = Setup::default().limits(limits).cache(None).start().await;
    let checks = (0..8).map(|_| {
        let registry = rig.registry.clone();
        let component = component("plugins/jobs");
        tokio::task::spawn(async move { registry.check(component).await })
    });
    let (mut taken, mut sent_away) = (0, 0);
    for check in checks.collect::<Vec<_>>() {
        match check.await.unwrap() {
            Ok(verdict) => taken += u32::from(verdict.accepted),
            Err(PluginError::TooManyUploads { .. }) => sent_away += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(taken >= 1 && sent_away >= 1 && taken + sent_away == 8, "{taken} {sent_away}");
}

#[test]
fn a_component_is_checked_without_a_host_too() {
    let setup = Setup::default();
    let check =
        |settings| verify(setup.config(), &component("guests/evil-ranker"), settings).unwrap();
    assert!(check(None).accepted);
    let verdict = check(Some(&sin("too-few")));
    assert_eq!(verdict.failure().unwrap().name, "samples");
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    /// A damaged component is refused, or found sound after all; it never brings the host down.
    #[test]
    fn damage_of_any_kind_is_survived(damage in vec((any::<u32>(), any::<u8>()), 1..8)) {
        let mut bytes = component("guests/counter");
        for (at, value) in damage {
            let at = at as usize % bytes.len();
            bytes[at] = value;
        }
        let setup = Setup::default().cache(None);
        let verdict = verify(setup.config(), &bytes, None).unwrap();
        prop_assert!(!verdict.checks.is_empty());
        prop_assert!(verdict.accepted == verdict.failure().is_none());
    }
}
