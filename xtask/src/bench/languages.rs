//! The same ranker in every language: how large it is, how long it takes to start, what a task costs.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::sh;

/// The rule of `four-inputs` in each language, by the names of the components.
const LANGUAGES: [(&str, &str); 6] = [
    ("Rust", "four-inputs"),
    ("C", "four-inputs-c"),
    ("AssemblyScript", "four-inputs-assemblyscript"),
    ("Go", "four-inputs-go"),
    ("JavaScript, QuickJS", "four-inputs-javascript"),
    ("Python", "four-inputs-python"),
];

/// The columns of the table in `docs/performance.md`.
const HEAD: &str = "| language | size | compile | new instance | ns per task at 1,000, warm | fresh | one task, warm |\n|---|---|---|---|---|---|---|";

/// Measures each with `hinny plugin bench`, and prints the table.
pub(super) fn measure(hinny: &Path) -> Result<()> {
    let mut rows = Vec::new();
    for (language, guest) in LANGUAGES {
        let component = sh::dist_dir()?.join("guests").join(guest).with_extension("wasm");
        let mut bench = Command::new(hinny);
        bench.args(["plugin", "bench"]).arg(&component).args(["--output", "json"]);
        let told = sh::output(&mut bench).with_context(|| format!("{language} is not measured"))?;
        let figures = serde_json::from_str(&told).context("it told no figures")?;
        let row = row(language, &figures).with_context(|| format!("not a figure: {told}"))?;
        sh::step(&row);
        rows.push(row);
    }
    println!("\n{HEAD}\n{}", rows.join("\n"));
    Ok(())
}

fn row(language: &str, figures: &Value) -> Option<String> {
    let number = |place: &str| figures.pointer(place)?.as_f64();
    let batches = figures.get("batches")?.as_array()?;
    let at = |tasks: u64, name: &str| {
        batches.iter().find(|batch| batch["tasks"] == tasks)?.get(name)?.as_f64()
    };
    Some(format!(
        "| {language} | {} | {} | {} | {} | {} | {} |",
        size(number("/size_bytes")?),
        time(number("/compile_ms")? * 1e6),
        time(number("/instance_us")? * 1e3),
        thousands(at(1_000, "warm_ns_per_task")?),
        thousands(at(1_000, "fresh_ns_per_task")?),
        time(at(1, "warm_ns_per_task")?),
    ))
}

fn size(bytes: f64) -> String {
    if bytes < 1e6 { format!("{:.0} kB", bytes / 1e3) } else { format!("{:.1} MB", bytes / 1e6) }
}

/// With two digits that count, or three.
fn time(nanos: f64) -> String {
    match nanos {
        seconds if seconds >= 2e9 => format!("{:.1} s", seconds / 1e9),
        long if long >= 1e7 => format!("{} ms", thousands(long / 1e6)),
        millis if millis >= 1e6 => format!("{:.1} ms", millis / 1e6),
        short if short >= 1e4 => format!("{:.0} µs", short / 1e3),
        micros => format!("{:.1} µs", micros / 1e3),
    }
}

fn thousands(number: f64) -> String {
    let whole = number.round() as u64;
    if whole < 1_000 {
        whole.to_string()
    } else {
        format!("{},{:03}", whole / 1_000, whole % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_as_the_table_in_the_documents_has_it() {
        let batch = |tasks: u64, warm: u64, fresh: u64| json!({"tasks": tasks, "warm_ns_per_task": warm, "fresh_ns_per_task": fresh});
        let figures = json!({
            "size_bytes": 18_426_042, "compile_ms": 8_300.0, "instance_us": 2_312.0,
            "batches": [batch(1, 45_200, 2_400_000), batch(1_000, 3_511, 7_214)],
        });
        assert_eq!(
            row("Python", &figures).unwrap(),
            "| Python | 18.4 MB | 8.3 s | 2.3 ms | 3,511 | 7,214 | 45 µs |"
        );
        assert_eq!(row("Python", &json!({"size_bytes": 1})), None);
    }

    #[test]
    fn small_figures_keep_their_digits() {
        let texts = [time(1_304e6), time(49e6), time(18_200.0), time(950.0), size(13_800.0)];
        assert_eq!(texts, ["1,304 ms", "49 ms", "18 µs", "0.9 µs", "14 kB"]);
    }
}
