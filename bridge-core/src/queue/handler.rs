//! What works on jobs.

use std::future::Future;

use crate::error::JobError;
use crate::store::job::Job;
use crate::store::message::{Gone, MessageRow};

/// What a finished job leaves behind; committed in one transaction with the job's end.
#[derive(Debug, Clone, Default)]
pub struct Closing {
    /// Message pairs to store.
    pub pairs: Vec<MessageRow>,
    /// Pairs to forget: their messages are gone.
    pub gone: Vec<Gone>,
    /// Whether the job had an effect on the remote network that no earlier try had: then no later job of the lane can
    /// have been tried by a process that died.
    pub sent: bool,
}

/// Works on jobs: the bridge's engine is one, the bot host another.
pub trait Handler: Send + Sync + 'static {
    /// Carries a job out. Called in the job's lane, one at a time. May be called again for the same job (after an
    /// error, after a crash): everything it does has to be repeatable. A panic parks the job.
    fn handle(&self, job: &Job) -> impl Future<Output = Result<Closing, JobError>> + Send;

    /// Tells whom it concerns that the job was given up, before it is kept as a dead letter: the person for a rejection
    /// (`for_person`), the operator otherwise. Gives the id of the event in which it was told; it is kept with the letter.
    fn given_up(
        &self,
        job: &Job,
        reason: &str,
        for_person: bool,
    ) -> impl Future<Output = Option<String>> + Send;

    /// Brings up to date what was told of a dead letter, now that trying it again as this job has succeeded. Comes before
    /// the end of the job is committed, so it may come again.
    fn recovered(&self, job: &Job, closing: &Closing) -> impl Future<Output = ()> + Send {
        let _ = (job, closing);
        async {}
    }
}
