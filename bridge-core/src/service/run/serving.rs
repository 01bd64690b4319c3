//! A program that serves, and waits for its turn to work.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::watchdog::Watchdog;
use super::{Program, Running, farewell, notify, spawn_probe, told_to_stop, wake};
use crate::appservice::heartbeat::{Heartbeat, Rhythm};
use crate::appservice::ping::{PingError, ping_homeserver};
use crate::appservice::server::{BODY_LIMIT, Endpoints, serve};
use crate::appservice::{Exchange, Nudge, relay};
use crate::matrix::AppService;
use crate::queue::hand_in::hand_in;
use crate::queue::{Committing, Delivery, Handler, Inbox, Queue};
use crate::service::Ground;
use crate::service::health::Health;
use crate::service::telemetry;
use crate::store::Store;
use crate::store::lease::Role;
use crate::task::{self, Vitals};

/// How long it may take to see whether the homeserver's events come here.
const REACHED_WITHIN: Duration = Duration::from_secs(5);
/// How long the first look at the lease may take before the program says that it is ready to stand by.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// It answers the homeserver; nothing is worked yet.
pub struct Serving<H> {
    app: AppService,
    store: Store,
    handler: Arc<H>,
    inbox: Inbox,
    deliveries: mpsc::Receiver<Delivery>,
    exchange: Exchange,
    nudge: Nudge,
    vitals: Vitals,
    committing: Committing,
    server: tokio::task::JoinHandle<()>,
    told: CancellationToken,
    stop: CancellationToken,
}

impl<H> std::fmt::Debug for Serving<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Serving")
    }
}

fn spawn_server(
    vitals: &Vitals,
    listener: TcpListener,
    router: axum::Router,
    stop: &CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let serving = stop.clone();
    vitals.spawn("server", stop.clone(), async move {
        if let Err(error) = serve(listener, router, serving).await {
            tracing::error!(%error, "the server ended");
        }
    })
}

/// Cancelled when the program is told to stop. Heard from now to the end: a signal that comes between two waits must not be
/// lost.
fn hear_signals() -> CancellationToken {
    let told = CancellationToken::new();
    let tell = told.clone();
    task::spawn("signals", async move {
        told_to_stop().await;
        tell.cancel();
    });
    told
}

fn keep_lease(store: &Store, vitals: &Vitals) {
    if store.lease().is_shared() {
        let (lease, vitals) = (store.lease().clone(), vitals.clone());
        // That it ends is told by the role.
        task::spawn("lease", async move { vitals.guard("lease", lease.keep()).await });
    }
}

impl<H: Handler> Serving<H> {
    /// Starts the server, and asks for the lease.
    pub fn start<S: DeserializeOwned + Default>(
        ground: &Ground<S>,
        listener: TcpListener,
        store: Store,
        program: Program<H>,
    ) -> Self {
        let Program {
            handler,
            inbox: (inbox, deliveries),
            lanes,
            lookups,
            own_events,
            health,
            metrics,
            routes,
        } = program;
        let app = ground.app.clone();
        let exchange = Exchange::new(store.clock().clone());
        let nudge = Nudge::new(app.clone(), exchange.clone(), None);
        let endpoints = Endpoints {
            app: app.clone(),
            hs_token: ground.hs_token.clone(),
            inbox: inbox.clone(),
            lanes,
            lookups,
            exchange: exchange.clone(),
            own_events,
            body_limit: BODY_LIMIT,
        };
        let (vitals, committing) = (Vitals::default(), Committing::default());
        let health = Health {
            store: store.clone(),
            client: app.client().clone(),
            exchange: exchange.clone(),
            committing: committing.clone(),
            vitals: vitals.clone(),
            own: health,
            metrics: telemetry::record(metrics),
        };
        let router = endpoints.router().merge(health.router()).merge(routes);
        let stop = CancellationToken::new();
        Watchdog::start(&listener, &vitals, &committing);
        let server = spawn_server(&vitals, listener, router, &stop);
        let told = hear_signals();
        keep_lease(&store, &vitals);
        Self {
            app,
            store,
            handler,
            inbox,
            deliveries,
            exchange,
            nudge,
            vitals,
            committing,
            server,
            told,
            stop,
        }
    }

