//! Compiled code on disk: the host's own, believed only when it is whole.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use hinny_core::plugin::{Plugins, World};
use hinny_plugins::Limits;
use serde_json::json;
use tokio::{sync::Barrier, task::spawn};

use super::{
    guests::{component, good},
    harness::{Rig, Setup, patient, rank},
};

fn setup(folder: &Path) -> Setup {
    Setup::default().cache(Some(folder.join("cache")))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("cache")).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Whether a component was found compiled.
async fn compiled_before(rig: &Rig, guest: &str) -> bool {
    let verdict = rig.registry.check(component(guest)).await.unwrap();
    let compile = verdict.checks.iter().find(|check| check.name == "compile").unwrap();
    assert!(compile.passed);
    compile.detail == "compiled before"
}

#[tokio::test]
async fn what_was_compiled_once_is_not_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start().await;
    assert!(!compiled_before(&rig, "guests/counter").await);
    assert!(compiled_before(&rig, "guests/counter").await);
    let other = setup(folder.path()).start().await;
    assert!(compiled_before(&other, "guests/counter").await, "a new host finds it");
    let without = Setup::default().cache(None).start().await;
    assert!(!compiled_before(&without, "guests/counter").await);
}

#[tokio::test]
async fn a_damaged_entry_is_made_anew_and_what_it_was_of_runs() {
    type Damage = fn(&Path, &[u8]);
    let damages: [(&str, Damage); 4] = [
        ("a bit is turned", |path, whole| {
            let mut turned = whole.to_vec();
            turned[whole.len() / 2] ^= 1;
            fs::write(path, turned).unwrap();
        }),
        ("the end is missing", |path, whole| fs::write(path, &whole[..whole.len() - 1]).unwrap()),
        ("it is empty", |path, _| fs::write(path, []).unwrap()),
        ("it is longer", |path, whole| {
            let mut longer = whole.to_vec();
            longer.extend_from_slice(whole);
            fs::write(path, longer).unwrap();
        }),
    ];
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start().await;
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    let [entry] = &entries(folder.path())[..] else { panic!("one entry") };
    let whole = fs::read(entry).unwrap();
    for (what, damage) in damages {
        damage(entry, &whole);
        let started = rig.restarted().await;
        let ranker = started.ranker();
        assert_eq!(rank(&*ranker, good(&*ranker, 2)).await, Ok(vec![0, 1]), "{what}");
        assert!(compiled_before(&started, "plugins/rank-fifo").await, "{what}: made anew");
    }
}

#[tokio::test]
async fn an_entry_under_the_name_of_another_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start().await;
    assert!(!compiled_before(&rig, "plugins/rank-fifo").await);
    let [fifo] = &entries(folder.path())[..] else { panic!("one entry") };
    assert!(!compiled_before(&rig, "guests/counter").await);
    let counter = entries(folder.path()).into_iter().find(|entry| entry != fifo).unwrap();
    fs::copy(&counter, fifo).unwrap();
    assert!(!compiled_before(&rig, "plugins/rank-fifo").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let rigs = [setup(folder.path()).start().await, setup(folder.path()).start().await];
    let guests = ["guests/counter", "plugins/rank-fifo", "guests/slow"];
    let start = Arc::new(Barrier::new(rigs.len() * guests.len()));
    let mut checks = Vec::new();
    for rig in &rigs {
        for guest in guests {
            let (registry, start) = (rig.registry.clone(), Arc::clone(&start));
            checks.push(spawn(async move {
                start.wait().await;
                registry.check(component(guest)).await
            }));
        }
    }
    for check in checks {
        assert!(check.await.unwrap().unwrap().accepted);
    }
    for guest in guests {
        assert!(compiled_before(&rigs[0], guest).await && compiled_before(&rigs[1], guest).await);
    }
    assert_eq!(entries(folder.path()).len(), guests.len(), "and nothing unfinished is left");
}

#[tokio::test]
async fn the_oldest_entries_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { cache_mb: 1, ..patient() };
    let rig = setup(folder.path()).limits(limits).start().await;
    let guests = ["plugins/jobs", "plugins/rank-weighted", "guests/evil-scheduler"];
    for guest in guests {
        compiled_before(&rig, guest).await;
    }
    assert!(!compiled_before(&rig, guests[0]).await, "it was the oldest");
    assert!(compiled_before(&rig, guests[0]).await);
    let bytes: u64 = entries(folder.path()).iter().map(|it| it.metadata().unwrap().len()).sum();
    assert!(bytes <= 1 << 20, "{bytes}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start().await;
    let cache = folder.path().join("cache");
    let mode = fs::metadata(&cache).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "it was made for this user alone");
    drop(rig);
    fs::set_permissions(&cache, PermissionsExt::from_mode(0o770)).unwrap();
    let rig = setup(folder.path()).start().await;
    assert!(!compiled_before(&rig, "guests/counter").await);
    assert!(!compiled_before(&rig, "guests/counter").await);
    assert!(entries(folder.path()).is_empty());
    // Everything works, only slower.
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    assert!(rig.status(World::Ranker).await.title.is_some());
}
