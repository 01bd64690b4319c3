//! What the core lends to a session.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::file::FileBytes;
use super::tries::Tries;
use crate::clock::Clock;
use crate::content::File;
use crate::error::NetworkError;
use crate::id::LoginId;
use crate::matrix::Intent;
use crate::store::{Store, StoreError};

/// How a login's connection is doing. Kept per login, shown by `list-logins`, `ping` and the health document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectionState {
    /// Not connected yet, or trying again; the network may be down.
    #[default]
    Connecting,
    /// Events come in.
    Connected,
    /// Connected, but something needs attention; the sentence says what.
    Degraded(String),
    /// The credentials were refused; only a new login helps. The sentence says why.
    BadCredentials(String),
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Connected => f.write_str("connected"),
            Self::Degraded(why) => write!(f, "degraded: {why}"),
            Self::BadCredentials(why) => write!(f, "bad credentials: {why}"),
        }
    }
}

/// A session's view of the program.
#[derive(Debug, Clone)]
pub struct Context {
    login_id: LoginId,
    clock: Clock,
    state: Arc<watch::Sender<ConnectionState>>,
    times: Arc<Times>,
    cut: Arc<Mutex<Cut>>,
    /// When others' connections were last found beside ours.
    beside: Arc<Mutex<Option<i64>>>,
    stop: CancellationToken,
    files: Files,
    tries: Tries,
    memos: Memos,
}

/// When something was last so, in milliseconds since 1970; the smallest number for never.
#[derive(Debug)]
struct Times {
    /// Since when the connection is as it is.
    since: AtomicI64,
    /// When the last event of the network's had its effect.
    came_at: AtomicI64,
    /// When the network last took an event.
    went_at: AtomicI64,
}

/// How often a connection that stood was lost, and when that was last, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) number: u64,
    pub(crate) at: i64,
}

/// Where memos are kept.
#[derive(Debug, Clone)]
enum Memos {
    Memory(Arc<Mutex<HashMap<String, String>>>),
    Stored(Store),
}

/// Where files of Matrix are read.
#[derive(Debug, Clone)]
enum Files {
    Nowhere,
    Homeserver(Intent),
    /// The same content behind every address.
    Given(Bytes),
}

impl Context {
    /// A context; made by the core, and by a network's own tests.
    pub fn new(login_id: LoginId, clock: Clock, stop: CancellationToken) -> Self {
        let state = Arc::new(watch::Sender::new(ConnectionState::Connecting));
        let (files, memos) = (Files::Nowhere, Memos::Memory(Arc::default()));
        let (cut, beside, tries) = (Arc::default(), Arc::default(), Tries::default());
        let [since, came_at, went_at] = [clock.now_ms(), i64::MIN, i64::MIN].map(AtomicI64::new);
        let times = Arc::new(Times { since, came_at, went_at });
        Self { login_id, clock, state, times, cut, beside, stop, files, tries, memos }
    }

    /// The same, with memos that outlive the program.
    pub(crate) fn with_store(mut self, store: Store) -> Self {
        self.memos = Memos::Stored(store);
        self
    }

    /// Whether calls with an effect may be begun. Where several processes share the database, only one may, and only while
    /// it is sure that no other does; a session asks before each such call. Waits some seconds for that where the database
    /// stands still.
    pub async fn may_act(&self) -> bool {
        match &self.memos {
            Memos::Stored(store) => store.lease().may_act_soon().await,
            Memos::Memory(_) => true,
        }
    }

