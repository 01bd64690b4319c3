//! When the last messages were said that had been shown before the database was lost: what came later is to be read.

use std::collections::BTreeMap;

use crate::engine::Bridge;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::id::{ChatKey, LoginId, RemoteMessageId};
use crate::metrics;
use crate::network::{Network, Session};
use crate::store::StoreError;
use crate::store::lost::rebuilt_until;

/// What the rooms tell of each login's last moments.
#[derive(Debug, Default)]
pub(crate) struct LastSaid {
    logins: BTreeMap<LoginId, Login>,
}

#[derive(Debug, Default)]
struct Login {
    /// The last moment at which the bridge is known to have been at work.
    worked_until: Option<i64>,
    /// Until when each chat was shown.
    chats: Vec<(ChatKey, i64)>,
}

impl LastSaid {
    /// Notes of a chat until when it was shown, and when the bridge was last at work there in any other way.
    pub(crate) fn note(
        &mut self,
        login: &LoginId,
        chat: &ChatKey,
        shown_until: Option<i64>,
        worked_until: Option<i64>,
    ) {
        let login = self.logins.entry(login.clone()).or_default();
        login.worked_until = login.worked_until.max(shown_until).max(worked_until);
        login.chats.extend(shown_until.map(|at| (chat.clone(), at)));
    }
}

impl<N: Network> Bridge<N> {
    /// Notes until when each login had missed nothing, so that what was said since is caught up on: in each chat since what was
    /// last shown there, in those of which nothing is known since the bridge was last at work. `is_all`: every room was
    /// read, and it is done once; later runs know better.
    pub(in crate::engine) async fn note_last_said(
        &self,
        last_said: LastSaid,
        is_all: bool,
    ) -> Result<(), JobError> {
        for (login, Login { worked_until, chats }) in last_said.logins {
            let Some(worked_until) = worked_until else { continue };
            let done = format!("rebuilt/{login}");
            if self.store.fact(&done).await?.is_some() {
                continue;
            }
            // A program that was started on the empty database took that moment for the first one.
            let known = self.store.whole_until(&login).await?;
            let whole_until = known.map_or(worked_until, |known| known.min(worked_until));
            self.note_shown_until(&login, whole_until, &chats).await?;
            self.store.put_whole_until(&login, whole_until).await?;
            if is_all {
                self.store.put_fact(&done, "").await?;
            }
        }
        Ok(())
    }

    /// Notes until when a chat was shown before the database was lost.
    pub(super) async fn note_rebuilt_until(&self, chat: &ChatKey, at: i64) -> Result<(), StoreError> {
        let known = self.rebuilt_until(chat).await?;
        self.store.put_fact(&rebuilt_until(chat), &known.map_or(at, |known| known.max(at)).to_string()).await
    }

    async fn rebuilt_until(&self, chat: &ChatKey) -> Result<Option<i64>, StoreError> {
        Ok(self.store.fact(&rebuilt_until(chat)).await?.and_then(|at| at.parse().ok()))
    }

    /// Whether a message of which there is no pair was shown before the database was lost: it stands further back than was
    /// read, or was taken away on Matrix. That it is changed or answered makes it no new one.
    pub(in crate::engine) async fn was_shown_before_loss<S: Session>(
        &self,
        session: &S,
        chat: &ChatKey,
        event: &RemoteEvent,
        id: &RemoteMessageId,
    ) -> Result<bool, JobError> {
        let said_at = session.said_at(id).unwrap_or(event.at);
        // Most messages are younger than the record of their room, and nothing has to be asked.
        let Some(portal) = self.known_portal(chat).await? else { return Ok(false) };
        let is_so = said_at < portal.created_at
            && self.rebuilt_until(chat).await?.is_some_and(|until| said_at <= until);
        if is_so {
            metrics::passed_over("message from before the rebuild");
        }
        Ok(is_so)
    }
}
