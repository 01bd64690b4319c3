//! What a soak came to.
use std::fmt;
use std::time::Duration;

use super::Days;
use crate::Result;

/// How many examples of each kind of difference are told.
const EXAMPLES: usize = 6;

/// Differences of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: usize,
    /// The first few in words.
    pub examples: Vec<String>,
}

impl Found {
    fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(text());
        }
    }
}

/// The differences at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Not there, or not as it was said last.
    pub lost: Found,
    /// There more than once, or still there.
    pub doubled: Found,
    /// Before something that was said earlier in its channel.
    pub reordered: Found,
    /// Where the bridge's log is, if there are any.
    pub log: Option<std::path::PathBuf>,
}

impl Differences {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.lost.count + self.doubled.count + self.reordered.count == 0
    }

    pub(super) fn lose(&mut self, text: impl FnOnce() -> String) {
        self.lost.add(text);
    }

    pub(super) fn reorder(&mut self, text: impl FnOnce() -> String) {
        self.reordered.add(text);
    }

    /// Takes note of something that is there so many times and should be so many times; `text` tells what.
    pub(super) fn count(&mut self, there: usize, wanted: usize, text: impl FnOnce() -> String) {
        let text = || format!("{} is there {there} times, not {wanted}", text());
        match there.cmp(&wanted) {
            std::cmp::Ordering::Less => self.lost.add(text),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.doubled.add(text),
        }
    }
}

/// What a soak came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where the random numbers began.
    pub seed: u64,
    /// Things said and done.
    pub events: usize,
    /// For how long.
    pub talked: Duration,
    /// How long both sides took to be equal after that.
    pub settled: Duration,
    /// How often the bridge was killed.
    pub kills: usize,
    /// Other trouble.
    pub faults: usize,
    /// How often the work went from one process to another.
    pub takeovers: usize,
    /// What was measured, if it was everyday life.
    pub days: Option<Days>,
    /// What was not as it should be.
    pub found: Differences,
}

impl Report {
    /// Writes what the bridge wrote where it outlives the world, if there are differences.
    pub(super) fn with_log(mut self, log: impl FnOnce() -> String) -> Result<Self> {
        if !self.found.is_none() {
            let path = std::env::temp_dir().join(format!("soak-{}-{}.log", self.seed, std::process::id()));
            std::fs::write(&path, log())?;
            self.found.log = Some(path);
        }
        Ok(self)
    }

    /// Whether nothing was lost, doubled or reordered.
    pub fn is_good(&self) -> bool {
        self.found.is_none()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Differences { lost, doubled, reordered, log } = &self.found;
        write!(
            f,
            "seed {}: {} events in {:.0} s, {} kills, {} other faults, {} takeovers; {} lost, {} doubled, \
             {} reordered; equal {:.1} s after the last trouble, and still so when all was quiet",
            self.seed,
            self.events,
            self.talked.as_secs_f64(),
            self.kills,
            self.faults,
            self.takeovers,
            lost.count,
            doubled.count,
            reordered.count,
            self.settled.as_secs_f64(),
        )?;
        self.days.iter().try_for_each(|days| write!(f, "{days}"))?;
        for found in [lost, doubled, reordered] {
            found.examples.iter().try_for_each(|example| write!(f, "\n  {example}"))?;
        }
        log.iter().try_for_each(|log| write!(f, "\n  The bridge's log is kept in {}", log.display()))
    }
}
