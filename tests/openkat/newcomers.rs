//! An organisation begins to use a boefje.

use std::time::Duration;

use serde_json::json;

use super::harness::OpenKat;

const MINUTE: Duration = Duration::from_mins(1);

fn looked_for_objects(kat: &OpenKat) -> usize {
    kat.octopoes.service.asked().iter().filter(|path| path.ends_with("/objects")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_boefje_runs_on_all_objects_and_a_restart_makes_nothing_new() {
    let kat = OpenKat::start().await;
    for n in 0..230 {
        kat.octopoes.hostname("org-1", &format!("{n}.example"), 1 + n % 2);
    }
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    kat.later(MINUTE);
    kat.queued("boefje", 230).await;
    kat.katalogus.boefje("org-1", "nmap", json!({"scan_level": 2}));
    kat.later(MINUTE);
    kat.queued("boefje", 230 + 115).await;
    assert_eq!(kat.pop_all("boefje").await.len(), 345);

    let looked = looked_for_objects(&kat);
    let kat = kat.restart().await;
    let rounds = kat.katalogus.service.asked().len();
    kat.later(MINUTE);
    while kat.katalogus.service.asked().len() < rounds + 2 {
        tokio::task::yield_now().await;
    }
    kat.queued("boefje", 0).await;
    assert_eq!(looked_for_objects(&kat), looked, "no boefje is new");
    kat.host.stop().await;
}
