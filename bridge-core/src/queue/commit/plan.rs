//! What one commit writes, and what it answers to each delivery.

use std::collections::{HashMap, HashSet};

use crate::queue::inbox::{Delivered, Delivery};
use crate::store::dead_letter;
use crate::store::job::{self, Job, Lane};

/// What one commit writes. Its parts are added in the order of the functions below.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) newest_id: i64,
    /// All that is to be handed to the lanes, in order.
    pub(super) jobs: Vec<Job>,
    /// How many of them are in the table already.
    stored: usize,
    /// Whether there may be more letters to take.
    pub(super) more_letters: bool,
    pub(super) answers: Vec<Vec<Delivered>>,
}

impl Plan {
    /// Writes behind `newest_id`.
    pub(super) fn new(newest_id: i64) -> Self {
        Self { newest_id, jobs: Vec::new(), stored: 0, more_letters: false, answers: Vec::new() }
    }

    /// Adds what the table has behind the newest known id. It was refused to its sender and stored nevertheless: its
    /// second delivery is known, so it has to be worked now.
    pub(crate) fn find(&mut self, behind: Vec<Job>) {
        self.newest_id = behind.last().map_or(self.newest_id, |job| job.id);
        self.stored = behind.len();
        self.jobs = behind;
    }

    /// The newest id so far.
    pub(crate) fn newest_id(&self) -> i64 {
        self.newest_id
    }

    /// Adds what other processes accepted, behind the newest id.
    pub(crate) fn take_handed_in(&mut self, taken: Vec<Job>) {
        self.newest_id = taken.last().map_or(self.newest_id, |job| job.id);
        self.jobs.extend(taken);
    }

    /// Puts jobs whose lane could not be told when they were accepted into the one that was found since.
    pub(crate) fn decide(&mut self, found: &HashMap<Lane, Lane>) {
        for job in &mut self.jobs[self.stored..] {
            if let Some(lane) = found.get(&job.lane) {
                job.lane = lane.clone();
            }
        }
    }

    /// Adds the jobs that were made of dead letters, behind the newest id.
    pub(crate) fn take_letters(&mut self, taken: Vec<Job>) {
        self.newest_id = taken.last().map_or(self.newest_id, |job| job.id);
        self.more_letters = taken.len() >= dead_letter::TAKEN_AT_ONCE;
        self.jobs.extend(taken);
    }

    /// Adds the delivered events, of which the `fresh` ones (source, key) were not seen before.
    pub(crate) fn accept(&mut self, accepting: &[Delivery], mut fresh: HashSet<(String, String)>, now: i64) {
        for delivery in accepting {
            let answer = delivery.jobs.iter().map(|new| {
                if !fresh.remove(&(new.source.as_str().to_owned(), new.dedup.as_str().to_owned())) {
                    return Delivered::Known;
                }
                self.newest_id = job::next_id(self.newest_id, now);
                self.jobs.push(Job::accepted(self.newest_id, new, now));
                Delivered::New
            });
            self.answers.push(answer.collect());
        }
    }

    /// The jobs that are not in the table yet.
    pub(crate) fn unstored(&self) -> &[Job] {
        &self.jobs[self.stored..]
    }
}
