//! What an import did, in numbers and remarks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use hinny_core::{SchedulerId, TaskStatus, import::ImportOutcome};
use serde_json::json;

use crate::{cli::output, config::Config};

/// Most remarks that are shown; the rest is counted.
const REMARKS_MAX: usize = 20;

/// What became of a kind of rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    imported: u64,
    present: u64,
    left_out: u64,
}

/// What an import did.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<&'static str, Count>,
    /// What a person should know.
    pub(super) remarks: Vec<String>,
    /// The schedulers of the tasks.
    pub(super) schedulers: BTreeSet<SchedulerId>,
}

impl Tally {
    /// Counts an outcome.
    pub(super) fn add(&mut self, what: &'static str, outcome: ImportOutcome) {
        let count = self.counts.entry(what).or_default();
        match outcome {
            ImportOutcome::Imported => count.imported += 1,
            ImportOutcome::Present => count.present += 1,
            ImportOutcome::Duplicate(_) | ImportOutcome::HashTaken(_) => count.left_out += 1,
        }
    }

    /// Counts something that cannot come over.
    pub(super) fn leave_out(&mut self, what: &'static str, why: String) {
        self.counts.entry(what).or_default().left_out += 1;
        self.remarks.push(why);
    }

    /// Whether nothing was left out.
    pub(super) fn is_whole(&self) -> bool {
        self.counts.values().all(|count| count.left_out == 0)
    }

    /// What is said at the end.
    pub(super) fn report(&self, dry_run: bool, config: &Config) -> String {
        let order = ["schedules"].into_iter().chain(TaskStatus::ALL.map(TaskStatus::as_str));
        let rows: Vec<_> = order
            .chain(["tasks"])
            .filter_map(|what| self.counts.get(what).map(|count| (what, count)))
            .map(|(what, count)| {
                json!({ "what": what, "imported": count.imported, "present": count.present,
                    "left_out": count.left_out })
            })
            .collect();
        let imported = if dry_run { "WOULD COME" } else { "IMPORTED" };
        let mut report = output::table(
            &rows,
            &[
                ("", "/what"),
                (imported, "/imported"),
                ("THERE ALREADY", "/present"),
                ("LEFT OUT", "/left_out"),
            ],
        );
        for remark in self.remarks.iter().take(REMARKS_MAX) {
            let _ = writeln!(report, "{remark}");
        }
        if let Some(more) = self.remarks.len().checked_sub(REMARKS_MAX).filter(|more| *more > 0) {
            let _ = writeln!(report, "and {more} more of this kind");
        }
        for scheduler in &self.schedulers {
            if !config.schedulers.iter().any(|known| known.id == *scheduler) {
                let _ = writeln!(
                    report,
                    "scheduler `{scheduler}` is not configured: nobody hands out its tasks; \
                     hint: add `[[schedulers]]` with that `id`"
                );
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::TaskId;

    use super::*;

    #[test]
    fn the_report_counts_and_names_what_was_left_out() {
        let mut tally = Tally::default();
        tally.add("completed", ImportOutcome::Imported);
        tally.add("queued", ImportOutcome::Present);
        tally.add("schedules", ImportOutcome::Imported);
        assert!(tally.is_whole());
        tally.schedulers.insert(SchedulerId::new("jobs").unwrap());
        for number in 0..22 {
            tally.leave_out("tasks", format!("task {number} has no data"));
        }
        let report = tally.report(false, &Config::default());
        assert!(!tally.is_whole());
        let short: Vec<&str> =
            report.lines().filter(|line| !line.contains("has no data")).collect();
        let short = short.join("\n");
        for said in [
            "schedules         1              0         0",
            "queued            0              1         0",
            "completed         1              0         0",
            "tasks             0              0        22",
            "and 2 more of this kind",
            "scheduler `jobs` is not configured: nobody hands out its tasks",
        ] {
            assert!(short.contains(said), "{said}: {report}");
        }
        let duplicate = ImportOutcome::Duplicate(TaskId(uuid::Uuid::nil()));
        tally.add("queued", duplicate);
        assert_eq!(tally.counts["queued"].left_out, 1);
    }
}
