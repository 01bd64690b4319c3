//! A handler that does what a test says and remembers what it was asked.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::JobError;
use crate::id::{ChatId, ChatKey, DedupKey, PartId, RemoteMessageId};
use crate::queue::{Closing, Delivered, Handler, Inbox, Job, Lane, NewJob, Queue, Source};
use crate::store::Store;
use crate::store::message::MessageRow;
use crate::store::tests::engine::{PATIENCE, number, until};

type Act = dyn Fn(Job) -> BoxFuture<'static, Result<Closing, JobError>> + Send + Sync;

/// One try of a job.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) job: Job,
    pub(super) at: Instant,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) tried: Vec<Tried>,
    /// The payloads of jobs that were carried out.
    pub(super) done: Vec<String>,
    /// Payload, reason, and whether it was for the person.
    pub(super) given_up: Vec<(String, String, bool)>,
    /// The payloads of dead letters that were carried out in the end.
    pub(super) recovered: Vec<String>,
}

impl Seen {
    /// The payloads that were tried in a lane, one entry per try.
    pub(super) fn in_lane(&self, lane: &str) -> Vec<String> {
        let of_lane = self.tried.iter().filter(|tried| tried.job.lane.as_str() == lane);
        of_lane.map(|tried| tried.job.payload.clone()).collect()
    }
}

/// The handler.
pub(super) struct Probe {
    act: Box<Act>,
    seen: watch::Sender<Seen>,
}

impl Probe {
    /// Answers each try with what `act` makes of the job.
    pub(super) fn new<F>(act: impl Fn(Job) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Result<Closing, JobError>> + Send + 'static,
    {
        let act = Box::new(move |job| act(job).boxed());
        Arc::new(Self { act, seen: watch::Sender::default() })
    }

    /// Carries everything out at once.
    pub(super) fn willing() -> Arc<Self> {
        Self::new(|_| async { Ok(Closing::default()) })
    }

    /// Waits until what happened is enough.
    pub(super) async fn until(&self, what: &str, enough: impl FnMut(&Seen) -> bool) {
        let mut changes = self.seen.subscribe();
        let waited = tokio::time::timeout(PATIENCE, changes.wait_for(enough)).await;
        assert!(waited.is_ok(), "waited too long until {what}: {:?}", self.summary());
    }

    /// Looks at what happened.
    pub(super) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.borrow())
    }

    fn summary(&self) -> (usize, usize, usize) {
        self.seen(|seen| (seen.tried.len(), seen.done.len(), seen.given_up.len()))
    }
}

impl Handler for Probe {
    // Not an async fn: what stands in front of the future is the handler's too.
    fn handle(&self, job: &Job) -> impl Future<Output = Result<Closing, JobError>> + Send {
        let tried = Tried { job: job.clone(), at: Instant::now() };
        self.seen.send_modify(|seen| seen.tried.push(tried));
        let acting = (self.act)(job.clone());
        async move {
            let result = acting.await;
            if result.is_ok() {
                self.seen.send_modify(|seen| seen.done.push(job.payload.clone()));
            }
            result
        }
    }

    async fn given_up(&self, job: &Job, reason: &str, for_person: bool) -> Option<String> {
        let entry = (job.payload.clone(), reason.to_owned(), for_person);
        self.seen.send_modify(|seen| seen.given_up.push(entry));
        assert!(!reason.contains("panic while telling"), "as asked");
        Some(format!("$told-{}", job.id))
    }

    async fn recovered(&self, job: &Job, _closing: &Closing) {
        self.seen.send_modify(|seen| seen.recovered.push(job.payload.clone()));
    }
}

/// An event of a lane. Its payload and what tells it from others are the same text.
pub(super) fn event(lane: &str, text: impl std::fmt::Display) -> NewJob {
    NewJob {
        lane: Lane::stored(lane),
        source: Source::Remote,
        login_id: None,
        dedup: DedupKey::new(text.to_string()),
        payload: text.to_string(),
    }
}

/// Texts `lane/000`, `lane/001` …, which sort as they come.
pub(super) fn texts(lane: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("{lane}/{number:06}")).collect()
}

/// Delivers such events in one go; all have to be new.
pub(super) async fn deliver(inbox: &Inbox, lane: &str, numbers: std::ops::Range<usize>) {
    let jobs: Vec<NewJob> = texts(lane, numbers).into_iter().map(|text| event(lane, text)).collect();
    let answers = inbox.deliver_all(jobs).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Delivered::New));
}

/// The pair that a job leaves, named after its payload.
pub(super) fn pair(text: &str) -> MessageRow {
    MessageRow {
        message_id: RemoteMessageId::new(text),
        part_id: PartId::first(),
        event_id: format!("${text}"),
        chat: ChatKey::shared(ChatId::new("C1")),
        sender: "@a:hs.test".to_owned(),
        sent_at: 1,
        thread_root: None,
    }
}

/// Waits until every accepted job is done or parked, also in the table.
pub(super) async fn until_empty(store: &Store) {
    until("the table of jobs is empty", async || number(store, "SELECT COUNT(*) FROM job").await == 0).await;
}

/// Stops a queue, with all the time it needs.
pub(super) async fn stop(queue: Queue<Probe>) {
    tokio::time::timeout(PATIENCE, queue.stop(PATIENCE)).await.expect("stopping took too long");
}

/// A wait far longer than anything that is expected to cut it short.
pub(super) const LONG: Duration = Duration::from_secs(10);
