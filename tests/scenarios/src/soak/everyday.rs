//! Days without trouble: the bridge is restarted in order at the end of each, and what it costs and how long messages take is
//! measured.
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::{Result, World};

/// What people take for at once: so many seconds, a bound of the bridge's histogram.
const SOON: &str = "5";

/// The days so far.
#[derive(Debug)]
pub(super) struct Everyday {
    day: Duration,
    begun: Instant,
    /// Resident memory at the end of each day, in bytes.
    memory: Vec<u64>,
    carried: u64,
    soon: u64,
}

/// What the days came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    /// Resident memory at the end of each day, in megabytes of a million bytes.
    pub memory: Vec<f64>,
    /// Events that were carried over.
    pub carried: u64,
    /// Those of them that took five seconds at most from their receipt.
    pub soon: u64,
    /// Lines of the log.
    pub lines: usize,
}

impl Everyday {
    /// That many days in this time.
    pub(super) fn new(days: u32, minutes: f64) -> Self {
        let day = Duration::from_secs_f64(minutes * 60.0 / f64::from(days.max(1)));
        Self { day, begun: Instant::now(), memory: Vec::new(), carried: 0, soon: 0 }
    }

    /// Whether the day is over.
    pub(super) fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.day
    }

    /// Measures and restarts.
    pub(super) async fn end_day(&mut self, world: &mut World) -> Result<()> {
        let metrics = reqwest::get(world.bridge.url("/metrics")).await?.text().await?;
        self.carried += sum(&metrics, "bridge_done_seconds_count", "")?;
        self.soon += sum(&metrics, "bridge_done_seconds_bucket", &format!("le=\"{SOON}\""))?;
        self.memory.push(world.bridge.resident_memory()?);
        world.bridge.stop().await?;
        world.bridge.start().await?;
        self.begun = Instant::now();
        Ok(())
    }

    /// What was measured.
    pub(super) fn days(&self, world: &World) -> Days {
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let megabytes = |bytes: &u64| *bytes as f64 / 1e6;
        Days {
            memory: self.memory.iter().map(megabytes).collect(),
            carried: self.carried,
            soon: self.soon,
            lines: world.bridge.log().lines().count(),
        }
    }
}

/// The sum of a metric over its labels, of those lines that have this label.
fn sum(metrics: &str, name: &str, label: &str) -> Result<u64> {
    let of_metric = |line: &&str| line.starts_with(name) && line.contains(label);
    let values: Vec<&str> =
        metrics.lines().filter(of_metric).filter_map(|line| line.split_whitespace().last()).collect();
    ensure!(!values.is_empty(), "there is no metric {name} with {label}");
    values.into_iter().map(|value| value.parse::<u64>().with_context(|| format!("{name} is {value}"))).sum()
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  {} days; memory at the end of each:", self.memory.len())?;
        self.memory.iter().try_for_each(|megabytes| write!(f, " {megabytes:.1}"))?;
        let late = self.carried.saturating_sub(self.soon);
        write!(f, " MB; {late} of {} took longer than {SOON} s; {} lines of log", self.carried, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let text = "# HELP a b\na_count{source=\"x\"} 3\na_count{source=\"y\"} 4\nb_bucket{le=\"5\"} 2\nb_bucket{le=\"50\"} 9\n";
        assert_eq!(sum(text, "a_count", "").ok(), Some(7));
        assert_eq!(sum(text, "b_bucket", "le=\"5\"").ok(), Some(2));
        assert!(sum(text, "c", "").is_err());
    }

    #[test]
    fn what_was_late_is_told() {
        let days = Days { memory: vec![30.04, 31.0], carried: 1_000, soon: 999, lines: 12 };
        let told = days.to_string();
        assert!(
            told.contains("2 days; memory at the end of each: 30.0 31.0 MB; 1 of 1000 took longer"),
            "{told}"
        );
    }
}
