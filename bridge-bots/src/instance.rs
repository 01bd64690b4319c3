//! An instance while the program runs: its state, its worker, its log.

pub(crate) mod log;
pub(crate) mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{RwLock, Semaphore, SemaphorePermit};

use crate::plugin::Descriptor;
use crate::plugin::database::Database;
use crate::runtime::Worker;
use crate::signals::Signals;
use crate::store::instance::InstanceRow;
use log::Log;
use status::{Phase, Status};

/// How many rooms' events an instance works on at the same time. A hanging one must not use up the queue's places.
const AT_WORK: usize = 8;

/// A plugin at work for an account.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) descriptor: Descriptor,
    pub(crate) log: Log,
    /// Held by whoever starts, stops or changes it, from the beginning to the end, which may take as long as a plugin's start.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// Held for writing while it becomes stopped or is stopped no longer, for reading by whoever hands it an event: what was kept
    /// while it was stopped comes before what comes then. Nobody waits for a plugin while holding it.
    pub(crate) gate: RwLock<()>,
    row: Mutex<InstanceRow>,
    running: Mutex<Running>,
    places: Semaphore,
    /// The same for calls to its web path, which anybody may make: they take no place of an event.
    calls: Semaphore,
    signals: Arc<Signals>,
}

/// What changes while it runs.
#[derive(Debug)]
struct Running {
    status: Status,
    working: Option<Working>,
    /// How often it was started: a fault of a worker that is gone already counts for nothing.
    generation: u64,
}

/// A worker with what it works with.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    pub(crate) worker: Arc<dyn Worker>,
    /// The instance's own database, if its plugin asks for one.
    pub(crate) database: Option<Database>,
}

/// A worker, and which start it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) worker: Arc<dyn Worker>,
    pub(crate) database: Option<Database>,
    pub(crate) generation: u64,
}

impl Instance {
    pub(crate) fn new(row: InstanceRow, descriptor: Descriptor, now: i64, signals: Arc<Signals>) -> Self {
        // One that keeps events counts as stopped until what was kept is handed out.
        let phase = if row.enabled && !descriptor.keeps { Phase::Starting } else { Phase::Stopped };
        Self {
            descriptor,
            log: Log::new(&row.instance_id, Arc::clone(&signals)),
            turn: tokio::sync::Mutex::new(()),
            gate: RwLock::new(()),
            row: Mutex::new(row),
            running: Mutex::new(Running { status: Status::new(phase, now), working: None, generation: 0 }),
            places: Semaphore::new(AT_WORK),
            calls: Semaphore::new(AT_WORK),
            signals,
        }
    }

    /// What is stored of it.
    pub(crate) fn row(&self) -> InstanceRow {
        self.row.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of what is stored now.
    pub(crate) fn set_row(&self, row: InstanceRow) {
        *self.row.lock().unwrap_or_else(PoisonError::into_inner) = row;
        self.signals.state_changed();
    }

    /// How it is.
    pub(crate) fn status(&self) -> Status {
        self.running().status.clone()
    }

    /// Changes how it is.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Status)) {
        self.change(|running| change(&mut running.status));
    }

    /// The worker, while it runs.
    pub(crate) fn worker(&self) -> Option<Started> {
        let running = self.running();
        let working = running.working.clone().filter(|_| running.status.phase == Phase::Running)?;
        let Working { worker, database } = working;
        Some(Started { worker, database, generation: running.generation })
    }

    /// A place to work on an event; none while too many others are at work.
    pub(crate) fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// A place to answer a call to its web path; none while too many others are answered.
    pub(crate) fn call(&self) -> Option<SemaphorePermit<'_>> {
        self.calls.try_acquire().ok()
    }

    /// Runs from now on.
    pub(crate) fn run(&self, working: Working, now: i64) {
        self.change(|running| {
            running.generation += 1;
            running.working = Some(working);
            running.status.enter(Phase::Running, now);
        });
    }

    /// Is about to be started: what comes meanwhile waits for it.
    pub(crate) fn begin(&self, now: i64) {
        self.change(|running| {
            running.working = None;
            running.status.enter(Phase::Starting, now);
            running.status.faults = 0;
        });
    }

    /// Runs no longer.
    pub(crate) fn halt(&self, now: i64) {
        self.change(|running| {
            running.working = None;
            running.status.enter(Phase::Stopped, now);
            running.status.faults = 0;
        });
    }

    /// Takes note of a fault; `generation` is that of the worker that had it, none for a start that failed. Gives how long to
    /// wait before the next start; none if somebody sees to it already, or it is stopped.
    pub(crate) fn fail(
        &self,
        generation: Option<u64>,
        reason: &str,
        now: i64,
    ) -> Option<std::time::Duration> {
        self.change(|running| {
            running.status.last_error = Some(reason.to_owned());
            let is_gone = generation.is_some_and(|generation| generation != running.generation);
            let is_down = !matches!(running.status.phase, Phase::Running | Phase::Starting);
            if is_gone || (generation.is_some() && is_down) || running.status.phase == Phase::Stopped {
                return None;
            }
            running.working = None;
            Some(running.status.fail(now))
        })
    }

    /// Changes what changes while it runs, and tells whoever watches.
    fn change<T>(&self, change: impl FnOnce(&mut Running) -> T) -> T {
        let changed = change(&mut self.running());
        self.signals.state_changed();
        changed
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
