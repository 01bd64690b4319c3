//! Commits what is accepted and what is done, many at a time and without a timer for what is accepted.

mod batch;
mod plan;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::handler::Handler;
use super::inbox::Delivery;
use super::lanes::Lanes;
use crate::store::db::hurried::answer_within;
use crate::store::dead_letter::{self, GivenUp};
use crate::store::message::{Gone, MessageRow};
use crate::store::{Store, StoreError, Tx, handed_in, message, queue};
use crate::{failpoint, metrics};
pub(crate) use batch::{Batch, Committed};
pub(crate) use plan::Plan;

/// Most jobs in one commit.
const BATCH: usize = 4_096;
/// How long a second delivery is recognized.
const SEEN_KEPT: Duration = Duration::from_hours(7 * 24);
const PRUNE_EVERY: Duration = Duration::from_hours(1);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How often it is asked which dead letters are to be tried again: another process may have said so.
const LETTERS_EVERY: Duration = Duration::from_secs(2);
/// How long a commit may take: a connection may be gone without a word, and then nothing on it ever ends.
const COMMITTED: Duration = Duration::from_mins(1);
/// How often it is looked for what other processes accepted.
const HANDED_IN_EVERY: Duration = Duration::from_millis(250);
/// How long a look at a table may take: nothing is committed meanwhile.
const LOOKED_WITHIN: Duration = Duration::from_secs(2);

/// The end of a job.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) job_id: i64,
    pub(crate) pairs: Vec<MessageRow>,
    pub(crate) gone: Vec<Gone>,
    pub(crate) end: End,
    /// Answered after the commit; then it is committed at once.
    pub(crate) answer: Option<oneshot::Sender<()>>,
    /// Given back after the commit: so many ends may wait for theirs.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

/// What became of a job.
#[derive(Debug)]
pub(crate) enum End {
    /// It had its effect.
    Done,
    /// The same, of one that was a dead letter.
    Recovered,
    /// It is kept as a dead letter.
    GivenUp(Box<GivenUp>),
}

/// The only one that writes jobs.
pub(crate) struct Committer<H> {
    store: Store,
    lanes: Arc<Lanes<H>>,
    deliveries: mpsc::Receiver<Delivery>,
    finished: mpsc::UnboundedReceiver<Finish>,
    batch: Batch,
    /// From when the batch counts its moments.
    started: Instant,
    stop: CancellationToken,
    pruned_at: Option<Instant>,
    letters_due: Interval,
    handed_in_due: Interval,
    /// Whether other processes may have accepted something for this one; a database that nobody shares may hold what came
    /// with a backup of another.
    may_be_handed_in: bool,
}

