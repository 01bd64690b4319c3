//! An in-process homeserver: the client-server API as a bridge and its users need it, pushes to appservices, faults.
//!
//! State is in memory behind one lock. What differs between real servers is a switch of [`Profile`].
mod account;
mod account_data;
mod ask;
mod call;
mod create_room;
mod directory;
mod ephemeral;
mod event;
mod fault;
mod info;
mod media;
mod membership;
mod messages;
mod observe;
mod power;
mod profile;
mod push;
mod queue;
mod read;
mod requester;
mod room;
mod routes;
mod send;
mod server;
mod state;
mod sync;
mod user_profile;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

pub use fault::Fault;
pub use observe::{CallRecord, PushedTransaction, SentTxn};
pub use profile::{Profile, Retry};

use crate::Result;
use crate::homeserver::registration::Registration;
use fault::Armed;
use queue::Queue;
use server::Server;
use state::{Hosted, State};

/// The server name of fakes.
pub const SERVER_NAME: &str = "hs.test";

/// A fake homeserver on 127.0.0.1. Clones are handles of the same server; it ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct Fake {
    server: Arc<Server>,
    _life: Arc<Life>,
}

/// Ends the server's tasks, which hold the server themselves, with the last handle.
#[derive(Debug)]
struct Life(Arc<Server>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fake {
    /// Starts a server with this behaviour. Must be called inside a tokio runtime.
    pub fn start(profile: Profile) -> Result<Self> {
        let server = Server::new(State::new(profile, SERVER_NAME))?;
        server.start()?;
        Ok(Self { _life: Arc::new(Life(Arc::clone(&server))), server })
    }

    /// Where it listens, also while it is stopped.
    pub fn base_url(&self) -> String {
        self.server.port.url()
    }

    /// The behaviour it was started with.
    pub fn profile(&self) -> Profile {
        self.server.lock().profile.clone()
    }

    /// Changes its behaviour from now on. How failed transactions are retried changes at the next start only.
    pub fn change_profile(&self, change: impl FnOnce(&mut Profile)) {
        change(&mut self.server.lock().profile);
    }

    /// Adds an appservice, or replaces the one with the same id. Fails if the registration cannot be read.
    pub fn register_appservice(&self, registration_yaml: &str) -> Result<()> {
        let registration = Registration::parse(registration_yaml)?;
        let id = registration.id.clone();
        let is_new = {
            let mut state = self.server.lock();
            let sender = registration.sender(&state.server_name);
            if !state.accounts.contains_key(&sender) {
                state.add_sender(sender);
            }
            if let Some(hosted) = state.hosted(&id) {
                hosted.registration = registration;
                false
            } else {
                state.appservices.push(Hosted { registration, queue: Queue::new() });
                true
            }
        };
        if is_new && self.server.is_running() {
            self.server.start_pushing(id);
        }
        Ok(())
    }

    /// Whether it listens.
    pub fn is_running(&self) -> bool {
        self.server.is_running()
    }

    /// Ends it as a crash or an outage would: port and connections closed, nothing pushed. State is kept.
    pub async fn stop(&self) {
        self.server.stop().await;
        let mut state = self.server.lock();
        state.recent_txns.clear();
        for room in state.rooms.values_mut() {
            room.typing.clear();
        }
        state.last_txn =
            state.appservices.iter().map(|hosted| hosted.queue.stored_count()).max().unwrap_or(0);
        for hosted in &mut state.appservices {
            hosted.queue.is_attempting = false;
        }
    }

    /// Listens again on the same port.
    pub fn start_again(&self) -> Result<()> {
        self.server.start()
    }

    /// [`Fake::stop`] and [`Fake::start_again`]: connections break, counted transaction ids begin at 1 again.
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        self.start_again()
    }

    /// Loses everything but the registrations, as an administrator who deletes the database does. Appservices'
    /// sender accounts are made again, as at a first start.
    pub async fn wipe(&self) -> Result<()> {
        self.server.stop().await;
        let registrations: Vec<Registration> = {
            let mut state = self.server.lock();
            let kept = state.appservices.iter().map(|hosted| hosted.registration.clone()).collect();
            let mut fresh = State::new(state.profile.clone(), &state.server_name.clone());
            fresh.calls = std::mem::take(&mut state.calls);
            fresh.calls_forgotten = state.calls_forgotten;
            fresh.transactions = std::mem::take(&mut state.transactions);
            fresh.sent = std::mem::take(&mut state.sent);
            *state = fresh;
            kept
        };
        let mut state = self.server.lock();
        for registration in registrations {
            let sender = registration.sender(&state.server_name);
            state.add_sender(sender);
            state.appservices.push(Hosted { registration, queue: Queue::new() });
        }
        drop(state);
        self.server.start()
    }

    /// While `true`, every push and question to an appservice fails as if nothing listened there.
    pub fn push_down(&self, is_down: bool) {
        self.server.lock().push_down = is_down;
    }

    /// The next `times` good answers to transactions are taken for failures, so those transactions come again.
    pub fn lose_push_answers(&self, times: u32) {
        self.server.lock().lose_push_answers = times;
    }

    /// Orders a fault for the next `times` calls whose `METHOD /decoded/path` matches; `*` stands for anything, for
    /// example `PUT */send/m.room.message/*`. Faults are used up in the order they were ordered.
    pub fn fail_next(&self, pattern: &str, fault: Fault, times: usize) {
        self.server.lock().faults.push(Armed::new(pattern, fault, times));
    }

    /// The same for the next calls that an appservice makes in the name of one of its users: people's own are spared.
    pub fn fail_next_of_ghosts(&self, pattern: &str, fault: Fault, times: usize) {
        self.server.lock().faults.push(Armed::new(pattern, fault, times).of_appservices());
    }

    /// Takes back all faults that wait.
    pub fn clear_faults(&self) {
        self.server.lock().faults.clear();
    }

    /// Every call is answered this much later.
    pub fn set_latency(&self, latency: Duration) {
        self.server.lock().latency = latency;
    }

    /// Every attempt to push a transaction, oldest first.
    pub fn transactions(&self) -> Vec<PushedTransaction> {
        self.server.lock().transactions.clone()
    }

    /// Whether an appservice has been handed all its events.
    pub fn is_drained(&self, appservice_id: &str) -> bool {
        self.server.lock().hosted(appservice_id).is_none_or(|hosted| hosted.queue.is_empty())
    }

    /// The whole timeline of a room as it is now, oldest first; empty for an unknown room.
    pub fn events(&self, room_id: &str) -> Vec<Value> {
        let state = self.server.lock();
        let events = state.rooms.get(room_id).into_iter().flat_map(|room| &room.timeline);
        events.map(|event| event.for_client("", None)).collect()
    }

    /// Ids of all rooms.
    pub fn rooms(&self) -> Vec<String> {
        self.server.lock().rooms.keys().cloned().collect()
    }

    /// How often each route was called, by `METHOD /path/with/{names}`.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        observe::count_by_route(&self.server.lock().calls)
    }

    /// Every call, oldest first.
    pub fn call_log(&self) -> Vec<CallRecord> {
        self.server.lock().calls.clone()
    }

    /// Forgets what observers can see of calls and transactions so far: for a server that runs for long.
    pub fn forget_calls(&self) {
        let mut state = self.server.lock();
        state.calls_forgotten += state.calls.len();
        state.calls.clear();
        state.transactions.clear();
        state.sent.clear();
    }

    /// Every `PUT /send` that was accepted or recognised, oldest first.
    pub fn sent_txn_ids(&self) -> Vec<SentTxn> {
        self.server.lock().sent.clone()
    }
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
