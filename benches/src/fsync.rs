//! What the disk itself costs: one small append, made durable.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::figures::Samples;

/// Bytes of each append.
const BLOCK: usize = 4096;

/// Appends to a file in the folder `count` times, at this rate per second, and gives each `fdatasync`'s time in
/// milliseconds. It begins half a step late: run beside a trickle it falls between the messages, so that it meets the same
/// disk without standing in their way.
pub(crate) async fn beside(folder: PathBuf, count: usize, per_second: f64) -> Result<Samples> {
    let path = folder.join("fsync-probe");
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let mut file = file.with_context(|| format!("{} could not be made.", path.display()))?;
    let mut samples = Samples::default();
    let begun = tokio::time::Instant::now();
    for number in 0..count {
        let due = Duration::from_secs_f64((number as f64 + 0.5) / per_second);
        tokio::time::sleep_until(begun + due).await;
        let took;
        (file, took) = tokio::task::spawn_blocking(move || append(file)).await??;
        samples.push(took.as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(&path)?;
    Ok(samples)
}

fn append(mut file: File) -> Result<(File, Duration)> {
    file.write_all(&[0x55; BLOCK])?;
    let begun = Instant::now();
    file.sync_data()?;
    Ok((file, begun.elapsed()))
}
