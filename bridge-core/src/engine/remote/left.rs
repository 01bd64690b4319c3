//! Our account was removed from a chat or let in again.

use super::super::Bridge;
use super::super::bridge::room_id;
use super::super::supervisor::Live;
use super::message::chat_of;
use crate::error::JobError;
use crate::event::RemoteEvent;
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::Closing;

/// Two events within this time tell of one removal, in milliseconds: a network may say the same in two ways.
const ONE_REMOVAL: u64 = 60_000;

impl<N: Network> Bridge<N> {
    /// Tells the room that nothing is carried over any more, once for each removal: all events of one say it under the
    /// same key, which is kept before it is said.
    pub(super) async fn remote_left(&self, event: &RemoteEvent) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let Some(portal) = self.known_portal(chat).await? else { return Ok(Closing::default()) };
        let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
        let text = format!(
            "The bridge was removed from this chat on {}. Nothing is carried over until it is let in again there.",
            N::INFO.name
        );
        let told = self.store.fact(&fact(chat)).await?.and_then(|at| at.parse::<i64>().ok());
        let at = match told {
            Some(told) if event.at.abs_diff(told) <= ONE_REMOVAL => told,
            _ => {
                self.store.put_fact(&fact(chat), &event.at.to_string()).await?;
                event.at
            }
        };
        self.say(room, &text, &format!("left/{chat}/{at}")).await?;
        Ok(Closing::default())
    }

    /// Notes the chat as known. If it has a room, who is in it is looked at: nothing was heard since the removal.
    pub(super) async fn remote_let_in(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
    ) -> Result<Closing, JobError> {
        let chat = chat_of(event)?;
        let info = live.session.chat_info(chat).await?;
        match self.known_portal(chat).await? {
            Some(portal) => Box::pin(self.update_portal(live, &portal, info, event.dedup.as_str())).await?,
            None => self.know_chat(live, info).await?,
        }
        if self.store.fact(&fact(chat)).await?.is_some_and(|at| !at.is_empty()) {
            self.store.put_fact(&fact(chat), "").await?;
        }
        if self.known_portal(chat).await?.is_some() {
            self.compare_members(&live.row.login_id, chat).await?;
        }
        Ok(Closing::default())
    }
}

/// Under which name it is kept when the last removal was, in milliseconds since 1970.
fn fact(chat: &ChatKey) -> String {
    format!("left/{chat}")
}
