//! Which jobs are in memory: for each lane with work a window on the table.

use std::collections::{HashMap, VecDeque};

use crate::store::job::{Job, Lane};

/// How much of the table may be in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Jobs of one lane.
    pub(crate) window: usize,
    /// Jobs of all lanes; more wait in the table.
    pub(crate) resident: usize,
}

/// As much as a queue holds.
pub(crate) const LIMITS: Limits = Limits { window: 128, resident: 16_384 };

/// The lanes with work, and how far the table was handed to them.
#[derive(Debug)]
pub(crate) struct Windows {
    limits: Limits,
    lanes: HashMap<Lane, Window>,
    /// The newest job that was pushed. What is committed behind it is still to come, and is not read from the table:
    /// it would be handed out twice.
    pushed_until: i64,
    /// Jobs in memory that no worker has taken yet, with the room made for those that are being read.
    resident: usize,
}

/// One lane with work.
#[derive(Debug, Default)]
struct Window {
    jobs: VecDeque<Job>,
    /// The newest job that was taken out of the window.
    taken: i64,
    /// Whether the table has jobs behind the window.
    more: bool,
}

/// What a lane's worker does next.
#[derive(Debug)]
pub(crate) enum Next {
    /// It works this job.
    Job(Job),
    /// It reads the table, then calls [`Windows::refill`].
    Read(Reading),
    /// It ends: the lane has no work and is not in memory any more.
    Nothing,
}

/// Which jobs of a lane to read: those behind `after` and up to `until`, `room` of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) after: i64,
    pub(crate) until: i64,
    pub(crate) room: usize,
}

impl Windows {
    /// No lanes yet; jobs up to `left_until` are in the table already.
    pub(crate) fn new(limits: Limits, left_until: i64) -> Self {
        Self { limits, lanes: HashMap::new(), pushed_until: left_until, resident: 0 }
    }

    /// Takes a lane whose jobs an earlier process left; it needs a worker. Comes before the first [`Windows::push`],
    /// which would take a lane it does not know for one without older jobs.
    pub(crate) fn take_up(&mut self, lane: Lane) {
        self.lanes.insert(lane, Window { more: true, ..Window::default() });
    }

    /// Takes a newly committed job, in order. Gives its lane if that needs a worker now.
    pub(crate) fn push(&mut self, job: Job) -> Option<Lane> {
        let Self { limits, lanes, pushed_until, resident } = self;
        *pushed_until = job.id;
        if let Some(window) = lanes.get_mut(&job.lane) {
            window.place(job, *limits, resident);
            return None;
        }
        let lane = job.lane.clone();
        // Whatever the table still has of this lane before this job is done and only waits for its commit.
        let mut window = Window { taken: job.id - 1, ..Window::default() };
        window.place(job, *limits, resident);
        lanes.insert(lane.clone(), window);
        Some(lane)
    }

    /// Lanes in memory.
    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// What the worker of a lane does next.
    pub(crate) fn next(&mut self, lane: &Lane) -> Next {
        let Some(window) = self.lanes.get_mut(lane) else { return Next::Nothing };
        if let Some(job) = window.jobs.pop_front() {
            window.taken = job.id;
            self.resident -= 1;
            return Next::Job(job);
        }
        if !window.more {
            self.lanes.remove(lane);
            return Next::Nothing;
        }
        // From here on new jobs go into the window again, behind those that the table gives.
        window.more = false;
        let after = window.taken;
        Next::Read(Reading { after, until: self.pushed_until, room: self.reserve() })
    }

    /// Makes room for a lane's next jobs: a whole window, or one job when memory is full of those of other lanes.
    fn reserve(&mut self) -> usize {
        let Limits { window, resident } = self.limits;
        let room = if self.resident + window <= resident { window } else { 1 };
        self.resident += room;
        room
    }

    /// Takes what was read; none if that failed, and then the worker asks again later.
    pub(crate) fn refill(&mut self, lane: &Lane, reading: Reading, stored: Option<Vec<Job>>) {
        let Some(window) = self.lanes.get_mut(lane) else { return };
        let arrived = std::mem::take(&mut window.jobs);
        self.resident -= reading.room + arrived.len();
        let full = stored.as_ref().is_none_or(|stored| stored.len() >= reading.room);
        // What arrived meanwhile is in the table, behind what was read or could not be read.
        window.more |= full;
        window.jobs = stored.unwrap_or_default().into();
        if !full {
            window.jobs.extend(arrived);
        }
        self.resident += window.jobs.len();
    }
}

impl Window {
    fn place(&mut self, job: Job, limits: Limits, resident: &mut usize) {
        let full = self.jobs.len() >= limits.window || *resident >= limits.resident;
        if self.more || full {
            self.more = true;
        } else {
            *resident += 1;
            self.jobs.push_back(job);
        }
    }
}

#[cfg(test)]
impl Windows {
    /// Jobs in memory that no worker has taken yet.
    pub(crate) fn resident(&self) -> usize {
        self.resident
    }

    /// How many jobs of each lane are in memory.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&Lane, usize)> {
        self.lanes.iter().map(|(lane, window)| (lane, window.jobs.len()))
    }
}
