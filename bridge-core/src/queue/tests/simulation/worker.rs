//! A lane's worker, one step at a time, as `worker.rs` does it.

use tokio::sync::oneshot;

use super::network::Call;
use super::process::Process;
use super::world::{World, number_of};
use crate::queue::commit::{End, Finish};
use crate::queue::lanes::window::{Next, Reading};
use crate::queue::verdict::{Doubt, Verdict};
use crate::queue::{Closing, Job, Lane};
use crate::store::dead_letter::{Class, GivenUp};

/// A lane's worker.
pub(super) struct Worker {
    doubt: Doubt,
    state: State,
    failures: u32,
    /// Whether the lanes were woken since the try began.
    woken: bool,
}

enum State {
    /// Asks for its next job.
    Idle,
    /// Reads its lane's jobs.
    Reading(Reading),
    /// Has read them, or failed to.
    Read(Reading, Option<Vec<Job>>),
    /// Waits for a place.
    Queued(Job),
    AtWork(Job, Call),
    /// Waits for another try or, without a job, for another reading. One that the network told to wait is not woken.
    Waits {
        job: Option<Job>,
        until: u64,
        is_told: bool,
    },
    /// Has something to tell before the job's end is noted.
    Ends(Job, Outcome),
    Committing {
        committed: oneshot::Receiver<()>,
        is_committed: bool,
    },
}

enum Outcome {
    Done(Closing),
    GivenUp(String, Class),
}

impl Worker {
    pub(super) fn new(left_until: i64) -> Self {
        Self { doubt: Doubt::new(left_until), state: State::Idle, failures: 0, woken: false }
    }

    pub(super) fn wake(&mut self) {
        self.woken = true;
    }

    /// The room that was made for what it reads.
    pub(super) fn room(&self) -> usize {
        match &self.state {
            State::Reading(reading) | State::Read(reading, _) => reading.room,
            _ => 0,
        }
    }

    /// When it can do its next step; never, if that depends on others.
    pub(super) fn due(&mut self, now: u64, places: usize) -> u64 {
        match &mut self.state {
            State::Queued(_) if places == 0 => u64::MAX,
            State::Waits { until, is_told, .. } => {
                if self.woken && !*is_told {
                    now
                } else {
                    *until
                }
            }
            State::Committing { committed, is_committed } => {
                *is_committed |= committed.try_recv().is_ok();
                if *is_committed { now } else { u64::MAX }
            }
            _ => now,
        }
    }

    fn judge(&mut self, mut job: Job, call: Call, now: u64) -> State {
        let Call::Answered(tried) = call else { return State::AtWork(job, call) };
        match self.doubt.judge(&mut job, tried) {
            Verdict::Done(closing) => State::Ends(job, Outcome::Done(closing)),
            Verdict::GivenUp(cause, class) => State::Ends(job, Outcome::GivenUp(cause, class)),
            Verdict::Told(wait) => {
                let until = now + u64::try_from(wait.as_millis()).unwrap();
                State::Waits { job: Some(job), until, is_told: true }
            }
            Verdict::Failed(_) => {
                let until = now + delay(job.attempts);
                State::Waits { job: Some(job), until, is_told: false }
            }
        }
    }
}

/// As `retry::delay`, without chance.
fn delay(attempts: u32) -> u64 {
    (500 << attempts.saturating_sub(1).min(7)).min(60_000)
}

