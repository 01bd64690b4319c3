//! Who is in a room: joining, inviting, leaving; typing and read markers.

use std::collections::BTreeMap;
use std::time::Duration;

use ruma::api::client::membership::invite_user::v3::InvitationRecipient;
use ruma::api::client::membership::{
    invite_user, join_room_by_id, joined_members, joined_rooms, kick_user, leave_room, unban_user,
};
use ruma::api::client::receipt::create_receipt;
use ruma::api::client::typing::create_typing_event::v3 as typing;
use ruma::{EventId, OwnedRoomId, OwnedUserId, RoomId, UserId};

use crate::matrix::error::MatrixError;
use crate::matrix::intent::Intent;
use crate::matrix::profile::Profile;

impl Intent {
    /// Joins a room; being in it already is fine.
    pub async fn join(&self, room_id: &RoomId) -> Result<(), MatrixError> {
        self.call("join", join_room_by_id::v3::Request::new(room_id.to_owned())).await?;
        self.app().known().joined.insert((self.user_id().to_owned(), room_id.to_owned()), ());
        Ok(())
    }

    /// Makes sure that the user is in the room: joins, and where that is forbidden lets the bot invite first. Costs
    /// nothing for a membership that is known. Many callers at once make one join.
    pub async fn ensure_joined(&self, room_id: &RoomId) -> Result<(), MatrixError> {
        let joined = &self.app().known().joined;
        let key = (self.user_id().to_owned(), room_id.to_owned());
        if joined.contains(&key) {
            return Ok(());
        }
        joined.or_try_insert_with(&key, Box::pin(self.join_or_be_invited(room_id))).await
    }

    /// Like [`Intent::ensure_joined`], for many users of a room that is entered by invitation only: the bot invites first,
    /// which spares the refused attempt.
    pub(crate) async fn enter(&self, room_id: &RoomId) -> Result<(), MatrixError> {
        if !self.is_known_member(room_id) {
            self.ensure_registered().await?;
            match self.app().bot().invite(room_id, self.user_id()).await {
                // Invited already, or in the room already: the join will tell.
                Err(error) if !error.is_forbidden() => return Err(error),
                _ => {}
            }
        }
        self.ensure_joined(room_id).await
    }

    pub(crate) fn is_known_member(&self, room_id: &RoomId) -> bool {
        self.app().known().joined.contains(&(self.user_id().to_owned(), room_id.to_owned()))
    }

    async fn join_or_be_invited(&self, room_id: &RoomId) -> Result<(), MatrixError> {
        let join = || self.call("join", join_room_by_id::v3::Request::new(room_id.to_owned()));
        match join().await {
            Err(error) if error.is_forbidden() && !self.is_bot() => {}
            answer => return answer.map(|_| ()),
        }
        match self.app().bot().invite(room_id, self.user_id()).await {
            // Invited already, or in the room already: the join will tell.
            Err(error) if !error.is_forbidden() => return Err(error),
            _ => {}
        }
        match join().await {
            // A homeserver that lost its database knows neither the ghost nor, before this, whom it invited.
            Err(error) if error.is_forbidden() => {
                self.app().known().registered.remove(self.user_id());
                self.ensure_registered().await?;
                join().await.map(|_| ())
            }
            answer => answer.map(|_| ()),
        }
    }

    /// Invites a user.
    pub async fn invite(&self, room_id: &RoomId, user_id: &UserId) -> Result<(), MatrixError> {
        let recipient = InvitationRecipient::UserId(invite_user::v3::InviteUserId::new(user_id.to_owned()));
        self.call("invite", invite_user::v3::Request::new(room_id.to_owned(), recipient)).await?;
        Ok(())
    }

    /// Leaves a room or refuses an invitation.
    pub async fn leave(&self, room_id: &RoomId) -> Result<(), MatrixError> {
        self.leave_with(room_id, None).await
    }

    /// Like [`Intent::leave`], with a sentence for whoever looks why.
    pub async fn leave_because(&self, room_id: &RoomId, why: &str) -> Result<(), MatrixError> {
        self.leave_with(room_id, Some(why)).await
    }

    async fn leave_with(&self, room_id: &RoomId, why: Option<&str>) -> Result<(), MatrixError> {
        let mut request = leave_room::v3::Request::new(room_id.to_owned());
        request.reason = why.map(str::to_owned);
        self.call("leave", request).await?;
        self.app().forget_member(room_id, self.user_id());
        Ok(())
    }

    /// Removes a user from a room.
    pub async fn kick(
        &self,
        room_id: &RoomId,
        user_id: &UserId,
        reason: Option<&str>,
    ) -> Result<(), MatrixError> {
        let mut request = kick_user::v3::Request::new(room_id.to_owned(), user_id.to_owned());
        request.reason = reason.map(str::to_owned);
        self.call("kick", request).await?;
        self.app().forget_member(room_id, user_id);
        Ok(())
    }

    /// Lets a user back in who was banned.
    pub async fn unban(&self, room_id: &RoomId, user_id: &UserId) -> Result<(), MatrixError> {
        self.call("unban", unban_user::v3::Request::new(room_id.to_owned(), user_id.to_owned())).await?;
        Ok(())
    }

    /// Who is in a room, with their profiles. On the conduwuit family these are the global ones.
    pub async fn joined_members(
        &self,
        room_id: &RoomId,
    ) -> Result<BTreeMap<OwnedUserId, Profile>, MatrixError> {
        let request = joined_members::v3::Request::new(room_id.to_owned());
        let members = self.call("joined_members", request).await?.joined;
        Ok(members
            .into_iter()
            .map(|(user_id, member)| {
                let avatar_url = member.avatar_url.map(|url| url.to_string());
                (user_id, Profile { displayname: member.display_name, avatar_url })
            })
            .collect())
    }

    /// The rooms the user is in.
    pub async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>, MatrixError> {
        Ok(self.call("joined_rooms", joined_rooms::v3::Request::new()).await?.joined_rooms)
    }

    /// Shows the user as typing for this long, or no longer.
    pub async fn typing(&self, room_id: &RoomId, timeout: Option<Duration>) -> Result<(), MatrixError> {
        let state = timeout
            .map_or(typing::Typing::No, |timeout| typing::Typing::Yes(typing::TypingInfo::new(timeout)));
        let request = typing::Request::new(self.user_id().to_owned(), room_id.to_owned(), state);
        self.call("typing", request).await?;
        Ok(())
    }

    /// Marks the room as read up to this event.
    pub async fn read(&self, room_id: &RoomId, event_id: &EventId) -> Result<(), MatrixError> {
        let request = create_receipt::v3::Request::new(
            room_id.to_owned(),
            create_receipt::v3::ReceiptType::Read,
            event_id.to_owned(),
        );
        self.call("read", request).await?;
        Ok(())
    }
}
