//! How long the disk takes to make a write durable: no commit is faster.

use std::{
    fs::File,
    io::{Seek as _, Write as _},
    path::Path,
    time::Instant,
};

use anyhow::Context;

use super::figure::{Report, duration, median};

/// Writes that are timed.
const WRITES: usize = 200;

/// Bytes of each, about what a small commit writes.
const BYTES: [u8; 8192] = [0x5a; 8192];

/// Measures `fdatasync` in a folder.
pub(crate) fn measure(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let path = folder.join("fdatasync");
    let mut file =
        File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    // The first ones also grow the file: not what a write-ahead log does most of the time.
    let mut times = Vec::with_capacity(WRITES);
    for at in 0..2 * WRITES {
        file.rewind()?;
        let began = Instant::now();
        file.write_all(&BYTES)?;
        file.sync_data()?;
        if at >= WRITES {
            times.push(began.elapsed().as_nanos() as f64);
        }
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    let p99 = times.get(WRITES * 99 / 100).copied().unwrap_or_default();
    let value = format!("{}, p99 {}", duration(median(times)), duration(p99));
    report.add("fdatasync of 8 KiB", value, "");
    Ok(())
}
