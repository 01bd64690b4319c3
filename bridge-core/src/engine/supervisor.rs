//! Keeps each login's session running, and tells its owner when only they can help.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Bridge;
use super::catch_up::Gap;
use crate::error::NetworkError;
use crate::id::LoginId;
use crate::network::{ConnectionState, Context, Network, Session};
use crate::queue::retry;
use crate::store::login::LoginRow;
use crate::task;

/// A session that ran this long starts its back-off anew.
const STABLE: Duration = Duration::from_mins(1);
/// How long a session that was told to stop may still acknowledge what is stored.
const LAST_ACKS: Duration = Duration::from_secs(4);
/// How long the program's end waits for all sessions.
const ALL_ENDED: Duration = Duration::from_secs(5);

/// A login with its session.
pub(crate) struct Live<S> {
    pub(crate) row: LoginRow,
    pub(crate) session: S,
    pub(crate) context: Context,
    /// Cancelled when the login ends, with all that is done for it.
    pub(crate) stop: CancellationToken,
    /// What it may have missed.
    pub(crate) gap: Gap,
    /// Whether the owner was told that only a new login helps.
    is_owner_told: AtomicBool,
}

type Sessions<S> = BTreeMap<LoginId, Arc<Live<S>>>;

/// All logins that have a session, and why others have none.
pub(crate) struct Logins<N: Network> {
    live: RwLock<Sessions<N::Session>>,
    failed: RwLock<BTreeMap<LoginId, String>>,
    /// What listens for them.
    listening: TaskTracker,
}

impl<N: Network> Default for Logins<N> {
    fn default() -> Self {
        Self { live: RwLock::default(), failed: RwLock::default(), listening: TaskTracker::new() }
    }
}

impl<N: Network> Logins<N> {
    /// A login's session.
    pub(crate) fn live(&self, login_id: &LoginId) -> Option<Arc<Live<N::Session>>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).get(login_id).cloned()
    }

    /// All sessions, by login id.
    pub(crate) fn all(&self) -> Vec<Arc<Live<N::Session>>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Why a stored login could not be started, in sentences.
    pub(crate) fn why_not(&self, login_id: &LoginId) -> Option<String> {
        self.failed.read().unwrap_or_else(PoisonError::into_inner).get(login_id).cloned()
    }

    /// All logins that could not be started, with the reasons.
    pub(crate) fn failed(&self) -> BTreeMap<LoginId, String> {
        self.failed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_failure(&self, login_id: &LoginId, why: Option<String>) {
        let mut failed = self.failed.write().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => failed.insert(login_id.clone(), why),
            None => failed.remove(login_id),
        };
    }

    fn put(&self, live: Arc<Live<N::Session>>) -> Option<Arc<Live<N::Session>>> {
        let id = live.row.login_id.clone();
        self.live.write().unwrap_or_else(PoisonError::into_inner).insert(id, live)
    }

    fn take(&self, login_id: &LoginId) -> Option<Arc<Live<N::Session>>> {
        self.live.write().unwrap_or_else(PoisonError::into_inner).remove(login_id)
    }
}

/// The time until a session is started again. What the network asks for is kept exactly, and is no failure; all else is
/// one more in a row.
fn pause(ended: &Result<(), NetworkError>, failures: &mut u32) -> Duration {
    if let Err(NetworkError::RateLimited(wait) | NetworkError::Interrupted(wait)) = ended {
        return *wait;
    }
    *failures += 1;
    retry::delay(*failures)
}

impl<N: Network> Bridge<N> {
    /// Starts the sessions of all stored logins. A login that cannot be started is listed as such and stops nothing.
    pub(crate) async fn start_logins(self: &Arc<Self>) -> Result<(), crate::store::StoreError> {
        for (login_id, row) in self.store.logins().await? {
            let started = match row {
                Ok(row) => self.start_login(row).map(drop),
                Err(error) => {
                    self.logins.note_failure(&login_id, Some(error.0.clone()));
                    Err(error.0)
                }
            };
            if let Err(reason) = started {
                tracing::error!(login = %login_id, reason, "a stored login could not be started; the others go on");
            }
        }
        Ok(())
    }

    /// Starts a login's session, replacing one of the same id. The error is sentences for the person; they also stand in
    /// the list of logins.
    pub(crate) fn start_login(self: &Arc<Self>, row: LoginRow) -> Result<Arc<Live<N::Session>>, String> {
        let login_id = row.login_id.clone();
        let made = self.make_session(row);
        self.logins.note_failure(&login_id, made.as_ref().err().cloned());
        let live = Arc::new(made?);
        if let Some(old) = self.logins.put(Arc::clone(&live)) {
            old.stop.cancel();
        }
        let supervised = Arc::clone(self).keep(Arc::clone(&live));
        task::spawn("login", self.logins.listening.track_future(supervised));
        self.retry_now();
        let bridge = Arc::clone(self);
        task::spawn("members", async move {
            if let Err(error) = bridge.resume_members(&login_id).await {
                tracing::debug!(login = %login_id, %error, "comparing members could not be gone on with");
            }
        });
        Ok(live)
    }

    /// Lets a login be asked without listening for it: its session answers and hears nothing.
    pub(crate) fn open_login(&self, row: LoginRow) -> Result<Arc<Live<N::Session>>, String> {
        let live = Arc::new(self.make_session(row)?);
        self.logins.put(Arc::clone(&live));
        Ok(live)
    }