    /// Waits until this process is the one that works, and stores for another one what the homeserver sends meanwhile. False
    /// if it is told to stop before.
    pub async fn until_turn(&mut self) -> bool {
        let lease = self.store.lease().clone();
        let is_turn = |role| matches!(role, Role::Working(_));
        if is_turn(lease.role()) {
            return true;
        }
        let ready = async {
            // Mostly nobody else is there, and the turn comes in a moment.
            tokio::time::sleep(FIRST_LOOK).await;
            notify(&[sd_notify::NotifyState::Ready]);
            relay::pass_on(&self.exchange, &self.store).await;
        };
        let turn = lease.until(|role| role != Role::StandingBy);
        tokio::select! {
            () = hand_in(&self.store, &mut self.deliveries, turn) => is_turn(lease.role()),
            () = self.told.cancelled() => false,
            () = self.vitals.broken() => false,
            () = ready => false,
        }
    }

    /// Whether the homeserver calls this process, and not another one by the same registration: a copy that was made from a
    /// backup would take from the network what the other one is to carry. Call it before anything is taken from there. The
    /// error is for the operator. What cannot be found out stops nothing: a homeserver that is away comes back. Of processes
    /// that share a database any may be called.
    pub async fn expect_calls(&self) -> Result<(), String> {
        if self.store.lease().is_shared() {
            return Ok(());
        }
        let pinged = tokio::time::timeout(REACHED_WITHIN, ping_homeserver(&self.app, &self.exchange));
        let pinged = self.told.run_until_cancelled(pinged).await;
        match pinged {
            Some(Ok(Err(error @ PingError::SomebodyElse))) => Err(format!(
                "appservice.listen: {error} If that is the program itself, this is a copy of it, which would take events from \
                 it; nothing was taken so far."
            )),
            Some(Ok(Err(error))) => {
                // After an outage a homeserver often waits before it calls again; if it never does, the nudge warns.
                tracing::info!(%error, "whether the homeserver calls this process, and no other, is not known yet");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Works from now on: the queue takes up what was left, the homeserver is nudged.
    pub async fn work(self) -> Result<Running<H>, String> {
        let Self {
            app,
            store,
            handler,
            inbox,
            deliveries,
            exchange,
            nudge,
            vitals,
            committing,
            server,
            told,
            stop,
        } = self;
        let started =
            Queue::start_among(store.clone(), handler, inbox, deliveries, vitals.clone(), committing).await;
        let queue = match started {
            Ok(queue) => queue,
            Err(error) => {
                farewell(&store, true).await;
                return Err(format!("database.url: {error}"));
            }
        };
        let moved = nudge.moved();
        exchange.begin_turn();
        let heartbeat =
            Heartbeat::new(app.clone(), exchange.clone(), store.lease().clone(), Rhythm::default());
        vitals.spawn("heartbeat", stop.clone(), heartbeat.run(stop.clone()));
        if store.lease().is_shared() {
            let (store, moved) = (store.clone(), moved.clone());
            task::spawn("nudges of others", async move { relay::look(&exchange, &store, moved).await });
        }
        let nudging = stop.clone();
        vitals.spawn("nudge", stop.clone(), async move { nudge.run(nudging).await });
        vitals.spawn("wake lanes after an outage", stop.clone(), wake(queue.waker(), moved, stop.clone()));
        spawn_probe(app);
        Ok(Running { queue, server, told, stop, store })
    }

    /// Stops without having worked. What is being delivered is refused, and comes again. The error is what broke.
    pub async fn stop(self) -> Result<(), String> {
        notify(&[sd_notify::NotifyState::Stopping]);
        tracing::info!("stopping");
        let Self { deliveries, server, stop, store, vitals, .. } = self;
        stop.cancel();
        drop(deliveries);
        if server.await.is_err() {
            tracing::error!("the server ended by force");
        }
        farewell(&store, true).await;
        vitals.trouble().map_or(Ok(()), Err)
    }
}
