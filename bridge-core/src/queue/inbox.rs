//! The way into the queue: returns when the event is committed.

use tokio::sync::{mpsc, oneshot};

use crate::error::NetworkError;
use crate::event::Scope;
use crate::id::{DedupKey, LoginId};
use crate::store::db;
use crate::store::job::{Lane, NewJob, Source};

/// What became of a delivered event. Both mean: it is safe, acknowledge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It is committed now.
    New,
    /// It was committed before.
    Known,
}

/// Nothing could be committed: do not acknowledge, the sender has to try again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event could not be stored: {0}")]
pub struct InboxError(pub String);

/// What a session's `listen` ends with when nothing can be stored: it is started again, and the network repeats the event.
impl From<InboxError> for NetworkError {
    fn from(error: InboxError) -> Self {
        Self::Transient(error.to_string())
    }
}

/// Events to commit together, and where to say how many of them were new.
#[derive(Debug)]
pub struct Delivery {
    /// The events in order.
    pub jobs: Vec<NewJob>,
    /// Answered after the commit with one entry per event.
    pub answer: oneshot::Sender<Result<Vec<Delivered>, InboxError>>,
}

/// A cheap handle; clones share one queue.
#[derive(Debug, Clone)]
pub struct Inbox {
    sender: mpsc::Sender<Delivery>,
    login_id: Option<LoginId>,
}

impl Inbox {
    /// An inbox and its other end, which the queue takes. A network's own tests take the other end themselves and
    /// answer each [`Delivery`].
    pub fn channel(depth: usize) -> (Self, mpsc::Receiver<Delivery>) {
        let (sender, receiver) = mpsc::channel(depth);
        (Self { sender, login_id: None }, receiver)
    }

    /// The same inbox, for what one login receives.
    #[must_use]
    pub fn of_login(&self, login_id: LoginId) -> Self {
        Self { sender: self.sender.clone(), login_id: Some(login_id) }
    }

    /// Accepts one event of the remote network. Returns after the commit (one disk flush, shared with everything
    /// that waits at that moment). An error means that nothing was stored.
    pub async fn deliver(
        &self,
        scope: &Scope,
        dedup: DedupKey,
        payload: String,
    ) -> Result<Delivered, InboxError> {
        let job = NewJob {
            lane: Lane::of_scope(scope),
            source: Source::Remote,
            login_id: self.login_id.clone(),
            dedup,
            payload,
        };
        let answers = self.deliver_all(vec![job]).await?;
        Ok(answers.first().copied().unwrap_or(Delivered::Known))
    }

    /// Accepts several events in one commit, all or none. The answer has one entry per event, in order.
    pub async fn deliver_all(&self, jobs: Vec<NewJob>) -> Result<Vec<Delivered>, InboxError> {
        let jobs = jobs.into_iter().map(storable).collect();
        let (answer, answered) = oneshot::channel();
        let closed = || InboxError("the program is stopping".to_owned());
        self.sender.send(Delivery { jobs, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// The event in characters that every database keeps; none of them stands in valid JSON.
fn storable(job: NewJob) -> NewJob {
    if ![job.lane.as_str(), job.dedup.as_str(), &job.payload].iter().any(|text| text.contains('\0')) {
        return job;
    }
    NewJob {
        lane: Lane::stored(db::storable(job.lane.as_str())),
        dedup: DedupKey::new(db::storable(job.dedup.as_str())),
        payload: db::storable(&job.payload).into_owned(),
        ..job
    }
}
