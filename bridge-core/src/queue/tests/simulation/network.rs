//! The network and the homeserver, and the handler that calls them: one step of a call at a time.

use std::time::Duration;

use super::world::{Kind, World, number_of};
use crate::error::JobError;
use crate::queue::tests::probe::pair;
use crate::queue::{Closing, Job};

/// How far a try has come.
#[derive(Debug)]
pub(super) enum Call {
    /// The handler was called.
    Begun,
    /// The next part to send, and whether this try sent one already.
    Sending { part: usize, sent: bool },
    /// What the handler answers.
    Answered(Result<Closing, JobError>),
}

impl Call {
    /// The next step of a try of this job.
    pub(super) fn step(self, job: &Job, world: &mut World) -> Self {
        match self {
            Self::Begun => begin(job, world),
            Self::Sending { part, sent } => send(job, world, part, sent),
            Self::Answered(_) => self,
        }
    }
}

fn begin(job: &Job, world: &mut World) -> Call {
    if world.stalled.as_deref() == Some(job.lane.as_str()) {
        return Call::Answered(Err(JobError::RetryAfter(Duration::from_secs(1))));
    }
    let event = &world.events[number_of(job)];
    if event.kind != Kind::Post || !job.maybe_sent {
        return Call::Sending { part: 0, sent: false };
    }
    world.counts.look_ups += 1;
    if world.random.chance(world.faults.network) {
        world.counts.network_faults += 1;
        return Call::Answered(Err(JobError::Retry("the look-up failed".to_owned())));
    }
    let event = &world.events[number_of(job)];
    if event.is_done() {
        return done(job, false);
    }
    Call::Sending { part: event.there, sent: false }
}

fn done(job: &Job, sent: bool) -> Call {
    Call::Answered(Ok(Closing { pairs: vec![pair(&job.payload)], sent, ..Closing::default() }))
}

fn send(job: &Job, world: &mut World, part: usize, sent: bool) -> Call {
    let kind = world.events[number_of(job)].kind;
    // A transaction id that is known is answered as the first time.
    let is_known = kind == Kind::Put && world.events[number_of(job)].is_done();
    if !is_known && world.random.chance(world.faults.refusal) {
        world.counts.refusals += 1;
        let refusal = world.random.of(&[JobError::Reject, JobError::Park]);
        return Call::Answered(Err(refusal("as asked".to_owned())));
    }
    if world.random.chance(world.faults.network) {
        world.counts.network_faults += 1;
        return Call::Answered(Err(fail(job, world, part, sent)));
    }
    effect(job, world, part);
    let is_post = kind == Kind::Post;
    if part + 1 < world.events[number_of(job)].parts {
        Call::Sending { part: part + 1, sent: is_post }
    } else {
        done(job, is_post)
    }
}

/// A call that fails, before or after its effect. A failure is called certain only where it is, or where a repeat is
/// harmless.
fn fail(job: &Job, world: &mut World, part: usize, sent: bool) -> JobError {
    let wait = Duration::from_millis(world.random.of(&[1, 300, 5_000]));
    let is_post = world.events[number_of(job)].kind == Kind::Post;
    match world.random.below(4) {
        0 => {
            effect(job, world, part);
            let cut_off = "cut off after it".to_owned();
            if is_post { JobError::Uncertain(cut_off) } else { JobError::Retry(cut_off) }
        }
        1 => JobError::Uncertain("cut off before it".to_owned()),
        2 if sent => JobError::ResumeAfter(wait),
        2 => JobError::RetryAfter(wait),
        _ if sent => JobError::Uncertain("not now".to_owned()),
        _ => JobError::Retry("not now".to_owned()),
    }
}

/// Something becomes visible outside.
fn effect(job: &Job, world: &mut World, part: usize) {
    let number = number_of(job);
    assert!(world.table.jobs.contains_key(&job.id), "I1: event {number} is worked and not in the table");
    let there = world.events[number].there;
    if part < there {
        assert!(world.events[number].kind != Kind::Post, "I4: part {part} of event {number} is posted twice");
        return;
    }
    for other in world.table.in_front(job) {
        assert!(world.events[other].is_done(), "I2: event {number} overtakes event {other}");
    }
    world.events[number].there += 1;
}