impl<H: Handler> Committer<H> {
    pub(crate) fn new(
        store: Store,
        lanes: Arc<Lanes<H>>,
        deliveries: mpsc::Receiver<Delivery>,
        finished: mpsc::UnboundedReceiver<Finish>,
        newest_id: i64,
        stop: CancellationToken,
    ) -> Self {
        let mut letters_due = tokio::time::interval(LETTERS_EVERY);
        letters_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut handed_in_due = tokio::time::interval(HANDED_IN_EVERY);
        handed_in_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            store,
            lanes,
            deliveries,
            finished,
            batch: Batch::new(newest_id, BATCH),
            started: Instant::now(),
            stop,
            pruned_at: None,
            letters_due,
            handed_in_due,
            may_be_handed_in: true,
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            self.lanes.committing.note_turn();
            let stopping = self.gather().await;
            if self.batch.is_due(self.started.elapsed()) || (stopping && !self.batch.closing().is_empty()) {
                self.commit().await;
            }
            if stopping {
                return;
            }
        }
    }

    /// Waits for something to do and takes all that is there. Says whether the program is stopping.
    async fn gather(&mut self) -> bool {
        let due = self.batch.due_at(self.started.elapsed());
        let mut stopping = false;
        tokio::select! {
            Some(delivery) = self.deliveries.recv() => self.batch.accept(delivery),
            Some(finish) = self.finished.recv() => self.close(finish),
            () = tokio::time::sleep_until(self.started + due.unwrap_or_default()), if due.is_some() => {}
            () = self.stop.cancelled() => stopping = true,
            _ = self.letters_due.tick() => self.look_for_letters().await,
            _ = self.handed_in_due.tick(), if self.may_be_handed_in => self.look_for_handed_in().await,
        }
        while self.batch.has_room() {
            let Ok(delivery) = self.deliveries.try_recv() else { break };
            self.batch.accept(delivery);
        }
        while let Ok(finish) = self.finished.try_recv() {
            self.close(finish);
        }
        stopping
    }

    async fn look_for_letters(&mut self) {
        match answer_within(LOOKED_WITHIN, self.store.count_dead_letters()).await {
            Ok(count) => {
                metrics::dead_letters(count.all);
                self.batch.want_letters(count.wanted > 0);
            }
            Err(error) => tracing::debug!(%error, "the dead letters could not be counted"),
        }
    }

    async fn look_for_handed_in(&mut self) {
        match answer_within(LOOKED_WITHIN, self.store.has_handed_in()).await {
            Ok(is_there) => {
                self.batch.want_handed_in(is_there);
                self.may_be_handed_in = is_there || self.store.lease().is_shared();
            }
            Err(error) => tracing::debug!(%error, "what was handed in could not be looked for"),
        }
    }

    fn close(&mut self, finish: Finish) {
        self.batch.close(finish, self.started.elapsed());
    }

    async fn commit(&mut self) {
        let started = Instant::now();
        match answer_within(COMMITTED, self.write()).await {
            Ok(plan) => {
                metrics::committed(started.elapsed());
                self.lanes.committing.note_success();
                let committed = self.batch.succeeded(plan);
                self.answer(committed);
            }
            Err(error) => {
                metrics::commit_failed();
                self.lanes.committing.note_failure(&error.0);
                tracing::error!(%error, "nothing could be committed; what is not stored is not acknowledged");
                self.batch.failed(&error.0);
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }

    /// One transaction: the newly accepted jobs with what became of each delivery's events, and the ends.
    async fn write(&mut self) -> Result<Plan, StoreError> {
        let now = self.store.clock().now_ms();
        let mut tx = self.store.begin().await?;
        let mut plan = self.batch.plan();
        let fresh = queue::insert_seen(&mut tx, &self.batch.offered(), now).await?;
        if let Some(after) = self.batch.unsure_behind() {
            tx.wait_for_jobs().await?;
            plan.find(queue::jobs_behind(&mut tx, after).await?);
        }
        if self.may_be_handed_in {
            take_handed_in(&mut tx, &mut plan, now).await?;
        }
        if self.batch.takes_letters() {
            plan.take_letters(dead_letter::take_wanted(&mut tx, plan.newest_id(), now).await?);
        }
        plan.accept(self.batch.accepting(), fresh, now);
        plan.decide(&handed_in::decide(&mut tx, plan.unstored().iter().map(|job| &job.lane)).await?);
        queue::insert_jobs(&mut tx, plan.unstored()).await?;
        self.write_ends(&mut tx, now).await?;
        self.pass("accept.before_commit", "end.before_commit");
        tx.commit().await?;
        self.pass("accept.after_commit", "end.after_commit");
        Ok(plan)
    }

    fn pass(&self, accepting: &'static str, closing: &'static str) {
        if !self.batch.accepting().is_empty() {
            failpoint::pass(accepting);
        }
        if !self.batch.closing().is_empty() {
            failpoint::pass(closing);
        }
    }

    async fn write_ends(&mut self, tx: &mut Tx, now: i64) -> Result<(), StoreError> {
        // Cut behind each end that removes pairs: what a later one brings back has to stay.
        let closing = self.batch.closing();
        for ends in closing.split_inclusive(|finish| !finish.gone.is_empty()) {
            let pairs: Vec<&MessageRow> = ends.iter().flat_map(|finish| &finish.pairs).collect();
            message::insert(tx, &pairs).await?;
            let gone: Vec<&Gone> = ends.iter().flat_map(|finish| &finish.gone).collect();
            message::forget(tx, &gone).await?;
        }
        for finish in closing {
            match &finish.end {
                End::Done => {}
                End::Recovered => dead_letter::remove_done(tx, finish.job_id).await?,
                End::GivenUp(given_up) => dead_letter::keep(tx, given_up, now).await?,
            }
        }
        let done: Vec<i64> = closing.iter().map(|finish| finish.job_id).collect();
        queue::delete_jobs(tx, &done).await?;
        if self.pruned_at.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            let kept = i64::try_from(SEEN_KEPT.as_millis()).unwrap_or(i64::MAX);
            queue::forget_seen(tx, now - kept).await?;
            self.pruned_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Answers the ends, hands new jobs to their lanes, then tells the deliverers.
    fn answer(&self, committed: Committed) {
        let Committed { jobs, ended, accepted } = committed;
        for finish in ended {
            for pair in &finish.pairs {
                self.store.recent().forget(pair);
            }
            for gone in &finish.gone {
                self.store.recent().forget_gone(gone);
            }
            if let Some(answer) = finish.answer {
                let _ = answer.send(());
            }
            drop(finish.place);
        }
        for source in jobs.iter().map(|job| job.source).collect::<HashSet<_>>() {
            metrics::accepted(source.as_str(), jobs.iter().filter(|job| job.source == source).count());
        }
        self.lanes.push(jobs);
        for (delivery, answer) in accepted {
            let _ = delivery.answer.send(Ok(answer));
        }
    }
}

/// Takes what others accepted, all of it: that was before all that is accepted here.
async fn take_handed_in(tx: &mut Tx, plan: &mut Plan, now: i64) -> Result<(), StoreError> {
    loop {
        let taken = handed_in::take(tx, plan.newest_id(), now, BATCH).await?;
        let is_all = taken.len() < BATCH;
        plan.take_handed_in(taken);
        if is_all {
            return Ok(());
        }
    }
}
