//! The logins that somebody may see and end, whether their sessions run or not.

use std::sync::Arc;

use super::Bridge;
use super::catch_up::is_catching_up;
use super::supervisor::Live;
use crate::config::Level;
use crate::id::LoginId;
use crate::network::{Network, Session};
use crate::store::StoreError;

/// A stored login.
pub(crate) struct KnownLogin<S> {
    pub(crate) login_id: LoginId,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Its session, if it could be started.
    pub(crate) live: Option<Arc<Live<S>>>,
    /// How it is doing, in words that go behind a colon and before a full stop.
    pub(crate) state: String,
}

impl<S: Session> KnownLogin<S> {
    fn running(live: Arc<Live<S>>) -> Self {
        let row = &live.row;
        let mut state = live.context.state().to_string();
        if is_catching_up(&live) {
            state.push_str(", catching up on what was missed");
        }
        let (login_id, owner, name) = (row.login_id.clone(), row.owner.clone(), row.name.clone());
        Self { login_id, owner, name, live: Some(live), state: unended(&state) }
    }
}

impl<N: Network> Bridge<N> {
    /// All logins, the oldest first; at the end one that runs although it is stored no more.
    pub(crate) async fn known_logins(&self) -> Result<Vec<KnownLogin<N::Session>>, StoreError> {
        let mut running = self.logins.all();
        let mut known = Vec::new();
        for head in self.store.login_heads().await? {
            let live = running.iter().position(|live| live.row.login_id == head.login_id);
            known.push(match live {
                Some(at) => KnownLogin::running(running.remove(at)),
                None => KnownLogin {
                    state: not_started(self.logins.why_not(&head.login_id)),
                    login_id: head.login_id,
                    owner: head.owner,
                    name: head.name,
                    live: None,
                },
            });
        }
        known.extend(running.into_iter().map(KnownLogin::running));
        Ok(known)
    }

    /// The logins that somebody may see and end: their own, an admin all.
    pub(crate) async fn logins_of(
        &self,
        mxid: &str,
        level: Level,
    ) -> Result<Vec<KnownLogin<N::Session>>, StoreError> {
        let mut known = self.known_logins().await?;
        known.retain(|login| level >= Level::Admin || login.owner == mxid);
        Ok(known)
    }
}

fn not_started(why: Option<String>) -> String {
    match why {
        Some(why) => format!("not started. {}", unended(&why)),
        None => {
            "not started. It was stored while the bridge ran, and starts with it the next time".to_owned()
        }
    }
}

fn unended(words: &str) -> String {
    words.trim_end_matches('.').to_owned()
}
