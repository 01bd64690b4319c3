//! Looks from time to time whether the homeserver answers us and its calls reach us.
//!
//! Where nothing else has shown both for a while, the homeserver is asked to ping us: that is one call there and one back,
//! which every family knows. One that does not know pings is only asked who we are, and the nudge is the proof of the way
//! back, rarely: it is an event in a room.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::ping::{PingError, ping_homeserver};
use super::pulse::Pulse;
use crate::matrix::{AppService, MatrixError, Reach};
use crate::store::lease::Lease;

/// The times of the heartbeat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    /// How long each way may show no life before it is looked.
    pub(crate) idle: Duration,
    /// The pause between two looks while it is not known to be alive.
    pub(crate) again: Duration,
    /// The pause before the second look: one that fails alone proves nothing.
    pub(crate) sure: Duration,
    /// How long a ping, or another call, may take.
    pub(crate) patience: Duration,
    /// How long its calls may stay away before it is nudged, where pings prove nothing.
    pub(crate) nudged: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(20),
            again: Duration::from_secs(4),
            sure: Duration::from_secs(2),
            patience: Duration::from_secs(6),
            nudged: Duration::from_mins(5),
        }
    }
}

/// How long a homeserver that does not know pings is not asked for one again: it may be updated.
const PINGLESS: Duration = Duration::from_hours(1);

/// What a look gave.
struct Found {
    pulse: Pulse,
    /// Why, for the log.
    why: Option<String>,
    ping: Option<Duration>,
}

/// Keeps [`Exchange::standing`] true, and has the homeserver nudged after each outage.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    app: AppService,
    exchange: Exchange,
    lease: Lease,
    rhythm: Rhythm,
    /// Until when it is not asked for a ping.
    pingless_until: Option<Instant>,
    nudged_at: Instant,
    /// What was heard before proves nothing.
    lost_at: Option<Instant>,
}

impl Heartbeat {
    /// Prepares it. It does nothing while the lease does not let this process act.
    pub(crate) fn new(app: AppService, exchange: Exchange, lease: Lease, rhythm: Rhythm) -> Self {
        let nudged_at = Instant::now();
        Self { app, exchange, lease, rhythm, pingless_until: None, nudged_at, lost_at: None }
    }

