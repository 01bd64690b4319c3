//! Somebody on Matrix invited a ghost into a portal, or removed one from it.

use std::sync::Arc;

use ruma::{EventId, RoomId, UserId};
use serde_json::Value;

use super::super::Bridge;
use super::super::bridge::{leave, room_id, soft};
use super::Incoming;
use crate::config::Level;
use crate::error::{JobError, NetworkError};
use crate::event::{ChatKind, MatrixKind};
use crate::id::{ChatKey, RemoteUserId};
use crate::metrics;
use crate::network::{FEW_MEMBERS, Network, Session};
use crate::queue::Job;
use crate::store::portal::PortalRow;

/// Said to somebody whose messages the bridge carries, and no more.
const NOT_TO_CHANGE: &str = "To invite and remove people you need the permission level `user`, which the administrator of the bridge gives.";
const NOT_TO_BEGIN: &str =
    "To begin a chat you need the permission level `user`, which the administrator of the bridge gives.";

impl<N: Network> Bridge<N> {
    pub(super) async fn ghost_member(
        &self,
        job: &Job,
        event: &Incoming,
        ghost: &str,
        membership: &str,
    ) -> Result<(), JobError> {
        let ghost =
            UserId::parse(ghost).map_err(|_| JobError::Park("A ghost's id is malformed.".to_owned()))?;
        let room = room_id(&event.room_id)?;
        let level = self.permissions.level(&event.sender);
        let may = level >= Level::User;
        let Some(chat) = self.chat_of_room(&event.room_id).await? else {
            match membership {
                "invite" if may => return Box::pin(self.ghost_invited_outside(job, event, &ghost)).await,
                "invite" => soft(
                    "refuse an invitation",
                    self.app.intent(&ghost).leave_because(room, NOT_TO_BEGIN).await,
                ),
                _ => {}
            }
            return Ok(());
        };
        let Some(portal) = self.known_portal(&chat).await? else { return Ok(()) };
        let before = if membership == "leave" { self.membership_before(room, event).await? } else { None };
        match (membership, self.app.ghosts().parse(ghost.as_str())) {
            ("invite", Some(remote)) if may => self.ghost_invited(job, event, &portal, &ghost, &remote).await,
            ("invite", Some(remote)) if level >= Level::Relay => {
                self.not_invited(job, room, &ghost, &remote, NOT_TO_CHANGE).await
            }
            ("invite", _) => leave(&self.app.intent(&ghost), room).await,
            // Whoever is let in again was removed before.
            ("leave", _) if before.as_deref() == Some("ban") => Ok(()),
            // An invitation was taken back, which says nothing of who is in the chat.
            ("leave", _) if before.as_deref() == Some("invite") => {
                leave(&self.app.intent(&ghost), room).await
            }
            ("leave" | "ban", Some(remote)) if may => {
                self.ghost_removed(job, event, &portal, &ghost, &remote).await
            }
            ("leave" | "ban", Some(remote)) if level >= Level::Relay => {
                self.not_removed(job, event, &ghost, &remote, NOT_TO_CHANGE).await
            }
            _ => Ok(()),
        }
    }

    /// What somebody was before they left. The conduwuit family tells that only to those who ask.
    async fn membership_before(&self, room: &RoomId, event: &Incoming) -> Result<Option<String>, JobError> {
        if event.membership_before.is_some() {
            return Ok(event.membership_before.clone());
        }
        let Ok(event_id) = <&EventId>::try_from(event.event_id.as_str()) else { return Ok(None) };
        match self.app.bot().event(room, event_id).await {
            Err(error) if error.is_forbidden() => Ok(None),
            told => Ok(told?.and_then(|told| Incoming::read(told.get()).ok()?.membership_before)),
        }
    }

