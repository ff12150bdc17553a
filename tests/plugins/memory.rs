//! What traps and swaps leave behind in memory: nothing, as the operating system counts it.
//!
//! Each is counted in a process of its own, where no other test takes memory: the test runs itself
//! again, and there what is called [`RUN`].

use std::{env, fs, process::Command};

use hinny_core::ranker::FailureKind;

use super::{
    guests::{base, good, poisoned, sin},
    harness::{Rig, Setup, rank},
};

/// What the process of its own is to do.
const RUN: &str = "HINNY_TEST_MEMORY";

/// How much more the process may hold at the end than after its warm-up, in bytes.
const GROWTH_MAX: u64 = 20 << 20;

#[test]
fn ten_thousand_traps_leave_the_memory_as_it_was() {
    in_a_process_of_its_own("traps");
}

#[test]
fn a_thousand_swaps_leave_the_memory_as_it_was() {
    in_a_process_of_its_own("swaps");
}

/// Runs what is counted, and shows the figures.
fn in_a_process_of_its_own(run: &str) {
    let test = "plugins::memory::count_what_is_left_behind";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture"])
        .env(RUN, run)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("resident"), "the test has another name: {told}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the two above, each in a process of its own"]
async fn count_what_is_left_behind() {
    match env::var(RUN).as_deref() {
        Ok("traps") => traps().await,
        Ok("swaps") => swaps().await,
        // Not on its own, with `--include-ignored`.
        _ => {}
    }
}

async fn traps() {
    let rig = Setup::default().start_with("guests/evil-ranker", sin("trap-on-poison")).await;
    let ranker = rig.ranker();
    let batch = poisoned(&*ranker);
    let trap = async |times: usize| {
        for _ in 0..times {
            let failed = rank(&*ranker, batch.clone()).await.unwrap_err();
            assert_eq!(failed.kind, FailureKind::Trap);
        }
    };
    trap(1_000).await;
    let before = resident();
    trap(10_000).await;
    grown_since(before, "10,000 traps");
    assert_eq!(rig.registry.instances(), 0);
    rank(&*ranker, good(&*ranker, 1)).await.unwrap();
}

async fn swaps() {
    let rig = Rig::start().await;
    let swap = async |from: i64, to: i64| {
        for number in from..to {
            // Other settings: another generation, configured and called anew.
            rig.activate("plugins/rank-weighted", base(number)).await.unwrap();
            let ranker = rig.ranker();
            assert_eq!(rank(&*ranker, good(&*ranker, 1)).await, Ok(vec![number + 1]));
        }
    };
    swap(0, 100).await;
    let before = resident();
    swap(100, 1_100).await;
    grown_since(before, "1,000 swaps");
}

fn grown_since(before: u64, what: &str) {
    let after = resident();
    let grown = after.saturating_sub(before);
    println!("{what}: {before} bytes resident before, {after} after");
    assert!(grown < GROWTH_MAX, "{what} left {grown} bytes behind, at most {GROWTH_MAX}");
}

/// How much memory the process holds, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
