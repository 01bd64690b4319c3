//! The tables as the statements of the store leave them. What stands here is committed.

use std::collections::{BTreeMap, BTreeSet};

use super::world::number_of;
use crate::queue::commit::{End, Finish};
use crate::queue::lanes::window::Reading;
use crate::queue::{Job, Lane};
use crate::store::dead_letter::GivenUp;
use crate::store::job;
use crate::store::letter_id::LetterId;

/// A row of the table of dead letters.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) job: Job,
    pub(super) wanted: bool,
    pub(super) retry_id: Option<i64>,
}

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) jobs: BTreeMap<i64, Job>,
    pub(super) seen: BTreeSet<usize>,
    pub(super) letters: BTreeMap<i64, Letter>,
    pub(super) pairs: BTreeSet<String>,
}

impl Table {
    pub(super) fn newest_id(&self) -> i64 {
        let newest = |id: Option<&i64>| id.copied().unwrap_or(0);
        newest(self.jobs.keys().next_back()).max(newest(self.letters.keys().next_back()))
    }

    pub(super) fn lanes(&self) -> BTreeSet<Lane> {
        self.jobs.values().map(|job| job.lane.clone()).collect()
    }

    pub(super) fn next_jobs(&self, lane: &Lane, reading: Reading) -> Vec<Job> {
        let Reading { after, until, room } = reading;
        if after >= until {
            return Vec::new();
        }
        self.jobs
            .range(after + 1..=until)
            .filter(|(_, job)| job.lane == *lane)
            .map(|(_, job)| self.read(job))
            .take(room)
            .collect()
    }

    pub(super) fn jobs_behind(&self, after: i64) -> Vec<Job> {
        self.jobs.range(after + 1..).map(|(_, job)| self.read(job)).collect()
    }

    /// A job's row, joined with the letter that it was.
    fn read(&self, job: &Job) -> Job {
        let letter = self.letters.iter().find(|(_, letter)| letter.retry_id == Some(job.id));
        Job { attempts: 0, maybe_sent: false, letter_id: letter.map(|(id, _)| LetterId(*id)), ..job.clone() }
    }

    pub(super) fn has_wanted(&self) -> bool {
        self.letters.values().any(|letter| letter.wanted)
    }

    /// Notes the wish to try a letter again.
    pub(super) fn want(&mut self, id: i64) {
        let letter = self.letters.get_mut(&id).unwrap();
        letter.wanted |= letter.retry_id.is_none();
    }

    /// The jobs that are made of wanted letters.
    pub(super) fn wanted(&self, mut newest_id: i64, now: i64) -> Vec<Job> {
        let wanted = self.letters.iter().filter(|(_, letter)| letter.wanted);
        wanted
            .map(|(id, letter)| {
                newest_id = job::next_id(newest_id, now);
                let letter_id = Some(LetterId(*id));
                let of_letter = letter.job.clone();
                Job { id: newest_id, attempts: 0, maybe_sent: true, letter_id, accepted_at: now, ..of_letter }
            })
            .collect()
    }

    pub(super) fn insert(&mut self, job: &Job) {
        assert!(job.id > self.newest_id(), "I2: job {} does not sort behind what is stored", job.id);
        if let Some(LetterId(id)) = job.letter_id {
            let letter = self.letters.get_mut(&id).unwrap();
            assert!(letter.wanted && letter.retry_id.is_none(), "I3: letter {id} is taken twice");
            (letter.wanted, letter.retry_id) = (false, Some(job.id));
        }
        self.jobs.insert(job.id, job.clone());
    }

    pub(super) fn end(&mut self, finish: &Finish) {
        self.pairs.extend(finish.pairs.iter().map(|pair| pair.message_id.as_str().to_owned()));
        match &finish.end {
            End::Done => {}
            End::Recovered => self.letters.retain(|_, letter| letter.retry_id != Some(finish.job_id)),
            End::GivenUp(given_up) => self.keep(given_up),
        }
        self.jobs.remove(&finish.job_id);
    }

    fn keep(&mut self, given_up: &GivenUp) {
        let job = &given_up.job;
        if let Some(letter) = self.letters.values_mut().find(|letter| letter.retry_id == Some(job.id)) {
            letter.retry_id = None;
            return;
        }
        let LetterId(id) = job.letter_id.unwrap_or(LetterId(job.id));
        let letter = Letter { job: job.clone(), wanted: false, retry_id: None };
        self.letters.entry(id).or_insert(letter);
    }

    /// The jobs of a lane in front of one.
    pub(super) fn in_front<'a>(&'a self, job: &'a Job) -> impl Iterator<Item = usize> + 'a {
        self.jobs
            .range(..job.id)
            .filter(|(_, other)| other.lane == job.lane)
            .map(|(_, other)| number_of(other))
    }
}