    fn make_session(&self, row: LoginRow) -> Result<Live<N::Session>, String> {
        let credentials: N::Credentials = serde_json::from_str(row.credentials.expose()).map_err(
            |_| "The stored credentials have another form than this version writes. Log in again.",
        )?;
        let stop = self.stopping.child_token();
        let context = Context::new(row.login_id.clone(), self.store.clock().clone(), stop.clone())
            .with_bot(self.app.bot())
            .with_store(self.store.clone());
        let session =
            self.network.connect(credentials, context.clone()).map_err(|error| error.to_string())?;
        let is_owner_told = AtomicBool::new(false);
        Ok(Live { row, session, context, stop, gap: Gap::default(), is_owner_told })
    }

    /// Stops a login's session, if it has one, and forgets why it has none.
    pub(crate) fn stop_login(&self, login_id: &LoginId) -> Option<Arc<Live<N::Session>>> {
        self.logins.note_failure(login_id, None);
        let live = self.logins.take(login_id)?;
        live.stop.cancel();
        Some(live)
    }

    /// Stops all sessions and what is done for them, at the program's end, and waits some seconds at most until they have
    /// ended: what was stored is still acknowledged, so that the network does not send it again. The queue has to run
    /// until then.
    pub(crate) async fn stop_logins(&self) {
        self.stopping.cancel();
        self.logins.listening.close();
        if timeout(ALL_ENDED, self.logins.listening.wait()).await.is_err() {
            tracing::warn!("some sessions did not end in time; what they did not acknowledge comes again");
        }
    }

    /// Supervises until the login ends, also when the supervision itself has a fault.
    async fn keep(self: Arc<Self>, live: Arc<Live<N::Session>>) {
        if live.stop.run_until_cancelled(self.begin_gap_surely(&live)).await.is_none() {
            return;
        }
        let supervised = || async {
            tokio::select! {
                () = self.supervise(&live) => {}
                () = self.follow_gaps(&live) => {}
            }
        };
        while AssertUnwindSafe(supervised()).catch_unwind().await.is_err() {
            tracing::error!(login = %live.row.login_id, "supervising a session panicked; it is started again");
            if live.stop.run_until_cancelled(tokio::time::sleep(retry::delay(1))).await.is_none() {
                return;
            }
        }
    }

    async fn begin_gap_surely(&self, live: &Live<N::Session>) {
        let mut failures = 0;
        while let Err(error) = self.begin_gap(live).await {
            failures += 1;
            tracing::warn!(login = %live.row.login_id, %error, "a login waits for the database");
            tokio::time::sleep(retry::delay(failures)).await;
        }
    }

    async fn supervise(&self, live: &Live<N::Session>) {
        let mut failures = 0;
        loop {
            let started = Instant::now();
            let inbox = self.inbox.of_login(live.row.login_id.clone());
            let mut listening = Box::pin(AssertUnwindSafe(live.session.listen(inbox)).catch_unwind());
            let ended = tokio::select! {
                () = live.stop.cancelled() => {
                    // It was told, too, and ends by itself when what is stored is acknowledged.
                    if timeout(LAST_ACKS, listening).await.is_err() {
                        tracing::debug!(login = %live.row.login_id, "a session did not end in time; it is cut off");
                    }
                    return;
                }
                () = self.store.lease().until_over() => {
                    drop(listening);
                    tracing::info!(login = %live.row.login_id, "a session is ended: another process may work");
                    live.context.report(ConnectionState::Connecting);
                    if live.stop.run_until_cancelled(self.store.lease().until_sure()).await != Some(true) {
                        return;
                    }
                    continue;
                }
                ended = &mut listening => ended,
            };
            if live.stop.is_cancelled() {
                return;
            }
            if started.elapsed() >= STABLE {
                failures = 0;
            }
            let ended = ended.unwrap_or_else(|_| {
                tracing::error!(login = %live.row.login_id, "a session panicked; it is started again");
                Ok(())
            });
            let wait = pause(&ended, &mut failures);
            match ended {
                Err(error @ NetworkError::BadCredentials(_)) => {
                    return self.note_refusal(live, &error).await;
                }
                Err(error) => tracing::debug!(login = %live.row.login_id, %error, "a session ended"),
                Ok(()) => tracing::debug!(login = %live.row.login_id, "a session ended"),
            }
            live.context.report(ConnectionState::Connecting);
            tokio::select! {
                () = live.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The login was refused for its credentials, by listening, by a call, or by an event that says so: shown as the
    /// login's state from now on, and told to its owner once. Other errors are none of this.
    pub(crate) async fn note_refusal(&self, live: &Live<N::Session>, error: &NetworkError) {
        let NetworkError::BadCredentials(why) = error else { return };
        live.context.report(ConnectionState::BadCredentials(why.clone()));
        if !live.is_owner_told.swap(true, Ordering::Relaxed) {
            self.tell_owner(&live.row, why).await;
        }
    }

    /// Tells a login's owner, in their direct chat with the bot, that only they can help.
    async fn tell_owner(&self, row: &LoginRow, why: &str) {
        let text = format!(
            "The connection of **{}** has ended. {why} Log in again with `login`. Until then messages to {} wait here, \
             but what is said there does not arrive.",
            row.name,
            N::INFO.name
        );
        // A new one for each time it happens, but one that a repeat of this very call would share.
        let key = format!("{}/{}", row.login_id, self.store.clock().now_ms());
        if let Err(error) = self.tell(&row.owner, &text, &key).await {
            tracing::warn!(login = %row.login_id, %error, "the owner of a login could not be told that it ended");
        }
    }
}

#[cfg(test)]
mod tests;
