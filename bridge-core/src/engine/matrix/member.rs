//! Somebody was invited, joined, left or changed their name.

use serde_json::Value;

use super::super::Bridge;
use super::super::bridge::{room_id, soft};
use super::{Incoming, malformed};
use crate::config::Level;
use crate::error::JobError;
use crate::metrics;
use crate::network::Network;
use crate::queue::Job;

impl<N: Network> Bridge<N> {
    pub(super) async fn matrix_member(&self, job: &Job, event: &Incoming) -> Result<(), JobError> {
        let membership = event.content.get("membership").and_then(Value::as_str);
        let (Some(membership), Some(member)) = (membership, event.state_key.as_deref()) else {
            return self.malformed_member(event).await;
        };
        let is_bot = member == self.app.client().bot().as_str();
        if membership == "join" {
            // What is still to be sent of somebody who left goes under the name they had.
            self.forget_name(&event.room_id, member);
        }
        if let (Ok(room), Ok(user)) = (room_id(&event.room_id), ruma::UserId::parse(member))
            && membership != "join"
        {
            self.app.forget_member(room, &user);
        }
        match membership {
            "invite" if is_bot => self.invited(job, event).await,
            "leave" | "ban" if is_bot => Ok(self.store.forget_management_room(&event.room_id).await?),
            _ if self.app.owns(member) => self.ghost_member(job, event, member, membership).await,
            "leave" | "ban" => self.left(event, member).await,
            _ => Ok(()),
        }
    }

    /// A membership that says nothing of anybody: kept where it concerns a portal.
    async fn malformed_member(&self, event: &Incoming) -> Result<(), JobError> {
        if self.chat_of_room(&event.room_id).await?.is_none() {
            metrics::passed_over("matrix: malformed");
            return Ok(());
        }
        let no_key = event.state_key.is_none();
        Err(malformed(if no_key {
            "it has no state_key"
        } else {
            "its content has no membership that is a text"
        }))
    }

    /// The bot was invited: by somebody who may use it, it comes, and says what it can do.
    async fn invited(&self, job: &Job, event: &Incoming) -> Result<(), JobError> {
        let room = room_id(&event.room_id)?;
        let bot = self.app.bot();
        bot.ensure_registered().await?;
        let level = self.permissions.level(&event.sender);
        if level < Level::Relay {
            soft("refuse an invitation", bot.leave(room).await);
            return Ok(());
        }
        match bot.join(room).await {
            // The server that the room is on may be gone for good, and never be heard of again.
            Err(error) if job.attempts >= super::JOINS_TRIED => {
                tracing::info!(%error, "the bot could not come into a room that it was invited to");
                return Ok(());
            }
            done => done?,
        }
        if self.chat_of_room(&event.room_id).await?.is_some() {
            return Ok(());
        }
        let members = bot.joined_members(room).await?.len();
        let is_direct = event.content.get("is_direct").and_then(Value::as_bool).unwrap_or(members <= 2);
        let text = if is_direct {
            self.store.put_management_room(&event.room_id, &event.sender).await?;
            format!(
                "Hello, I am the {} bridge. Write `login` here to connect, or `help` to see all that I can do.",
                N::INFO.name
            )
        } else {
            let prefix = self.catalogue.prefix();
            format!("Hello, I am the {} bridge. In this room commands begin with `{prefix}`.", N::INFO.name)
        };
        self.say(room, &text, &format!("hello/{}", job.dedup)).await
    }

    /// The other person left their direct chat with the bot: nobody would read it any more.
    async fn left(&self, event: &Incoming, member: &str) -> Result<(), JobError> {
        if self.store.management_room_owner(&event.room_id).await?.as_deref() == Some(member) {
            self.store.forget_management_room(&event.room_id).await?;
            self.conversations.end(member);
            soft("leave a direct chat", self.app.bot().leave(room_id(&event.room_id)?).await);
        }
        Ok(())
    }
}
