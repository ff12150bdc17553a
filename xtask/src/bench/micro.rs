//! The benches of single parts, run by criterion.

use std::{fs, path::Path};

use anyhow::Context;
use serde_json::Value;

use super::figure::{Report, duration};
use crate::{http::field, sh};

/// Runs the benches and adds the median of each.
pub(crate) fn measure(quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let folder = sh::target_dir()?.join("criterion");
    // Results of benches that are gone would be shown as if they were new.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    let mut command = sh::cargo();
    command.args(["bench", "--package", "hinny-core", "--package", "hinny-tests", "--benches"]);
    command.args(["--", "--noplot"]);
    if quick {
        command.args(["--warm-up-time", "0.5", "--measurement-time", "1"]);
    }
    sh::run(command.current_dir(sh::root()?))?;
    let mut medians = Vec::new();
    collect(&folder, &mut medians);
    medians.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, nanos) in medians {
        report.add(&name, duration(nanos), "");
    }
    Ok(())
}

/// The medians below a folder of criterion, in nanoseconds, by the name of the bench.
fn collect(folder: &Path, medians: &mut Vec<(String, f64)>) {
    if let Some(median) = median_of(&folder.join("new")) {
        medians.push(median);
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.path().is_dir() {
            collect(&entry.path(), medians);
        }
    }
}

fn median_of(folder: &Path) -> Option<(String, f64)> {
    let bench = json(&folder.join("benchmark.json"))?;
    let estimates = json(&folder.join("estimates.json"))?;
    let name = field(&bench, "/full_id").as_str()?.to_owned();
    Some((name, field(&estimates, "/median/point_estimate").as_f64()?))
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}
