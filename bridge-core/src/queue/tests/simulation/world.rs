//! All that outlives a process: the table, the network, the clocks, and what may go wrong.

use super::random::Random;
use super::table::Table;
use crate::queue::{Job, Source};

/// How an effect is kept from happening twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A post on the network, of one or two parts: it is looked for where there is doubt.
    Post,
    /// An edit on the network: it is made again. What has happened may be refused the second time.
    Edit,
    /// A send to Matrix: its transaction id makes a repeat harmless.
    Put,
}

impl Kind {
    pub(super) fn source(self) -> Source {
        if self == Self::Put { Source::Remote } else { Source::Matrix }
    }
}

/// One event, and what has become of it outside.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) lane: usize,
    pub(super) kind: Kind,
    pub(super) parts: usize,
    /// How many of its parts are there.
    pub(super) there: usize,
    /// How often a sender was told that it is new.
    pub(super) new: usize,
    /// Whether somebody was told that it was given up.
    pub(super) told: bool,
}

impl Event {
    /// Whether it has had its whole effect.
    pub(super) fn is_done(&self) -> bool {
        self.there == self.parts
    }
}

/// What goes wrong, in how many of 1,000 cases.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    pub(super) kill: usize,
    pub(super) commit: usize,
    pub(super) read: usize,
    pub(super) network: usize,
    pub(super) refusal: usize,
    pub(super) impatience: usize,
}

/// What happened, over all runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) steps: u64,
    pub(super) events: u64,
    pub(super) kills: u64,
    pub(super) failed_commits: u64,
    pub(super) lost_answers: u64,
    pub(super) late_commits: u64,
    pub(super) found_behind: u64,
    pub(super) failed_reads: u64,
    pub(super) network_faults: u64,
    pub(super) refusals: u64,
    pub(super) look_ups: u64,
    pub(super) refills: u64,
    pub(super) letters_taken: u64,
    pub(super) clock_jumps: u64,
}

impl Counts {
    /// Each with its name, in order.
    pub(super) fn named(&self) -> [(&'static str, u64); 14] {
        [
            ("steps", self.steps),
            ("events accepted", self.events),
            ("kills", self.kills),
            ("failed commits", self.failed_commits),
            ("commits carried out whose answer was lost", self.lost_answers),
            ("commits carried out after they had failed", self.late_commits),
            ("jobs found behind such a commit", self.found_behind),
            ("failed reads", self.failed_reads),
            ("faults of the network", self.network_faults),
            ("refusals", self.refusals),
            ("look-ups", self.look_ups),
            ("windows read from the table", self.refills),
            ("letters tried again", self.letters_taken),
            ("jumps of the clock", self.clock_jumps),
        ]
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.kills += other.kills;
        self.failed_commits += other.failed_commits;
        self.lost_answers += other.lost_answers;
        self.late_commits += other.late_commits;
        self.found_behind += other.found_behind;
        self.failed_reads += other.failed_reads;
        self.network_faults += other.network_faults;
        self.refusals += other.refusals;
        self.look_ups += other.look_ups;
        self.refills += other.refills;
        self.letters_taken += other.letters_taken;
        self.clock_jumps += other.clock_jumps;
    }
}

/// All that outlives a process.
pub(super) struct World {
    pub(super) random: Random,
    pub(super) table: Table,
    pub(super) events: Vec<Event>,
    pub(super) faults: Faults,
    /// Milliseconds on a clock that never goes back.
    pub(super) now: u64,
    /// Milliseconds since 1970 on one that does.
    pub(super) wall: i64,
    /// A lane whose tries are all told to wait.
    pub(super) stalled: Option<String>,
    pub(super) counts: Counts,
    /// What happened, if it is written down.
    pub(super) steps: Option<Vec<String>>,
}

impl World {
    /// Writes down what happens, if anybody wants to know.
    pub(super) fn note(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }

    /// Each event is in the table, or was given up, or has had its effect, and only one of these for good.
    pub(super) fn check(&self) {
        for number in &self.table.seen {
            let event = &self.events[*number];
            let mut rows = self.table.jobs.values().filter(|job| number_of(job) == *number);
            let row = rows.next().map(|job| job.id);
            assert!(rows.next().is_none(), "I3: event {number} is in the table twice");
            let letter = self.table.letters.values().find(|letter| number_of(&letter.job) == *number);
            assert!(
                row.is_some() || letter.is_some() || event.is_done(),
                "I1: event {number} was accepted and is lost"
            );
            if let Some(letter) = letter {
                assert!(event.told, "I3: event {number} was given up, and nobody was told");
                assert_eq!(letter.retry_id, row, "I3: event {number} is a letter and a job");
                assert!(
                    row.is_some() || !event.is_done() || event.kind == Kind::Edit,
                    "I3: event {number} has had its effect and is a letter"
                );
            }
        }
    }
}

/// The event that a job is about.
pub(super) fn number_of(job: &Job) -> usize {
    job.dedup.as_str().parse().unwrap()
}
