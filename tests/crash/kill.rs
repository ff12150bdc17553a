//! SIGKILL at any moment.

use std::{collections::BTreeSet, fs, sync::Arc, thread, time::Duration};

use serde_json::Value;

use crate::{
    api::Api,
    book::Book,
    cluster::Cluster,
    crowd::{Crowd, attempts, path},
    home::{Home, Host, SCHEDULER, plugin},
};

/// Rounds, unless `HINNY_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 10;

/// Longest life of a host, in milliseconds.
const LIFE_MS_MAX: u64 = 400;

#[test]
fn a_host_that_is_killed_at_any_moment_loses_nothing_that_it_acknowledged() {
    kill_again_and_again(&Home::new());
}

#[test]
fn a_host_on_a_server_that_is_killed_at_any_moment_loses_nothing_that_it_acknowledged() {
    let cluster = Cluster::new();
    kill_again_and_again(&Home::on(&cluster.url()));
}

fn kill_again_and_again(home: &Home) {
    let (rounds, seed) = (setting("HINNY_KILL_ROUNDS", ROUNDS), setting("HINNY_SEED", by_chance()));
    println!("{rounds} rounds; again with HINNY_SEED={seed}");
    let book = Arc::new(Book::default());
    let rankers = rankers(&home.start());
    for round in 0..rounds {
        let host = home.start();
        let wrong = book.open().compare(&host.api());
        assert!(wrong.is_empty(), "before round {round}: {}", wrong.join("\n"));
        let crowd = Crowd::begin(&host.url, &book, &rankers);
        thread::sleep(Duration::from_millis(mixed(seed ^ round) % LIFE_MS_MAX));
        host.kill();
        crowd.end();
    }
    let host = home.start();
    let wrong = book.open().compare(&host.api());
    assert!(wrong.is_empty(), "at the end: {}", wrong.join("\n"));
    println!("{} tasks", book.open().len());
    assert!(book.open().len() as u64 > rounds, "the crowd did nothing");
    memory_is_the_database(&host.api());
}

/// Pops everything: that must be what the database has as queued, in order.
pub(crate) fn memory_is_the_database(api: &Api) {
    let mut queued = BTreeSet::new();
    let mut next =
        Some(format!("/tasks?scheduler_id={SCHEDULER}&status=queued&limit=500&offset=0"));
    while let Some(page) = next.take() {
        let page = api.get(&page);
        let tasks = page["results"].as_array().expect("a list of tasks");
        queued.extend(tasks.iter().map(|task| task["id"].as_str().unwrap().to_owned()));
        let more = page["next"].as_str().filter(|_| !tasks.is_empty());
        next = more.map(|url| url[url.find("/tasks").unwrap()..].to_owned());
    }
    let (mut popped, mut last) = (BTreeSet::new(), i64::MIN);
    loop {
        let (status, answer) = api.post(&path("pop?limit=500"), &Value::Null).expect("it is up");
        assert_eq!(status, 200, "{answer}");
        for task in answer["results"].as_array().unwrap() {
            let priority = task["priority"].as_i64().unwrap();
            assert!(last <= priority, "{priority} came after {last}");
            last = priority;
        }
        let tasks = attempts(&answer);
        if tasks.is_empty() {
            break;
        }
        popped.extend(tasks.into_iter().map(|(id, _)| id));
    }
    assert_eq!(popped, queued);
}

/// The rankers that the operator swaps between.
fn rankers(host: &Host) -> Arc<[String]> {
    let url = format!("{}/plugins", host.url);
    let component = fs::read(plugin("rank-weighted")).unwrap();
    let answer = ureq::post(&url).content_type("application/wasm").send(&component).unwrap();
    assert_eq!(answer.status(), 201);
    ["rank-fifo", "rank-weighted"].map(str::to_owned).into()
}

#[expect(clippy::disallowed_methods, reason = "how long to test is nothing of the configuration")]
fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn by_chance() -> u64 {
    getrandom::u64().expect("the system has randomness")
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): numbers that look unrelated.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
