//! What becomes of a job after a try, and which jobs may have been sent before it.

use std::time::Duration;

use super::handler::Closing;
use crate::error::JobError;
use crate::store::dead_letter::Class;
use crate::store::job::Job;

/// Whether the next jobs of a lane may have been tried by a process that died.
#[derive(Debug)]
pub(crate) struct Doubt {
    /// Jobs up to this id were left by an earlier process.
    left_until: i64,
    maybe_sent: bool,
}

/// What follows from a try.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The job had its effect: its end is noted, and the lane goes on.
    Done(Closing),
    /// The job is kept as a dead letter, for this cause. That is committed before the lane goes on.
    GivenUp(String, Class),
    /// The job is tried again after exactly this time.
    Told(Duration),
    /// The job failed, for this reason: it is tried again after a wait that grows, or when the lanes are woken.
    Failed(String),
}

impl Doubt {
    /// For a lane whose jobs up to `left_until` an earlier process left.
    pub(crate) fn new(left_until: i64) -> Self {
        Self { left_until, maybe_sent: true }
    }

    /// Says of a job that was not tried by this process yet whether it may have been sent.
    pub(crate) fn begin(&self, job: &mut Job) {
        // Whoever gave it up may have done a part of it.
        job.maybe_sent = job.letter_id.is_some() || (self.maybe_sent && job.id <= self.left_until);
    }

    /// Judges a try, and notes in the job what the next try has to know.
    pub(crate) fn judge(&mut self, job: &mut Job, tried: Result<Closing, JobError>) -> Verdict {
        match tried {
            Ok(closing) => {
                self.maybe_sent &= !closing.sent;
                Verdict::Done(closing)
            }
            Err(JobError::Reject(cause)) => Verdict::GivenUp(cause, Class::Rejected),
            Err(JobError::Park(cause)) => Verdict::GivenUp(cause, Class::Parked),
            Err(JobError::RetryAfter(wait)) => Verdict::Told(wait),
            Err(JobError::ResumeAfter(wait)) => {
                job.maybe_sent = true;
                Verdict::Told(wait)
            }
            Err(JobError::Retry(reason)) => Self::failed(job, reason),
            Err(JobError::Uncertain(reason)) => {
                job.maybe_sent = true;
                Self::failed(job, reason)
            }
        }
    }

    fn failed(job: &mut Job, reason: String) -> Verdict {
        job.attempts = job.attempts.saturating_add(1);
        Verdict::Failed(reason)
    }
}
