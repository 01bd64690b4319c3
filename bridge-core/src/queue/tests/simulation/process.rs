//! One process: everything here is lost when it dies.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use super::worker::Worker;
use super::world::{World, number_of};
use crate::queue::commit::{Batch, Committed, Finish, Plan};
use crate::queue::lanes::window::{Limits, Windows};
use crate::queue::{Delivery, Job, Lane};

/// Milliseconds between two looks for letters that are to be tried again.
const LETTERS_EVERY: u64 = 2_000;
const PAUSE_AFTER_FAILURE: u64 = 500;
/// Most jobs in one commit.
const BATCH: usize = 6;

/// Everything in memory.
pub(super) struct Process {
    limits: Limits,
    pub(super) windows: Windows,
    batch: Batch,
    deliveries: VecDeque<Delivery>,
    pub(super) finishes: VecDeque<Finish>,
    open: Option<Transaction>,
    /// A commit that failed for us, and that the server may still carry out.
    late: Option<Transaction>,
    /// When the committer goes on, if nothing comes.
    due: u64,
    paused_until: u64,
    letters_due: u64,
    pub(super) workers: BTreeMap<Lane, Worker>,
    /// Jobs that may still be begun at this time.
    pub(super) places: usize,
    left_until: i64,
    /// The jobs that were handed to workers.
    pub(super) taken: BTreeSet<i64>,
}

/// A commit on its way.
struct Transaction {
    plan: Plan,
    seen: Vec<usize>,
    /// How many of the ends that wait it writes.
    ends: usize,
    /// Whether it was carried out; its answer is on the way.
    carried_out: bool,
}

