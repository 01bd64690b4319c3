//! Chats that people on Matrix begin: which login opens them, and what they are told of a chat that is there.

use std::sync::Arc;

use ruma::{RoomId, UserId};

use super::Bridge;
use super::bridge::room_id;
use super::matrix::ghost_member::bold;
use super::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::{ChatInfo, ChatKind};
use crate::id::RemoteUserId;
use crate::network::{Network, Session};
use crate::store::portal::PortalRow;

/// A chat that the network has opened, and the login that it was opened with.
pub(crate) struct Opened<S> {
    pub(crate) live: Arc<Live<S>>,
    pub(crate) info: ChatInfo,
}

impl<N: Network> Bridge<N> {
    /// The logins with which somebody may begin chats: their own, then those that speak for everybody.
    pub(crate) fn logins_to_begin_with(&self, mxid: &str) -> Vec<Arc<Live<N::Session>>> {
        let mut logins = self.logins.all();
        logins.retain(|live| live.row.owner == mxid || !live.row.personal);
        logins.sort_by_key(|live| (live.row.owner != mxid, !live.row.personal));
        logins
    }

    /// Has the chat with these people opened by the first login that can. It may be opened any number of times.
    pub(crate) async fn open_chat(
        &self,
        mxid: &str,
        people: &[RemoteUserId],
    ) -> Result<Opened<N::Session>, JobError> {
        let mut refusal = None;
        for live in self.logins_to_begin_with(mxid) {
            match live.session.open_chat(people).await {
                Ok(info) => return Ok(Opened { live, info }),
                // Another login may be where these people are.
                Err(error @ (NetworkError::Rejected(_) | NetworkError::Unsupported(_))) => {
                    refusal.get_or_insert(JobError::from(error));
                }
                Err(error) => {
                    self.note_refusal(&live, &error).await;
                    return Err(error.into());
                }
            }
        }
        Err(refusal.unwrap_or_else(|| {
            JobError::Reject(format!(
                "The bridge is not logged in to {}. Somebody who may has to log in with `login`.",
                N::INFO.name
            ))
        }))
    }

    /// Tells somebody where the room of a chat is that was there before. Others may talk in it, so only those come in who
    /// are invited by one of them, who began the chat, or whose login it is.
    pub(crate) async fn point_to(
        &self,
        live: &Live<N::Session>,
        portal: &PortalRow,
        person: &UserId,
        names: &str,
    ) -> Result<String, JobError> {
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let there = format!("The chat with {names} has a room already");
        let link = self.address_of(room);
        if self.are_together(room, person).await? {
            return Ok(format!("{there}, and you are in it or invited: {link}."));
        }
        if !self.may_come_in(live, &portal.chat, person).await? {
            return Ok(format!("{there}, in which others talk: {link}. One of them has to invite you."));
        }
        Ok(if self.let_in(portal, person).await? {
            format!("{there}: {link}. You are invited.")
        } else {
            format!("{there}: {link}. The homeserver does not let the bridge invite you.")
        })
    }

    /// Invites somebody to the room of a chat as to one that they begin.
    pub(crate) async fn let_in(&self, portal: &PortalRow, person: &UserId) -> Result<bool, JobError> {
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let is_direct = matches!(portal.info.kind, ChatKind::Direct | ChatKind::Group);
        self.invite_to(room, &portal.info, person, is_direct).await
    }

    /// A room's address.
    pub(crate) fn address_of(&self, room: &RoomId) -> String {
        room.matrix_to_uri_via([self.app.client().server_name().to_owned()]).to_string()
    }

    /// Brings the ghosts of a chat's people into its room; gives their names for a sentence.
    pub(crate) async fn bring_in(
        &self,
        live: &Live<N::Session>,
        room: &RoomId,
        people: &[RemoteUserId],
    ) -> Result<String, JobError> {
        let mut names = Vec::with_capacity(people.len());
        for person in people {
            let ghost = self.ghost(live, person, None).await?;
            self.app.intent(&ghost.user_id).ensure_joined(room).await?;
            names.push(bold(ghost.name()));
        }
        Ok(listed(&names))
    }

    /// What people see over there of what is written here.
    pub(crate) fn how_shown(live: &Live<N::Session>) -> String {
        if live.row.personal {
            return String::new();
        }
        format!(
            " On {} the chat is one with the bridge's app; what you write stands there under your name.",
            N::INFO.name
        )
    }
}

/// Names one after the other, as in a sentence.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn names_stand_as_in_a_sentence() {
        let names = ["A", "B", "C"].map(str::to_owned);
        assert_eq!(listed(&names), "A, B and C");
        assert_eq!(listed(&names[..2]), "A and B");
        assert_eq!(listed(&names[..1]), "A");
    }
}
