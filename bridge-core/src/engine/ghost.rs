//! Makes sure that a remote person has a Matrix user, who looks like them.

mod ask;
pub(super) mod called;
mod fields;
mod picture;
mod status_end;

use std::sync::Arc;
use std::time::Duration;

use ruma::OwnedUserId;
use tokio::sync::Notify;

use self::fields::STATUS;
pub(super) use self::picture::AVATAR_LIMIT;
use self::status_end::PUT_OFF;
use super::Bridge;
use super::bridge::leave;
use super::supervisor::Live;
use super::turns::Turns;
use crate::error::JobError;
use crate::event::UserInfo;
use crate::event::remote::ShownAs;
use crate::id::RemoteUserId;
use crate::matrix::Intent;
use crate::network::Network;
use crate::store::ghost::GhostRow;

/// How long a profile is believed before the network is asked again.
const BELIEVED: Duration = Duration::from_hours(24);
/// The same where the network told little or nothing, or the homeserver did not take all of it.
const BELIEVED_IN_PART: Duration = Duration::from_hours(1);
/// After this time the network is asked again that could not answer.
const ASKED_AGAIN: Duration = Duration::from_mins(1);

/// A ghost whose Matrix user is set up.
#[derive(Debug)]
pub(crate) struct KnownGhost {
    pub(crate) user_id: OwnedUserId,
    row: GhostRow,
}

impl KnownGhost {
    /// One that sent something before, and is only to send something about that.
    pub(crate) fn unnamed(user_id: OwnedUserId) -> Self {
        let row = GhostRow::new(RemoteUserId::new(user_id.as_str()));
        Self { user_id, row }
    }

    /// What the ghost is called.
    pub(crate) fn name(&self) -> &str {
        self.row.name.as_deref().unwrap_or(self.row.user_id.as_str())
    }

    /// The ghost's picture, by its address on Matrix.
    pub(crate) fn avatar_mxc(&self) -> Option<&str> {
        self.row.avatar_mxc.as_deref()
    }

    /// Whether the person's account is switched off.
    pub(crate) fn is_deactivated(&self) -> bool {
        self.row.info.as_ref().is_some_and(|info| info.is_deactivated)
    }
}

/// What keeps the work on ghosts in order.
#[derive(Debug, Default)]
pub(crate) struct GhostWork {
    /// Whose profile is written now: two writers would each overwrite what the other noted of it.
    turns: Turns,
    /// Told when a status was set that ends by itself.
    status_set: Notify,
}

impl<N: Network> Bridge<N> {
    /// The ghost of a person, set up as far as needed: nothing is asked and nothing is sent for one that is up to date.
    pub(crate) async fn ghost(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
        shown_as: Option<&ShownAs>,
    ) -> Result<Arc<KnownGhost>, JobError> {
        if let Some(known) = self.ghosts.get(remote)
            && self.is_current(&known.row, shown_as)
        {
            return Ok(known);
        }
        let turn = self.ghost_work.turns.turn(remote).await;
        let stored = match self.ghosts.get(remote) {
            Some(known) => Some(known.row.clone()),
            None => self.store.ghost(remote).await?,
        };
        let row = match stored {
            Some(row) if self.is_current(&row, shown_as) => match row.info.clone() {
                // The template was changed.
                Some(info) if row.name.as_deref() != Some(&self.ghost_name.write(&info, remote.as_str())) => {
                    let fetched_at = row.fetched_at;
                    self.set_up(live, row, info, fetched_at).await?
                }
                _ => row,
            },
            stored => {
                let (info, fetched_at) = self.ask(live, remote, stored.as_ref(), shown_as).await?;
                let row = stored.unwrap_or_else(|| GhostRow::new(remote.clone()));
                self.set_up(live, row, info, fetched_at).await?
            }
        };
        let known = self.know_ghost(row);
        drop(turn);
        Ok(known)
    }

    /// Asks the network about a person again and brings their ghost up to date, if there is one. Nothing is sent where
    /// nothing changed that is seen.
    pub(crate) async fn refresh_ghost(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
    ) -> Result<(), JobError> {
        let turn = self.ghost_work.turns.turn(remote).await;
        let Some(row) = self.store.ghost(remote).await? else { return Ok(()) };
        let info = self.asked_anew(live, &row).await?;
        let row = self.set_up(live, row, info, self.store.clock().now_ms()).await?;
        self.know_ghost(row);
        drop(turn);
        Ok(())
    }

