//! The work that is pushed: jobs on hosts, each with a number of its own.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use clap::ValueEnum;
use uuid::Uuid;

use crate::openkat;

/// Organisations whose work it is.
const ORGANISATIONS: u64 = 8;

/// Priority of the first boefje: a moment in seconds, as OpenKAT has it.
const PRIORITY: u64 = 1_790_000_000;

/// One task in so many is marked as poison: a ranker of the tests fails on those.
const POISON_EVERY: u64 = 1000;

/// What the tasks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Jobs on hosts.
    Jobs,
    /// Boefjes of OpenKAT on hostnames.
    Boefjes,
}

/// Makes tasks that are unlike any other task of this or another run.
pub(crate) struct Work {
    kind: Kind,
    run: Uuid,
    next: AtomicU64,
}

impl Work {
    /// Work of a new run.
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, run: Uuid::now_v7(), next: AtomicU64::new(0) }
    }

    /// One task, as the body of a push.
    pub(crate) fn task(&self) -> Vec<u8> {
        let mut text = String::with_capacity(256);
        self.write_task(&mut text);
        text.into_bytes()
    }

    /// Many tasks, as the body of a batch push.
    pub(crate) fn batch(&self, size: usize) -> Vec<u8> {
        let mut text = String::with_capacity(256 * size);
        text.push_str(r#"{"items":["#);
        for at in 0..size {
            if at > 0 {
                text.push(',');
            }
            self.write_task(&mut text);
        }
        text.push_str("]}");
        text.into_bytes()
    }

    fn write_task(&self, text: &mut String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match self.kind {
            Kind::Jobs => self.write_job(text, number),
            Kind::Boefjes => self.write_boefje(text, number),
        }
    }

    /// Each on a hostname of its own, all boefjes and both of their images in turn.
    fn write_boefje(&self, text: &mut String, number: u64) {
        let (organisation, boefje) = (openkat::organisation(number), openkat::boefje(number));
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            r#"{{"organisation":"{organisation}","priority":{},"data":{{"boefje":{{"id":"{boefje}","name":"The boefje {boefje}","version":null,"oci_image":"{}"}},"input_ooi":"Hostname|internet|h{number}.{}.example","organization":"{organisation}","deduplication_key":null,"dispatches":[]}}}}"#,
            PRIORITY + number / 1000,
            openkat::image(number),
            self.run.simple(),
        );
    }

    /// Spread over organisations, levels and costs, so that a ranker has something to weigh.
    fn write_job(&self, text: &mut String, number: u64) {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            r#"{{"organisation":"org-{}","priority":{},"data":{{"host":"host-{number}.example","run":"{}","scan":"scan-{}","scan_level":{},"cost":{},"poison":{}}}}}"#,
            number % ORGANISATIONS,
            1 + (spread >> 40) % 1_000_000,
            self.run,
            (spread >> 8) % 20,
            (spread >> 16) % 5,
            (spread >> 24) % 1000,
            number % POISON_EVERY == POISON_EVERY - 1,
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn no_task_is_like_another_and_some_are_poison() {
        let work = Work::new(Kind::Jobs);
        let batch: Value = serde_json::from_slice(&work.batch(2000)).unwrap();
        let mut tasks: Vec<String> = batch["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["data"].to_string())
            .collect();
        let poison = tasks.iter().filter(|task| task.contains("\"poison\":true")).count();
        tasks.sort();
        tasks.dedup();
        assert_eq!((tasks.len(), poison), (2000, 2));
        assert!(serde_json::from_slice::<Value>(&work.task()).is_ok());
    }

    #[test]
    fn half_of_the_boefjes_are_for_either_image() {
        let batch: Value = serde_json::from_slice(&Work::new(Kind::Boefjes).batch(100)).unwrap();
        let images = batch["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["data"]["boefje"]["oci_image"] == openkat::image(0));
        assert_eq!(images.count(), 50);
    }
}