    /// Takes the person into the chat; then their ghost comes. Where the network does not, the invitation is refused with
    /// the reason.
    async fn ghost_invited(
        &self,
        job: &Job,
        event: &Incoming,
        portal: &PortalRow,
        ghost: &UserId,
        remote: &RemoteUserId,
    ) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        if !self.is_still_invited(room, ghost).await? {
            metrics::passed_over("matrix: an invitation that was taken back");
            return Ok(());
        }
        let voice = self.voice_of(event, portal).await?;
        let live = Arc::clone(&voice.live);
        let intent = self.app.intent(ghost);
        if !is_in(&live.session, portal, remote).await? {
            let kind = MatrixKind::Member { user_id: remote.clone(), is_in: true };
            match self.deliver(job, event, &portal.chat, voice, kind).await {
                Ok(_) => {}
                Err(JobError::Reject(why)) => {
                    return self.not_invited(job, room, ghost, remote, &why).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.ghost(&live, remote, None).await?;
        Ok(intent.ensure_joined(room).await?)
    }

    /// Whether an invitation is open, or was accepted by an earlier try.
    async fn is_still_invited(&self, room: &RoomId, ghost: &UserId) -> Result<bool, JobError> {
        match self.app.bot().state(room, "m.room.member", ghost.as_str()).await {
            // Without the bot in it nobody tells.
            Err(error) if error.is_forbidden() => Ok(true),
            member => {
                let member = member?.unwrap_or_default();
                Ok(matches!(member.get("membership").and_then(Value::as_str), Some("invite" | "join")))
            }
        }
    }

    /// Takes an invitation back, with the reason.
    async fn not_invited(
        &self,
        job: &Job,
        room: &RoomId,
        ghost: &UserId,
        remote: &RemoteUserId,
        why: &str,
    ) -> Result<(), JobError> {
        leave(&self.app.intent(ghost), room).await?;
        let name = self.name_of_ghost(remote).await?;
        let text = format!("{name} did not come into this chat on {}. {why}", N::INFO.name);
        self.say(room, &text, &format!("undone/{}", job.dedup)).await
    }

    /// Removes the person from the chat. Where the network does not, the ghost comes back, with the reason.
    async fn ghost_removed(
        &self,
        job: &Job,
        event: &Incoming,
        portal: &PortalRow,
        ghost: &UserId,
        remote: &RemoteUserId,
    ) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        let intent = self.app.intent(ghost);
        let voice = self.voice_of(event, portal).await?;
        let kind = MatrixKind::Member { user_id: remote.clone(), is_in: false };
        let why = match self.deliver(job, event, &portal.chat, voice, kind).await {
            Ok(_) => {
                // An earlier invitation may have brought it in after it was removed.
                return leave(&intent, room).await;
            }
            Err(JobError::Reject(why)) => why,
            Err(error) => return Err(error),
        };
        self.not_removed(job, event, ghost, remote, &why).await
    }

    /// Brings a ghost back, with the reason.
    async fn not_removed(
        &self,
        job: &Job,
        event: &Incoming,
        ghost: &UserId,
        remote: &RemoteUserId,
        why: &str,
    ) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        let intent = self.app.intent(ghost);
        if event.content.get("membership").and_then(Value::as_str) == Some("ban") {
            soft("let a ghost in again", self.app.bot().unban(room, ghost).await);
        }
        match intent.ensure_joined(room).await {
            Err(error) if error.is_forbidden() => {
                tracing::debug!(%error, "a ghost that was removed may not come back");
            }
            done => done?,
        }
        let name = self.name_of_ghost(remote).await?;
        let text = format!("{name} is still in this chat on {}. {why}", N::INFO.name);
        self.say(room, &text, &format!("undone/{}", job.dedup)).await
    }

    /// What a person is called, for a sentence in Markdown.
    pub(in crate::engine) async fn name_of_ghost(&self, remote: &RemoteUserId) -> Result<String, JobError> {
        let name = self.store.ghost(remote).await?.and_then(|row| row.name);
        Ok(bold(name.as_deref().unwrap_or(remote.as_str())))
    }
}

/// A name as Markdown that is nothing but the name.
pub(in crate::engine) fn bold(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !"*_`[]<>\\#~|".contains(*c)).collect();
    format!("**{}**", plain.trim())
}

/// Whether somebody is in a chat to which nobody can be added.
async fn is_in<S: Session>(session: &S, portal: &PortalRow, remote: &RemoteUserId) -> Result<bool, JobError> {
    let chat: &ChatKey = &portal.chat;
    match portal.info.kind {
        ChatKind::Direct => Ok(portal.info.peer.as_ref() == Some(remote)),
        ChatKind::Group => match session.members(chat, FEW_MEMBERS).await {
            Ok(members) => Ok(members.contains(remote)),
            Err(NetworkError::Rejected(_) | NetworkError::Unsupported(_)) => Ok(false),
            Err(error) => Err(error.into()),
        },
        ChatKind::Channel | ChatKind::Private => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::bold;

    #[test]
    fn a_name_is_nothing_but_a_name() {
        assert_eq!(bold("Ada *Archer* [x](y)"), "**Ada Archer x(y)**");
        assert_eq!(bold(" A_b "), "**Ab**");
    }
}