    /// The ghost of a person of whom the network has just told this.
    pub(crate) async fn ghost_told(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
        info: UserInfo,
    ) -> Result<Arc<KnownGhost>, JobError> {
        let turn = self.ghost_work.turns.turn(remote).await;
        let row = self.store.ghost(remote).await?.unwrap_or_else(|| GhostRow::new(remote.clone()));
        let row = self.set_up(live, row, info, self.store.clock().now_ms()).await?;
        let known = self.know_ghost(row);
        drop(turn);
        Ok(known)
    }

    fn know_ghost(&self, row: GhostRow) -> Arc<KnownGhost> {
        let (remote, user_id) = (row.user_id.clone(), self.app.ghosts().user_id(&row.user_id));
        let known = Arc::new(KnownGhost { user_id, row });
        self.ghosts.insert(remote, Arc::clone(&known));
        known
    }

    fn is_current(&self, row: &GhostRow, shown_as: Option<&ShownAs>) -> bool {
        let age = self.store.clock().now_ms().saturating_sub(row.fetched_at);
        if age >= millis(believed(row.info.as_ref())) {
            return false;
        }
        let Some(shown) = shown_as.filter(|shown| !shown.is_guess && shown.name.is_some()) else {
            return true;
        };
        let info = ask::of_message(shown);
        let name = self.ghost_name.write(&info, row.user_id.as_str());
        // A picture that could not be had is not tried again with every message, and one that changes with the message is
        // not followed: each change is an event in every room that the ghost is in.
        let had_picture = row.info.as_ref().is_none_or(|known| known.avatar_url.is_some());
        row.name.as_deref() == Some(&name) && (had_picture || info.avatar_url.is_none())
    }

    /// Makes the Matrix user look as the network tells, as far as it does not.
    async fn set_up(
        &self,
        live: &Live<N::Session>,
        mut row: GhostRow,
        info: UserInfo,
        fetched_at: i64,
    ) -> Result<GhostRow, JobError> {
        let intent = self.app.intent(&self.app.ghosts().user_id(&row.user_id));
        let was_active = row.name.is_some() && row.info.as_ref().is_none_or(|known| !known.is_deactivated);
        let before = shown(&row);
        if row.name.is_none() {
            intent.ensure_registered().await?;
        }
        let name = self.ghost_name.write(&info, row.user_id.as_str());
        if row.name.as_deref() != Some(&name) {
            intent.set_displayname(&name).await?;
            row.name = Some(name);
        }
        if info.avatar_url != row.avatar_url {
            self.set_avatar(live, &intent, &mut row, info.avatar_url.clone()).await;
        }
        // Before the new look is noted anywhere: whatever fails from here on, the rooms follow it.
        if before.0.is_some() && shown(&row) != before {
            self.call_chats_anew(&row.user_id).await?;
        }
        let fields_set = self.set_fields(&intent, &mut row, &info).await;
        if info.is_deactivated && was_active {
            self.leave_all(&intent).await?;
        }
        row.status_until = info.status.as_ref().and_then(|status| status.until);
        row.fetched_at = fetched_at;
        if let Err(error) = fields_set {
            tracing::debug!(user = %row.user_id, %error, "fields of a profile could not be set now; nothing waits for them");
            let now = self.store.clock().now_ms();
            row.fetched_at = fetched_at.min(now - millis(believed(Some(&info))) + millis(BELIEVED_IN_PART));
            if info.status.is_none() && row.fields.contains_key(STATUS) {
                row.status_until = Some(now.saturating_add(millis(PUT_OFF)));
            }
        }
        row.info = Some(info);
        self.store.put_ghost(&row).await?;
        if row.status_until.is_some() {
            self.ghost_work.status_set.notify_one();
        }
        Ok(row)
    }

    /// Whoever's account is switched off is in no chat any more. They come back when they speak again.
    async fn leave_all(&self, intent: &Intent) -> Result<(), JobError> {
        for room in intent.joined_rooms().await? {
            leave(intent, &room).await?;
        }
        Ok(())
    }
}

/// What of a ghost is seen of a chat that is called after it: name and picture.
type Shown = (Option<String>, Option<String>);

fn shown(row: &GhostRow) -> Shown {
    (row.name.clone(), row.avatar_mxc.clone())
}

/// How long what the network told is believed.
fn believed(info: Option<&UserInfo>) -> Duration {
    if info.is_some_and(|info| info.is_partial) { BELIEVED_IN_PART } else { BELIEVED }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
