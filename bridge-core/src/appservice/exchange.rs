//! When homeserver and appservice last heard of each other, for health and for those who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Notify, broadcast};

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
    signals: broadcast::Sender<Signal>,
    suspicion: Notify,
}

impl Exchange {
    /// A record in which nothing has happened yet.
    pub fn new(clock: Clock) -> Self {
        let never = || AtomicI64::new(i64::MIN);
        Self(Arc::new(Inner {
            clock,
            transaction_at: never(),
            ping_at: never(),
            signals: broadcast::Sender::new(SIGNALS),
            suspicion: Notify::new(),
        }))
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
    }

    pub(super) fn note_ping(&self, txn_id: String) {
        self.0.ping_at.store(self.0.clock.now_ms(), Ordering::Relaxed);
        self.signal(Signal::Ping(txn_id));
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