impl Process {
    /// As the queue starts.
    pub(super) fn start(limits: Limits, places: usize, world: &World) -> Self {
        let left_until = world.table.newest_id();
        let mut windows = Windows::new(limits, left_until);
        let mut workers = BTreeMap::new();
        for lane in world.table.lanes() {
            windows.take_up(lane.clone());
            workers.insert(lane, Worker::new(left_until));
        }
        Self {
            limits,
            windows,
            batch: Batch::new(left_until, BATCH),
            deliveries: VecDeque::new(),
            finishes: VecDeque::new(),
            open: None,
            late: None,
            due: u64::MAX,
            paused_until: 0,
            letters_due: world.now,
            workers,
            places,
            left_until,
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.deliveries.push_back(delivery);
    }

    pub(super) fn wake(&mut self) {
        self.workers.values_mut().for_each(Worker::wake);
    }

    /// Whether a transaction is open: until it ends nobody else writes.
    pub(super) fn is_writing(&self) -> bool {
        self.late.is_some() || self.open.as_ref().is_some_and(|open| !open.carried_out)
    }

    /// When the committer has something to do.
    pub(super) fn committer_due(&self, now: u64) -> u64 {
        if self.open.is_some() {
            return now;
        }
        let has_news = !self.deliveries.is_empty() || !self.finishes.is_empty();
        let due = if has_news { now } else { self.due.min(self.letters_due) };
        due.max(self.paused_until)
    }

    /// Waits for news, from `now` on.
    fn wait(&mut self, now: u64) {
        let due = self.batch.due_at(Duration::from_millis(now));
        self.due = due.map_or(u64::MAX, |due| u64::try_from(due.as_millis()).unwrap());
    }

    /// The committer's next step.
    pub(super) fn commit(&mut self, world: &mut World) {
        match self.open.take() {
            None => self.gather(world),
            Some(open) if open.carried_out => self.answered(open, world),
            Some(open) => self.end(open, world),
        }
    }

    fn gather(&mut self, world: &mut World) {
        let now = Duration::from_millis(world.now);
        if world.now >= self.letters_due {
            self.letters_due = world.now + LETTERS_EVERY;
            self.batch.want_letters(world.table.has_wanted());
        }
        while self.batch.has_room() {
            let Some(delivery) = self.deliveries.pop_front() else { break };
            self.batch.accept(delivery);
        }
        for finish in self.finishes.drain(..) {
            self.batch.close(finish, now);
        }
        if self.batch.is_due(now) {
            self.begin(world);
        } else {
            self.wait(world.now);
        }
    }

    /// As `Committer::write` does, up to the commit.
    fn begin(&mut self, world: &mut World) {
        if self.batch.unsure_behind().is_some() {
            self.settle(world);
        }
        let mut plan = self.batch.plan();
        let (mut fresh, mut seen) = (HashSet::new(), Vec::new());
        for new in self.batch.offered() {
            let number = new.dedup.as_str().parse().unwrap();
            if !world.table.seen.contains(&number) && !seen.contains(&number) {
                seen.push(number);
                fresh.insert((new.source.as_str().to_owned(), new.dedup.as_str().to_owned()));
            }
        }
        if let Some(after) = self.batch.unsure_behind() {
            let behind = world.table.jobs_behind(after);
            world.counts.found_behind += u64::try_from(behind.len()).unwrap();
            plan.find(behind);
        }
        if self.batch.takes_letters() {
            plan.take_letters(world.table.wanted(plan.newest_id(), world.wall));
        }
        plan.accept(self.batch.accepting(), fresh, world.wall);
        let (accepted, ends) = (plan.unstored().len(), self.batch.closing().len());
        world.note(|| format!("a commit of {accepted} jobs and {ends} ends begins"));
        self.open = Some(Transaction { plan, seen, ends, carried_out: false });
    }

    fn end(&mut self, open: Transaction, world: &mut World) {
        if world.random.chance(world.faults.commit) {
            world.counts.failed_commits += 1;
            world.note(|| "the commit fails".to_owned());
            self.failed(world);
            self.late = Some(open);
            return;
        }
        self.carry_out(&open, world);
        self.open = Some(Transaction { carried_out: true, ..open });
    }

    fn carry_out(&self, open: &Transaction, world: &mut World) {
        world.counts.events += u64::try_from(open.seen.len()).unwrap();
        world.table.seen.extend(&open.seen);
        for job in open.plan.unstored() {
            world.counts.letters_taken += u64::from(job.letter_id.is_some());
            world.table.insert(job);
        }
        for finish in &self.batch.closing()[..open.ends] {
            world.table.end(finish);
        }
        world.note(|| "the commit is carried out".to_owned());
        world.check();
    }

    /// Whether a commit that failed may still be carried out.
    pub(super) fn is_late(&self) -> bool {
        self.late.is_some()
    }

    /// A commit that failed ends on the server, whatever way.
    pub(super) fn settle(&mut self, world: &mut World) {
        let Some(late) = self.late.take() else { return };
        if world.random.chance(300) {
            world.counts.late_commits += 1;
            self.carry_out(&late, world);
        }
    }

    fn answered(&mut self, open: Transaction, world: &mut World) {
        if world.random.chance(world.faults.commit) {
            world.counts.lost_answers += 1;
            world.note(|| "its answer is lost".to_owned());
            self.failed(world);
            return;
        }
        let Committed { jobs, ended, accepted } = self.batch.succeeded(open.plan);
        world.note(|| format!("it succeeds: {:?} go to their lanes", numbers(&jobs)));
        for answer in ended.into_iter().filter_map(|finish| finish.answer) {
            let _ = answer.send(());
        }
        for job in jobs {
            if let Some(lane) = self.windows.push(job) {
                let before = self.workers.insert(lane, Worker::new(self.left_until));
                assert!(before.is_none(), "a second worker for a lane");
            }
        }
        for (delivery, answer) in accepted {
            let _ = delivery.answer.send(Ok(answer));
        }
        self.wait(world.now);
    }

    fn failed(&mut self, world: &World) {
        self.batch.failed("not now");
        self.paused_until = world.now + PAUSE_AFTER_FAILURE;
        self.wait(self.paused_until);
    }

    /// What must be true between any two steps.
    pub(super) fn check(&self) {
        let Limits { window, resident } = self.limits;
        let mut held = 0;
        for (lane, size) in self.windows.sizes() {
            assert!(self.workers.contains_key(lane), "I5: {lane} has jobs and no worker");
            // One that was full, behind one that was read.
            assert!(size < 2 * window, "I6: {size} jobs of {lane} are in memory");
            held += size;
        }
        assert_eq!(self.windows.len(), self.workers.len(), "I5: a worker without a lane");
        held += self.workers.values().map(Worker::room).sum::<usize>();
        assert_eq!(held, self.windows.resident(), "I6: jobs in memory are counted wrongly");
        let most = resident + self.workers.len();
        assert!(held <= most, "I6: {held} jobs are in memory, {most} may be");
        let waiting: usize = self.batch.accepting().iter().map(|delivery| delivery.jobs.len()).sum();
        assert!(waiting < BATCH + 4, "I6: {waiting} jobs are in one commit");
    }

    /// Whether nothing is left to do.
    pub(super) fn is_at_rest(&self) -> bool {
        self.open.is_none()
            && self.deliveries.is_empty()
            && self.finishes.is_empty()
            && self.batch.closing().is_empty()
            && self.batch.unsure_behind().is_none()
    }
}

fn numbers(jobs: &[Job]) -> Vec<usize> {
    jobs.iter().map(number_of).collect()
}