    /// Runs until it is cancelled. Our server has to be running.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.run_forever()).await;
    }

    async fn run_forever(&mut self) {
        let mut reach = self.app.client().reach();
        loop {
            let pause =
                if self.exchange.standing().pulse == Pulse::Alive { self.due() } else { self.rhythm.again };
            tokio::select! {
                () = sleep(pause) => {}
                () = lost(&mut reach), if self.lost_at.is_none() => self.lost_at = Some(Instant::now()),
            }
            if self.lease.may_act() {
                // Boxed, because it is large and waits for most of its life.
                Box::pin(self.beat()).await;
            }
        }
    }

    /// The time until one of the ways has shown no life for too long.
    fn due(&self) -> Duration {
        let oldest = self.shown_at();
        let left = oldest.map(|at| self.rhythm.idle.saturating_sub(at.elapsed()));
        left.unwrap_or_default().max(self.rhythm.sure)
    }

    /// When both ways had last shown life; none if one of them has not, since the outage began.
    fn shown_at(&self) -> Option<Instant> {
        let oldest = self.exchange.heard_at()?.min(self.app.client().answered_at()?);
        Some(oldest).filter(|at| self.lost_at.is_none_or(|lost| *at > lost))
    }

    async fn beat(&mut self) {
        if self.shown_at().is_some_and(|at| at.elapsed() < self.rhythm.idle) {
            return self.conclude(Found { pulse: Pulse::Alive, why: None, ping: None });
        }
        let mut found = self.look().await;
        let known = self.exchange.standing().pulse;
        // Also of one that has just come back, and whose calls take a moment more.
        if found.pulse.is_bad()
            && (!known.is_bad() || (found.pulse == Pulse::Silent && known != Pulse::Silent))
        {
            sleep(self.rhythm.sure).await;
            found = self.look().await;
        }
        // What is not allowed to this process says nothing about the homeserver.
        if self.lease.may_act() {
            self.conclude(found);
        }
    }

    /// Notes what was found, and tells the operator of what is new.
    fn conclude(&mut self, found: Found) {
        let Found { pulse, why, ping } = found;
        let ping_ms = ping.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let before = self.exchange.note_pulse(pulse, ping_ms);
        if pulse.is_bad() {
            self.lost_at.get_or_insert_with(Instant::now);
            if self.exchange.is_to_be_told() {
                let why = why.unwrap_or_default();
                tracing::warn!(
                    ?pulse,
                    why,
                    "the homeserver is not there both ways; it is looked for until it is"
                );
            }
            return;
        }
        self.lost_at = None;
        // While it is being nudged, that it answers says little: the outage that was told of may go on.
        if self.exchange.standing().moved || before.is_bad() {
            self.exchange.note_over();
        }
        if before.is_bad() {
            tracing::info!("the homeserver is there again, both ways");
            // What it held back comes only when it is nudged.
            self.exchange.suspect();
            self.exchange.hurry();
        }
    }

    async fn look(&mut self) -> Found {
        if self.pingless_until.is_some_and(|until| Instant::now() < until) {
            return self.look_without_ping().await;
        }
        let begun = Instant::now();
        let pinged =
            timeout(self.rhythm.patience, Box::pin(ping_homeserver(&self.app, &self.exchange))).await;
        let silent =
            |error: PingError| Found { pulse: Pulse::Silent, why: Some(error.to_string()), ping: None };
        match pinged {
            Ok(Ok(_)) => Found { pulse: Pulse::Alive, why: None, ping: Some(begun.elapsed()) },
            Ok(Err(PingError::Homeserver(error))) => match of_error(&error) {
                Some(pulse) => Found { pulse, why: Some(error.to_string()), ping: None },
                None => self.look_without_ping().await,
            },
            Ok(Err(PingError::Unsupported)) => {
                self.pingless_until = Some(Instant::now() + PINGLESS);
                self.look_without_ping().await
            }
            // It may have come to another process of ours.
            Ok(Err(PingError::SomebodyElse)) if self.lease.is_shared() => self.look_without_ping().await,
            Ok(Err(error)) => silent(error),
            // It hangs, or its call to us does.
            Err(_) => match self.ask(self.rhythm.patience / 2).await {
                Found { pulse: Pulse::Alive, .. } => silent(PingError::NoConnection),
                found => found,
            },
        }
    }

    /// Asks who we are, and leaves it to the nudge to prove that the homeserver's calls reach us.
    async fn look_without_ping(&mut self) -> Found {
        let found = self.ask(self.rhythm.patience).await;
        let is_quiet = self.exchange.heard_at().is_none_or(|at| at.elapsed() >= self.rhythm.nudged);
        if found.pulse == Pulse::Alive && is_quiet && self.nudged_at.elapsed() >= self.rhythm.nudged {
            self.nudged_at = Instant::now();
            self.exchange.suspect();
        }
        found
    }

    async fn ask(&self, patience: Duration) -> Found {
        let asked = timeout(patience, self.app.bot().whoami()).await;
        let error = match asked {
            Ok(Ok(_)) => return Found { pulse: Pulse::Alive, why: None, ping: None },
            Ok(Err(error)) => error,
            Err(_) => MatrixError::Unreachable("no answer in time".to_owned()),
        };
        let pulse = of_error(&error).unwrap_or(Pulse::Alive);
        Found { pulse, why: Some(error.to_string()), ping: None }
    }
}

/// What a failed call says about the homeserver; none where it says only something about the call.
fn of_error(error: &MatrixError) -> Option<Pulse> {
    match error {
        MatrixError::Refused { status: 401 | 403, .. } => Some(Pulse::Refuses),
        MatrixError::Refused { status: 500.., .. }
        | MatrixError::Unreachable(_)
        | MatrixError::Uncertain(_)
        | MatrixError::Malformed(_) => Some(Pulse::Unreachable),
        MatrixError::Refused { .. } | MatrixError::RateLimited(_) => None,
    }
}

/// Waits until a call fails because nobody is there.
async fn lost(reach: &mut watch::Receiver<Reach>) {
    if reach.wait_for(|reach| !reach.is_reachable).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
