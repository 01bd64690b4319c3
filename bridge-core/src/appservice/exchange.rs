//! When homeserver and appservice last heard of each other, for health and for those who wait for it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use super::pulse::{Pulse, Standing};
use crate::clock::Clock;

/// How many signals a slow listener may fall behind.
const SIGNALS: usize = 64;

/// Something the homeserver brought that somebody may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// It pinged us, with this transaction id.
    Ping(String),
    /// The nudge with this nonce came in a transaction.
    Nudge(String),
}

/// A shared record of the traffic with the homeserver. Clones are handles of the same.
#[derive(Debug, Clone)]
pub struct Exchange(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    transaction_at: AtomicI64,
    ping_at: AtomicI64,
    /// When it last called us, by the clock that does not leap.
    heard_at: Mutex<Option<Instant>>,
    standing: Mutex<Standing>,
    /// Whether the log has told of the outage that goes on.
    is_told: AtomicBool,
    signals: broadcast::Sender<Signal>,
    suspicion: Notify,
    hurry: Notify,
}

impl Exchange {
    /// A record in which nothing has happened yet.
    pub fn new(clock: Clock) -> Self {
        let never = || AtomicI64::new(i64::MIN);
        let standing = Mutex::new(Standing::unknown(clock.now_ms()));
        Self(Arc::new(Inner {
            clock,
            transaction_at: never(),
            ping_at: never(),
            heard_at: Mutex::default(),
            standing,
            is_told: AtomicBool::new(false),
            signals: broadcast::Sender::new(SIGNALS),
            suspicion: Notify::new(),
            hurry: Notify::new(),
        }))
    }

    /// This process works from now on: what was not seen while it stood by says nothing of the homeserver.
    pub(crate) fn begin_turn(&self) {
        *self.0.standing.lock().unwrap_or_else(PoisonError::into_inner) =
            Standing::unknown(self.0.clock.now_ms());
    }

    /// When the last transaction was accepted, in milliseconds since 1970.
    pub fn last_transaction_at(&self) -> Option<i64> {
        read(&self.0.transaction_at)
    }

    /// When the homeserver last pinged us, in milliseconds since 1970.
    pub fn last_ping_at(&self) -> Option<i64> {
        read(&self.0.ping_at)
    }

    pub(super) fn note_transaction(&self) {
        self.0.transaction_at.store(self.0.clock.now_ms(), Ordering::Relaxed);
        self.note_heard();
    }

    pub(super) fn note_ping(&self, txn_id: String) {
        self.0.ping_at.store(self.0.clock.now_ms(), Ordering::Relaxed);
        self.note_heard();
        self.signal(Signal::Ping(txn_id));
    }

    fn note_heard(&self) {
        *self.0.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// When it last called us.
    pub(super) fn heard_at(&self) -> Option<Instant> {
        *self.0.heard_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the homeserver is, as the heartbeat found it last.
    pub fn standing(&self) -> Standing {
        *self.0.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how the homeserver was found, with how long the ping took, if one went round. Gives how it was before.
    pub(super) fn note_pulse(&self, pulse: Pulse, ping_ms: Option<u64>) -> Pulse {
        let mut standing = self.0.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = standing.pulse;
        if before != pulse {
            (standing.pulse, standing.since) = (pulse, self.0.clock.now_ms());
        }
        standing.ping_ms = ping_ms.or(standing.ping_ms);
        before
    }

    /// Notes whether all has come that the homeserver held back.
    pub(super) fn note_moved(&self, moved: bool) {
        let mut standing = self.0.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.moved != moved {
            (standing.moved, standing.moved_since) = (moved, self.0.clock.now_ms());
            standing.has_moved |= moved;
        }
    }

    /// Whether somebody has to tell the operator of the outage: true for the first who asks, until it is over.
    pub(super) fn is_to_be_told(&self) -> bool {
        !self.0.is_told.swap(true, Ordering::Relaxed)
    }

    /// The outage is over: the next one is told of again.
    pub(super) fn note_over(&self) {
        self.0.is_told.store(false, Ordering::Relaxed);
    }

    pub(crate) fn note_nudge(&self, nonce: String) {
        self.signal(Signal::Nudge(nonce));
    }

    fn signal(&self, signal: Signal) {
        // Nobody waiting is the usual case.
        let _ = self.0.signals.send(signal);
    }

    /// Says that transactions may be stuck at the homeserver; [`Nudge`](super::Nudge) then sees to it. Cheap. An outage
    /// that the Matrix client noticed, and a transaction that was refused, are known without it.
    pub fn suspect(&self) {
        self.0.suspicion.notify_one();
    }

    /// Waits for [`Exchange::suspect`].
    pub(super) async fn suspected(&self) {
        self.0.suspicion.notified().await;
    }

    /// Says that whoever waits for the homeserver need not wait any longer.
    pub(super) fn hurry(&self) {
        self.0.hurry.notify_waiters();
    }

    /// Waits for [`Exchange::hurry`].
    pub(super) async fn hurried(&self) {
        self.0.hurry.notified().await;
    }

    /// What is signalled from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.0.signals.subscribe()
    }
}

fn read(at: &AtomicI64) -> Option<i64> {
    Some(at.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN)
}

/// Waits for a signal that fits. Only ends without it when the record is gone.
pub(super) async fn wait_for(signals: &mut broadcast::Receiver<Signal>, fits: impl Fn(&Signal) -> bool) {
    loop {
        match signals.recv().await {
            Ok(signal) if fits(&signal) => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}