    /// Makes a call with an effect, and cuts it off when another process may work, which finds out then what became of it: none
    /// is a call of unknown outcome. A session wraps each such call, of any length, in this.
    pub async fn unless_over<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        match &self.memos {
            Memos::Stored(store) => store.lease().unless_over(call).await,
            Memos::Memory(_) => Some(call.await),
        }
    }

    /// The same, able to open files of Matrix.
    pub(crate) fn with_bot(mut self, bot: Intent) -> Self {
        self.files = Files::Homeserver(bot);
        self
    }

    /// The same, with this content behind each file of Matrix: for a network's own tests.
    #[must_use]
    pub fn with_content(mut self, content: impl Into<Bytes>) -> Self {
        self.files = Files::Given(content.into());
        self
    }

    /// Opens a file of a [`MatrixEvent`](crate::event::MatrixEvent) for reading. A file that is gone is a
    /// [`NetworkError::Rejected`]; so is one that could not be read to its end for the tenth time.
    pub async fn open_file(&self, file: &File) -> Result<FileBytes, NetworkError> {
        match &self.files {
            Files::Homeserver(bot) => super::file::open(bot, file, &self.tries).await,
            Files::Given(content) => Ok(FileBytes::of_bytes(content.clone())),
            Files::Nowhere => Err(NetworkError::Unsupported("A file")),
        }
    }

    /// Counts that a file was not carried over although its bytes could be read, and gives the error to answer with: a
    /// [`NetworkError::Transient`] becomes a [`NetworkError::Rejected`] with the tenth failure, so that what comes behind
    /// the file is not held up for ever.
    pub fn file_failed(&self, file: &File, error: NetworkError) -> NetworkError {
        match &self.memos {
            // It was cut off, and says nothing about the file.
            Memos::Stored(store) if !store.lease().may_act() => error,
            _ => self.tries.count(&file.source, error),
        }
    }

    /// Notes something under a name, in place of what stood there: it is durable when this returns, also after a crash,
    /// and is kept for thirty days. For what has to be known again before a step that must not be taken twice.
    pub async fn note(&self, name: &str, value: &str) -> Result<(), NetworkError> {
        self.note_all(&[(name, value)]).await
    }

    /// Notes several things at once: either all of them are durable, or none is.
    pub async fn note_all(&self, notes: &[(&str, &str)]) -> Result<(), NetworkError> {
        let memos: Vec<_> = notes.iter().map(|(name, value)| (*name, Some(*value))).collect();
        self.put_memos(&memos).await
    }

    /// Takes a note away.
    pub async fn forget(&self, name: &str) -> Result<(), NetworkError> {
        self.put_memos(&[(name, None)]).await
    }

    /// What was noted under a name.
    pub async fn noted(&self, name: &str) -> Result<Option<String>, NetworkError> {
        match &self.memos {
            Memos::Memory(memos) => {
                Ok(memos.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
            }
            Memos::Stored(store) => store.memo(&self.login_id, name).await.map_err(not_stored),
        }
    }

    async fn put_memos(&self, memos: &[(&str, Option<&str>)]) -> Result<(), NetworkError> {
        match &self.memos {
            Memos::Stored(store) => store.put_memos(&self.login_id, memos).await.map_err(not_stored),
            Memos::Memory(noted) => {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                for (name, value) in memos {
                    match value {
                        Some(value) => noted.insert((*name).to_owned(), (*value).to_owned()),
                        None => noted.remove(*name),
                    };
                }
                Ok(())
            }
        }
    }

    /// The login this session belongs to.
    pub fn login_id(&self) -> &LoginId {
        &self.login_id
    }

    /// The time of day.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tells how the connection is doing. Cheap; call it at every change. Refused credentials stay refused: only a new
    /// login helps, which has a context of its own, so what is reported after them does not count.
    pub fn report(&self, state: ConnectionState) {
        self.state.send_if_modified(|old| {
            let changed = *old != state && !matches!(old, ConnectionState::BadCredentials(_));
            if changed {
                tracing::info!(login = %self.login_id, %state, "connection state changed");
                // Of a connection that needed attention nobody knows whether all of it came in.
                if matches!(old, ConnectionState::Connected | ConnectionState::Degraded(_)) {
                    self.note_cut();
                }
                self.times.since.store(self.clock.now_ms(), Ordering::Relaxed);
                *old = state;
            }
            changed
        });
    }

    /// Tells that something was lost although the connection stands or is back already, as when events could not be stored,
    /// or one of several ways to receive them broke: what may be missing is read again, as after a connection that was lost.
    pub fn missed(&self) {
        // Whoever follows the state is woken.
        self.state.send_modify(|_| self.note_cut());
    }

    /// Tells that connections of somebody else stand beside this one, as those of a process that stands still: what the
    /// network sends over them comes late, behind what is newer. For a while nothing is then shown in a chat without another
    /// look at what was said there before.
    pub fn not_alone(&self) {
        let now = self.clock.now_ms();
        *self.beside.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// When that was told last, in milliseconds since 1970.
    pub(crate) fn not_alone_at(&self) -> Option<i64> {
        *self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_cut(&self) {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        *cut = Cut { number: cut.number + 1, at: self.clock.now_ms() };
    }

    /// How the connection is doing.
    pub fn state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Since when it is so, in milliseconds since 1970.
    pub fn state_since(&self) -> i64 {
        self.times.since.load(Ordering::Relaxed)
    }

    /// Notes that an event of the network's had its effect.
    pub(crate) fn note_came(&self) {
        self.times.came_at.store(self.clock.now_ms(), Ordering::Relaxed);
    }

    /// Notes that the network took an event.
    pub(crate) fn note_went(&self) {
        self.times.went_at.store(self.clock.now_ms(), Ordering::Relaxed);
    }

    /// When the last event went each way, in milliseconds since 1970: from the network, and to it.
    pub(crate) fn last_events(&self) -> (Option<i64>, Option<i64>) {
        let read = |at: &AtomicI64| Some(at.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN);
        (read(&self.times.came_at), read(&self.times.went_at))
    }

    /// The last time the connection was lost: known as soon as that was reported, whoever looks when.
    pub(crate) fn cut(&self) -> Cut {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the connection's state.
    pub fn watch(&self) -> watch::Receiver<ConnectionState> {
        self.state.subscribe()
    }

    /// Cancelled when the session has to stop. `listen` then has four seconds to end by itself, and is dropped after.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

fn not_stored(error: StoreError) -> NetworkError {
    NetworkError::Transient(error.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_counts_as_a_cut() {
        let context = Context::new(LoginId::new("l"), Clock::manual(7), CancellationToken::new());
        let mut states = context.watch();
        let told = [
            ConnectionState::Connected,
            ConnectionState::Degraded("The app is crowded.".to_owned()),
            ConnectionState::Connected,
        ];
        for (number, state) in (0..).zip(told) {
            context.report(state);
            assert_eq!(context.cut().number, number);
        }
        states.mark_unchanged();
        context.missed();
        assert_eq!(context.cut(), Cut { number: 3, at: 7 });
        assert_eq!(context.state(), ConnectionState::Connected);
        assert!(states.has_changed().unwrap_or(false), "whoever follows is woken");
    }

    #[test]
    fn refused_credentials_stay_refused() {
        let context = Context::new(LoginId::new("l"), Clock::manual(0), CancellationToken::new());
        context.report(ConnectionState::Connected);
        let refused = ConnectionState::BadCredentials("The token was revoked.".to_owned());
        context.report(refused.clone());
        for later in [ConnectionState::Connected, ConnectionState::Connecting] {
            context.report(later);
            assert_eq!(context.state(), refused);
        }
    }
}
