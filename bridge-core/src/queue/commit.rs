//! Commits what is accepted and what is done, many at a time and without a timer for what is accepted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::handler::Handler;
use super::inbox::{Delivered, Delivery, InboxError};
use super::lanes::Lanes;
use crate::store::dead_letter::{self, GivenUp};
use crate::store::job::{Job, NewJob};
use crate::store::message::{Gone, MessageRow};
use crate::store::{Store, StoreError, message, queue};
use crate::{failpoint, metrics};

/// How long a finished job's end may wait for company. Losing it to a crash repeats an effect that can be repeated.
const DONE_WAITS: Duration = Duration::from_millis(50);
/// Most jobs in one commit.
const BATCH: usize = 4_096;
/// How long a second delivery is recognized.
const SEEN_KEPT: Duration = Duration::from_hours(7 * 24);
const PRUNE_EVERY: Duration = Duration::from_hours(1);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);
/// How often it is asked which dead letters are to be tried again: another process may have said so.
const LETTERS_EVERY: Duration = Duration::from_secs(2);

/// The end of a job.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) job_id: i64,
    pub(crate) pairs: Vec<MessageRow>,
    pub(crate) gone: Vec<Gone>,
    pub(crate) end: End,
    /// Answered after the commit; then it is committed at once.
    pub(crate) answer: Option<oneshot::Sender<()>>,
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
    newest_id: i64,
    /// Whether the last commit failed: it may have been carried out all the same, its answer lost on the way.
    unsure: bool,
    stop: CancellationToken,
    accepting: Vec<Delivery>,
    closing: Vec<Finish>,
    closing_since: Option<Instant>,
    pruned_at: Option<Instant>,
    letters_due: Interval,
    /// Whether there are dead letters to try again.
    letters_wanted: bool,
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
        let (accepting, closing) = (Vec::new(), Vec::new());
        let (closing_since, pruned_at) = (None, None);
        let mut letters_due = tokio::time::interval(LETTERS_EVERY);
        letters_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            store,
            lanes,
            deliveries,
            finished,
            newest_id,
            unsure: false,
            stop,
            accepting,
            closing,
            closing_since,
            pruned_at,
            letters_due,
            letters_wanted: false,
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            let stopping = self.gather().await;
            if self.is_due() || (stopping && !self.closing.is_empty()) {
                self.commit().await;
            }
            if stopping {
                return;
            }
        }
    }

    /// Waits for something to do and takes all that is there. Says whether the program is stopping.
    async fn gather(&mut self) -> bool {
        let due = self.closing_since.unwrap_or_else(Instant::now) + DONE_WAITS;
        let mut stopping = false;
        tokio::select! {
            Some(delivery) = self.deliveries.recv() => self.accepting.push(delivery),
            Some(finish) = self.finished.recv() => self.close(finish),
            () = tokio::time::sleep_until(due), if self.unsure || self.closing_since.is_some() => {}
            () = self.stop.cancelled() => stopping = true,
            _ = self.letters_due.tick() => self.look_for_letters().await,
        }
        let mut waiting: usize = self.accepting.iter().map(|delivery| delivery.jobs.len()).sum();
        while waiting < BATCH {
            let Ok(delivery) = self.deliveries.try_recv() else { break };
            waiting += delivery.jobs.len();
            self.accepting.push(delivery);
        }
        while let Ok(finish) = self.finished.try_recv() {
            self.close(finish);
        }
        stopping
    }

    async fn look_for_letters(&mut self) {
        match self.store.count_dead_letters().await {
            Ok(count) => {
                metrics::dead_letters(count.all);
                self.letters_wanted = count.wanted > 0;
            }
            Err(error) => tracing::debug!(%error, "the dead letters could not be counted"),
        }
    }

    fn close(&mut self, finish: Finish) {
        self.closing_since.get_or_insert_with(Instant::now);
        self.closing.push(finish);
    }

    fn is_due(&self) -> bool {
        self.unsure
            || self.letters_wanted
            || !self.accepting.is_empty()
            || self.closing.len() >= BATCH
            || self.closing.iter().any(|finish| finish.answer.is_some())
            || self.closing_since.is_some_and(|since| since.elapsed() >= DONE_WAITS)
    }

    async fn commit(&mut self) {
        let started = Instant::now();
        match self.write().await {
            Ok(accepted) => {
                metrics::committed(started.elapsed());
                self.unsure = false;
                self.closing_since = None;
                for finish in self.closing.drain(..) {
                    for pair in &finish.pairs {
                        self.store.recent().forget(pair);
                    }
                    for gone in &finish.gone {
                        self.store.recent().forget_gone(gone);
                    }
                    if let Some(answer) = finish.answer {
                        let _ = answer.send(());
                    }
                }
                self.answer(accepted);
            }
            Err(error) => {
                self.unsure = true;
                metrics::commit_failed();
                tracing::error!(%error, "nothing could be committed; what is not stored is not acknowledged");
                for delivery in self.accepting.drain(..) {
                    let _ = delivery.answer.send(Err(InboxError(error.0.clone())));
                }
                // What is done stays here and is committed when the database is back.
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }

    /// One transaction: the newly accepted jobs with what became of each delivery's events.
    async fn write(&mut self) -> Result<(Vec<Job>, Vec<Vec<Delivered>>), StoreError> {
        let now = self.store.clock().now_ms();
        let mut tx = self.store.begin().await?;
        let offered: Vec<&NewJob> = self.accepting.iter().flat_map(|delivery| &delivery.jobs).collect();
        let mut fresh = queue::insert_seen(&mut tx, &offered, now).await?;
        let mut jobs = Vec::with_capacity(fresh.len());
        if self.unsure {
            // Refused to the sender, stored nevertheless: its second delivery is known, so it has to be worked now.
            jobs = queue::jobs_behind(&mut tx, self.newest_id).await?;
        }
        let stored = jobs.len();
        let mut newest_id = jobs.last().map_or(self.newest_id, |job| job.id);
        let more_letters = self.letters_wanted && {
            let taken = dead_letter::take_wanted(&mut tx, newest_id, now).await?;
            newest_id = taken.last().map_or(newest_id, |job| job.id);
            let is_full = taken.len() >= dead_letter::TAKEN_AT_ONCE;
            jobs.extend(taken);
            is_full
        };
        let mut answers = Vec::with_capacity(self.accepting.len());
        for delivery in &self.accepting {
            let answer = delivery.jobs.iter().map(|new| {
                if !fresh.remove(&(new.source.as_str().to_owned(), new.dedup.as_str().to_owned())) {
                    return Delivered::Known;
                }
                // Sorts by time over restarts, and by arrival within one process whatever the clock does.
                newest_id = (newest_id + 1).max(now << 20);
                jobs.push(accepted(newest_id, new, now));
                Delivered::New
            });
            answers.push(answer.collect());
        }
        queue::insert_jobs(&mut tx, &jobs[stored..]).await?;
        self.write_ends(&mut tx, now).await?;
        self.pass("accept.before_commit", "end.before_commit");
        tx.commit().await?;
        self.pass("accept.after_commit", "end.after_commit");
        self.newest_id = newest_id;
        self.letters_wanted = more_letters;
        Ok((jobs, answers))
    }

    fn pass(&self, accepting: &'static str, closing: &'static str) {
        if !self.accepting.is_empty() {
            failpoint::pass(accepting);
        }
        if !self.closing.is_empty() {
            failpoint::pass(closing);
        }
    }

    async fn write_ends(&mut self, tx: &mut crate::store::Tx, now: i64) -> Result<(), StoreError> {
        // Cut behind each end that removes pairs: what a later one brings back has to stay.
        for ends in self.closing.split_inclusive(|finish| !finish.gone.is_empty()) {
            let pairs: Vec<&MessageRow> = ends.iter().flat_map(|finish| &finish.pairs).collect();
            message::insert(tx, &pairs).await?;
            let gone: Vec<&Gone> = ends.iter().flat_map(|finish| &finish.gone).collect();
            message::forget(tx, &gone).await?;
        }
        for finish in &self.closing {
            match &finish.end {
                End::Done => {}
                End::Recovered => dead_letter::remove_done(tx, finish.job_id).await?,
                End::GivenUp(given_up) => dead_letter::keep(tx, given_up, now).await?,
            }
        }
        let done: Vec<i64> = self.closing.iter().map(|finish| finish.job_id).collect();
        queue::delete_jobs(tx, &done).await?;
        if self.pruned_at.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            let kept = i64::try_from(SEEN_KEPT.as_millis()).unwrap_or(i64::MAX);
            queue::forget_seen(tx, now - kept).await?;
            self.pruned_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Hands new jobs to their lanes, then tells the deliverers.
    fn answer(&mut self, (jobs, answers): (Vec<Job>, Vec<Vec<Delivered>>)) {
        for source in jobs.iter().map(|job| job.source).collect::<HashSet<_>>() {
            metrics::accepted(source.as_str(), jobs.iter().filter(|job| job.source == source).count());
        }
        self.lanes.push(jobs);
        for (delivery, answer) in self.accepting.drain(..).zip(answers) {
            let _ = delivery.answer.send(Ok(answer));
        }
    }
}

fn accepted(id: i64, new: &NewJob, now: i64) -> Job {
    Job {
        id,
        lane: new.lane.clone(),
        source: new.source,
        login_id: new.login_id.clone(),
        dedup: new.dedup.clone(),
        payload: new.payload.clone(),
        accepted_at: now,
        attempts: 0,
        maybe_sent: false,
        letter_id: None,
    }
}
