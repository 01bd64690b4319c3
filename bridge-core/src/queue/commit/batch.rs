//! What waits for the next commit, and what follows from how that ends.

use std::time::Duration;

use super::Finish;
use super::plan::Plan;
use crate::queue::inbox::{Delivered, Delivery, InboxError};
use crate::store::job::{Job, NewJob};

/// How long a finished job's end may wait for company: at five messages a second the next one's commit takes it along.
/// Losing it to a crash repeats an effect that can be repeated.
const DONE_WAITS: Duration = Duration::from_millis(250);

/// What waits for the next commit. Moments are counted from any one point, on a clock that never goes back.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Most jobs in one commit.
    most: usize,
    /// The newest id that is known to be stored.
    newest_id: i64,
    /// Whether the last commit failed: it may have been carried out all the same, its answer lost on the way.
    unsure: bool,
    /// Whether there are dead letters to try again.
    letters_wanted: bool,
    /// Whether other processes have handed something in.
    is_handed_in: bool,
    accepting: Vec<Delivery>,
    /// The jobs of these deliveries.
    arrived: usize,
    closing: Vec<Finish>,
    closing_since: Option<Duration>,
}

/// What was committed.
#[derive(Debug)]
pub(crate) struct Committed {
    /// To be handed to their lanes before anybody is answered.
    pub(crate) jobs: Vec<Job>,
    pub(crate) ended: Vec<Finish>,
    pub(crate) accepted: Vec<(Delivery, Vec<Delivered>)>,
}

impl Batch {
    /// Nothing yet; jobs up to `newest_id` are stored, and about `most` go into one commit.
    pub(crate) fn new(newest_id: i64, most: usize) -> Self {
        let (accepting, closing) = (Vec::new(), Vec::new());
        let (unsure, letters_wanted) = (false, false);
        Self {
            most,
            newest_id,
            unsure,
            letters_wanted,
            is_handed_in: false,
            accepting,
            arrived: 0,
            closing,
            closing_since: None,
        }
    }

    /// Takes a delivery.
    pub(crate) fn accept(&mut self, delivery: Delivery) {
        self.arrived += delivery.jobs.len();
        self.accepting.push(delivery);
    }

    /// Whether it takes further deliveries.
    pub(crate) fn has_room(&self) -> bool {
        self.arrived < self.most
    }

    /// Takes the end of a job.
    pub(crate) fn close(&mut self, finish: Finish, now: Duration) {
        self.closing_since.get_or_insert(now);
        self.closing.push(finish);
    }

    /// Notes whether there are dead letters to try again.
    pub(crate) fn want_letters(&mut self, wanted: bool) {
        self.letters_wanted = wanted;
    }

    /// Notes whether other processes have handed something in.
    pub(crate) fn want_handed_in(&mut self, is_there: bool) {
        self.is_handed_in |= is_there;
    }

    /// Whether to commit now.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.unsure
            || self.letters_wanted
            || self.is_handed_in
            || !self.accepting.is_empty()
            || self.closing.len() >= self.most
            || self.closing.iter().any(|finish| finish.answer.is_some())
            || self.closing_since.is_some_and(|since| now >= since + DONE_WAITS)
    }

    /// When to commit at the latest, if nothing else comes.
    pub(crate) fn due_at(&self, now: Duration) -> Option<Duration> {
        (self.unsure || self.closing_since.is_some()).then(|| self.closing_since.unwrap_or(now) + DONE_WAITS)
    }

    /// The deliveries that wait.
    pub(crate) fn accepting(&self) -> &[Delivery] {
        &self.accepting
    }

    /// The ends that wait, in order.
    pub(crate) fn closing(&self) -> &[Finish] {
        &self.closing
    }

    /// All events that wait, in order.
    pub(crate) fn offered(&self) -> Vec<&NewJob> {
        self.accepting.iter().flat_map(|delivery| &delivery.jobs).collect()
    }

    /// The id behind which the table may have jobs that were refused to their senders.
    pub(crate) fn unsure_behind(&self) -> Option<i64> {
        self.unsure.then_some(self.newest_id)
    }

    /// Whether letters are to be taken.
    pub(crate) fn takes_letters(&self) -> bool {
        self.letters_wanted
    }

    /// What the next commit writes, to be filled while its transaction is open.
    pub(crate) fn plan(&self) -> Plan {
        Plan::new(self.newest_id)
    }

    /// The commit has succeeded.
    pub(crate) fn succeeded(&mut self, plan: Plan) -> Committed {
        let Plan { newest_id, more_letters, jobs, answers, .. } = plan;
        self.newest_id = newest_id;
        self.letters_wanted = more_letters;
        self.is_handed_in = false;
        self.unsure = false;
        self.closing_since = None;
        let ended = std::mem::take(&mut self.closing);
        Committed { jobs, ended, accepted: self.no_longer_accepting().into_iter().zip(answers).collect() }
    }

    /// The commit has failed, or nothing is known of it. What is done stays here, for when the database is back.
    pub(crate) fn failed(&mut self, why: &str) {
        self.unsure = true;
        for delivery in self.no_longer_accepting() {
            let _ = delivery.answer.send(Err(InboxError(why.to_owned())));
        }
    }

    fn no_longer_accepting(&mut self) -> Vec<Delivery> {
        self.arrived = 0;
        std::mem::take(&mut self.accepting)
    }
}