impl Process {
    /// The next step of a lane's worker.
    pub(super) fn work(&mut self, lane: &Lane, world: &mut World) {
        let Some(mut worker) = self.workers.remove(lane) else { return };
        let state = std::mem::replace(&mut worker.state, State::Idle);
        let next = match state {
            State::Idle => self.take(lane, &mut worker, world),
            State::Reading(reading) => Some(read(lane, reading, world)),
            State::Read(reading, stored) => Some(self.refill(lane, reading, stored, &mut worker, world)),
            State::Queued(job) => {
                self.places -= 1;
                world.note(|| format!("{lane} begins {}, {}", number_of(&job), doubt(&job)));
                Some(State::AtWork(job, Call::Begun))
            }
            State::AtWork(job, call) => Some(self.at_work(job, call, &mut worker, world)),
            State::Waits { job: Some(job), .. } => {
                worker.woken = false;
                Some(State::Queued(job))
            }
            State::Waits { job: None, .. } | State::Committing { .. } => Some(State::Idle),
            State::Ends(job, outcome) => Some(self.note_end(job, outcome, world)),
        };
        if let Some(state) = next {
            worker.state = state;
            self.workers.insert(lane.clone(), worker);
        }
    }

    /// What the lane has for its worker; without anything the worker ends.
    fn take(&mut self, lane: &Lane, worker: &mut Worker, world: &mut World) -> Option<State> {
        match self.windows.next(lane) {
            Next::Job(mut job) => {
                assert!(self.taken.insert(job.id), "I4: {} is handed out twice", number_of(&job));
                worker.failures = 0;
                worker.woken = false;
                worker.doubt.begin(&mut job);
                Some(State::Queued(job))
            }
            Next::Read(reading) => Some(State::Reading(reading)),
            Next::Nothing => {
                world.note(|| format!("{lane} has no work"));
                None
            }
        }
    }

    fn refill(
        &mut self,
        lane: &Lane,
        reading: Reading,
        stored: Option<Vec<Job>>,
        worker: &mut Worker,
        world: &mut World,
    ) -> State {
        let failed = stored.is_none();
        self.windows.refill(lane, reading, stored);
        if !failed {
            world.counts.refills += 1;
            return State::Idle;
        }
        worker.failures += 1;
        worker.woken = false;
        State::Waits { job: None, until: world.now + delay(worker.failures), is_told: false }
    }

    fn at_work(&mut self, job: Job, call: Call, worker: &mut Worker, world: &mut World) -> State {
        let lane = job.lane.clone();
        if !matches!(call, Call::Answered(_)) {
            let call = call.step(&job, world);
            world.note(|| format!("{lane} works {}: {call:?}", number_of(&job)));
            return State::AtWork(job, call);
        }
        self.places += 1;
        worker.judge(job, call, world.now)
    }

    fn note_end(&mut self, job: Job, outcome: Outcome, world: &mut World) -> State {
        let (job_id, gone) = (job.id, Vec::new());
        world.note(|| format!("{} ends {}", job.lane, number_of(&job)));
        match outcome {
            Outcome::Done(Closing { pairs, .. }) => {
                let end = if job.letter_id.is_some() { End::Recovered } else { End::Done };
                self.finishes.push_back(Finish { job_id, pairs, gone, end, answer: None, place: None });
                State::Idle
            }
            Outcome::GivenUp(cause, class) => {
                world.events[number_of(&job)].told = true;
                let (answer, committed) = oneshot::channel();
                let end = End::GivenUp(Box::new(GivenUp { job, class, cause, notice: None }));
                let pairs = Vec::new();
                self.finishes.push_back(Finish {
                    job_id,
                    pairs,
                    gone,
                    end,
                    answer: Some(answer),
                    place: None,
                });
                State::Committing { committed, is_committed: false }
            }
        }
    }
}

fn read(lane: &Lane, reading: Reading, world: &mut World) -> State {
    if world.random.chance(world.faults.read) {
        world.counts.failed_reads += 1;
        world.note(|| format!("{lane} cannot be read"));
        return State::Read(reading, None);
    }
    let stored = world.table.next_jobs(lane, reading);
    world.note(|| format!("{lane} reads {:?}", stored.iter().map(number_of).collect::<Vec<_>>()));
    State::Read(reading, Some(stored))
}

fn doubt(job: &Job) -> &'static str {
    if job.maybe_sent { "perhaps sent" } else { "not sent" }
}
