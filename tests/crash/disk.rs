//! A disk that is full, while the host runs.
#![cfg(target_os = "linux")]

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    crowd::{attempts, path, work},
    home::Home,
};

/// Room for the database and its log, in units of 512 bytes: enough to start, and for some tasks.
const BLOCKS: u32 = 4096;

#[test]
fn a_full_disk_costs_nothing_that_was_acknowledged_and_work_goes_on_once_there_is_room() {
    let home = Home::new();
    // A limit on the size of files stands in for the end of the disk: writes fail in the same place.
    let mut full = Command::new("sh");
    full.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"")]);
    full.arg(env!("CARGO_BIN_EXE_hinny"));
    let host = home.start_by(full);
    let api = host.api();

    let mut acknowledged = Vec::new();
    let refusal = loop {
        let (ids, items): (Vec<_>, Vec<_>) = (0..500).map(|_| padded()).unzip();
        let answer = api.post(&path("push/batch"), &json!({ "items": items })).expect("it is up");
        if answer.0 != 200 {
            break answer;
        }
        acknowledged.extend(ids);
    };
    assert_eq!(refusal.0, 503, "{}", refusal.1);
    let detail = refusal.1["detail"].as_str().unwrap();
    assert!(detail.contains("hint"), "{detail}");
    assert!(!acknowledged.is_empty(), "nothing fitted");
    let queued = || api.get(path("").trim_end_matches('/'))["qsize"].as_u64().unwrap();
    assert_eq!(queued(), acknowledged.len() as u64);

    let lifted = Command::new("prlimit")
        .args(["--pid", &host.pid().to_string(), "--fsize=unlimited:"])
        .status()
        .expect("prlimit is there");
    assert!(lifted.success());
    let (id, task) = work();
    assert_eq!(api.post(&path("push"), &task).expect("it is up").0, 201);
    acknowledged.push(id);
    let mut popped = Vec::new();
    while popped.len() < acknowledged.len() {
        let answer = api.post(&path("pop?limit=500"), &Value::Null).expect("it is up");
        let tasks = attempts(&answer.1);
        assert!(!tasks.is_empty(), "{} of {}: {answer:?}", popped.len(), acknowledged.len());
        popped.extend(tasks.into_iter().map(|(id, _)| id));
    }
    popped.sort();
    acknowledged.sort();
    assert_eq!(popped, acknowledged);
    assert_eq!(queued(), 0);
}

/// A task of about a kilobyte.
fn padded() -> (String, Value) {
    let (id, mut task) = work();
    task["data"]["text"] = Value::String("x".repeat(1000));
    (id, task)
}
