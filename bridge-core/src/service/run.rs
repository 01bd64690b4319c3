//! Runs an appservice: serve, work, nudge, and stop in reverse order.

mod serving;
mod watchdog;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub use self::serving::Serving;
pub(crate) use self::watchdog::reachable;
use super::ground::Ground;
use super::health::OwnPart;
use crate::appservice::{Lookups, OwnEvents, RoomLanes};
use crate::config::Appservice;
use crate::metrics::Described;
use crate::queue::{Delivery, Handler, Inbox, Queue, Waker};
use crate::store::Store;
use crate::store::lease::Role;
use crate::task;

/// How long jobs at work may go on when the program stops.
const GRACE: Duration = Duration::from_secs(4);
/// How long the database's connections may take to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a program brings along to be run.
pub struct Program<H> {
    /// What works on events.
    pub handler: Arc<H>,
    /// The queue's way in and its other end, as [`Inbox::channel`] made them.
    pub inbox: (Inbox, mpsc::Receiver<Delivery>),
    /// The lanes of rooms.
    pub lanes: Arc<dyn RoomLanes>,
    /// What exists in the namespace.
    pub lookups: Arc<dyn Lookups>,
    /// What becomes of the own users' events.
    pub own_events: OwnEvents,
    /// The program's own part of the health document.
    pub health: OwnPart,
    /// The program's own metrics.
    pub metrics: &'static [Described],
    /// The program's own routes.
    pub routes: axum::Router,
}

impl<H> std::fmt::Debug for Program<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

/// A program that runs.
#[derive(Debug)]
pub struct Running<H> {
    queue: Queue<H>,
    server: tokio::task::JoinHandle<()>,
    told: CancellationToken,
    stop: CancellationToken,
    store: Store,
}

/// Why a program that works has to end when another one took the work over.
const TAKEN_OVER: &str = "Another process has taken the work over, because this one stood still or could not reach the \
                          database for some seconds. It has written nothing since. Start it again: then it stands by.";

impl<H: Handler> Running<H> {
    /// Serves and works at once, for a program with a database of its own. With one that others may share see [`Serving`].
    pub async fn start<S: DeserializeOwned + Default>(
        ground: &Ground<S>,
        listener: TcpListener,
        store: Store,
        program: Program<H>,
    ) -> Result<Self, String> {
        Serving::start(ground, listener, store, program).work().await
    }

    /// The running queue.
    pub fn queue(&self) -> &Queue<H> {
        &self.queue
    }

    /// Does something that may take long, unless the program is told to stop.
    pub async fn unless_told(&self, work: impl Future<Output = ()>) {
        let _ = self.told.run_until_cancelled(work).await;
    }

    /// Says that the program is ready, and runs until it is told to stop, until a part breaks that it needs, or until another
    /// process has taken the work over.
    pub async fn until_told(&self) {
        notify(&[sd_notify::NotifyState::Ready]);
        tokio::select! {
            () = self.told.cancelled() => {}
            () = self.queue.vitals().broken() => {}
            () = self.store.lease().until(|role| role == Role::Lost) => {
                tracing::error!("another process has taken the work over; this one stops at once");
            }
        }
        notify(&[sd_notify::NotifyState::Stopping]);
        tracing::info!("stopping");
    }

    /// Stops accepting, lets jobs end, and closes. Whatever else delivers into the queue has to be stopped before. The
    /// error is what broke, in sentences: the program then has to end with an exit code that tells of it.
    pub async fn stop(self) -> Result<(), String> {
        self.stop.cancel();
        if self.store.lease().role() == Role::Lost {
            // Nothing can be brought to an end any more. Whatever is under way is cut off with the program.
            return Err(TAKEN_OVER.to_owned());
        }
        if self.server.await.is_err() {
            tracing::error!("the server ended by force");
        }
        let vitals = self.queue.vitals().clone();
        let is_idle = self.queue.stop(GRACE).await;
        farewell(&self.store, is_idle).await;
        vitals.trouble().map_or(Ok(()), Err)
    }
}

/// Leaves the work to another process and closes the database, if that answers. While something is at work outside, the lease
/// is left to expire: another process would look for what is only now having its effect.
async fn farewell(store: &Store, is_idle: bool) {
    let closing = async {
        if is_idle {
            store.lease().give_up().await;
        }
        tokio::join!(store.lease().close(), store.close());
    };
    if tokio::time::timeout(FAREWELL, closing).await.is_err() {
        tracing::debug!("the database's connections did not close in time");
    }
}

/// Whatever waits for the homeserver need not wait for its back-off once the homeserver is back.
async fn wake(waker: Waker, mut moved: watch::Receiver<bool>, stop: CancellationToken) {
    while let Some(Ok(())) = stop.run_until_cancelled(moved.changed()).await {
        if *moved.borrow_and_update() {
            waker.retry_now();
        }
    }
}

/// Finds out what the homeserver offers before the first message needs to know.
fn spawn_probe(app: crate::matrix::AppService) {
    task::spawn("probe", async move {
        if let Err(error) = app.probe().await {
            tracing::debug!(%error, "what the homeserver offers could not be found out yet");
        }
    });
}

/// Sets the bot's name, which people see before its first word. A homeserver that refuses stops nothing.
pub async fn introduce_bot(app: &crate::matrix::AppService, appservice: &Appservice) {
    let bot = app.bot();
    let introduced = async {
        bot.ensure_registered().await?;
        if bot.profile(bot.user_id()).await?.displayname.as_deref() != Some(&appservice.bot_displayname) {
            bot.set_displayname(&appservice.bot_displayname).await?;
        }
        Ok::<_, crate::matrix::MatrixError>(())
    };
    if let Err(error) = introduced.await {
        tracing::warn!(%error, "the bot's name could not be set");
    }
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}

async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::error!("the program cannot receive SIGTERM; only Ctrl-C stops it");
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(test)]
mod tests;
