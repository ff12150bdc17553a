//! Tests of the whole plugin: what it commands, asks and sends, with OpenKAT's services around it.

use hinny_plugin::{
    scheduler::*,
    testing::{FakeHost, SchedulerTest},
};
use openkat::{hash, testing::Services};
use serde_json::{Value, json};

use crate::settings::Boefjes;

mod admission;
mod elsewhere;
mod failures;
mod mutations;
mod newcomers;
mod rescheduling;
mod settings;

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_770_000_000_000;
const KEY: &str = "Hostname|internet|example.com";

/// The plugin, without jitter, among services that know two boefjes and a host.
fn plugin() -> SchedulerTest<Boefjes> {
    plugin_with(json!({"jitter_seconds": 0}), services())
}

fn plugin_with(settings: Value, services: Services) -> SchedulerTest<Boefjes> {
    let plugin = SchedulerTest::new(settings).unwrap().now(NOW);
    services.install();
    plugin
}

fn services() -> Services {
    Services::new()
        .boefje("org-1", "dns-records", json!({"name": "DNS", "oci_image": "kat/dns"}))
        .boefje("org-1", "nmap", json!({"scan_level": 2}))
        .hostname("org-1", "example.com", 2)
}

fn key_hash(boefje: &str) -> String {
    hash::boefje(Some(KEY), boefje, "org-1")
}

/// The pushes among some commands.
fn pushes(commands: &[Command]) -> Vec<&Push> {
    let mut found = Vec::new();
    for command in commands {
        if let Command::Push(push) = command {
            found.push(push);
        }
    }
    found
}

/// The boefjes that some commands queue, in order of their names.
fn queued(commands: &[Command]) -> Vec<String> {
    let data = pushes(commands).into_iter().map(|push| data(&push.data));
    let mut ids: Vec<_> = data.map(|data| text(&data["boefje"]["id"])).collect();
    ids.sort();
    ids
}

fn schedules(commands: &[Command]) -> Vec<&UpsertSchedule> {
    let mut found = Vec::new();
    for command in commands {
        if let Command::UpsertSchedule(schedule) = command {
            found.push(schedule);
        }
    }
    found
}

fn data(document: &str) -> Value {
    serde_json::from_str(document).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Paths of the questions so far, each with its service.
fn asked() -> Vec<String> {
    FakeHost::requests().iter().map(|asked| format!("{}{}", asked.service, asked.path)).collect()
}
