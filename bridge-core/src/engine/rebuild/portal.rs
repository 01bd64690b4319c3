//! Brings one chat's portal back, its record last: what is cut off before it is begun again.

use std::collections::HashSet;
use std::sync::Arc;

use ruma::OwnedRoomId;

use super::room::Room;
use super::said::LastSaid;
use super::timeline::{Found, Posted};
use super::{Reach, Rebuilt};
use crate::engine::Bridge;
use crate::engine::persist::persist;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::ChatInfo;
use crate::id::ChatKey;
use crate::matrix::ErrorClass;
use crate::network::{Network, Session};
use crate::store::message::MessageRow;
use crate::store::portal::PortalRow;

impl<N: Network> Bridge<N> {
    /// Restores a chat's portal with its ghosts, pairs, reactions and pins. Notes for the login that sees the chat when the
    /// last message was said there that is shown.
    pub(super) async fn restore_portal(
        &self,
        chat: &ChatKey,
        room_id: &OwnedRoomId,
        room: &Room,
        reach: Reach,
        rebuilt: &mut Rebuilt,
        last_said: &mut LastSaid,
    ) -> Result<(), JobError> {
        let stored = self.store.portal(chat).await?;
        if let Some(other) = stored.as_ref().and_then(|row| row.room_id.as_deref())
            && other != room_id.as_str()
        {
            rebuilt
                .missing
                .push(format!("The room {room_id} was tied to a chat that has the room {other} now."));
            return Ok(());
        }
        let Some((live, info)) = self.seen_by(chat).await? else {
            rebuilt.missing.push(format!(
                "The room {room_id} is tied to a chat that no login here sees. Log in where it was seen, or invite the \
                 app again over there."
            ));
            return Ok(());
        };
        self.restore_ghosts(room, rebuilt).await?;
        let found = self.restore_pairs(&live, chat, room_id, room, reach, rebuilt).await?;
        // What was shown by a program that was started on the empty database says nothing of when it was lost.
        let lost = live.row.created_at;
        let shown_until = found.shown_until(lost);
        if let Some(at) = shown_until {
            self.note_rebuilt_until(chat, at).await?;
        }
        let was_there = room.claim.as_ref().map(|(at, _)| *at).filter(|at| *at < lost);
        last_said.note(&live.row.login_id, chat, shown_until, found.said_until(lost).max(was_there));
        self.restore_pins(&live, chat, room_id, room, &found.rows).await?;
        rebuilt.portals += 1;
        if stored.is_none_or(|row| row.room_id.is_none()) {
            self.tie(&live, chat, room_id, info, rebuilt).await?;
        }
        Ok(())
    }

    /// The login that sees a chat, and what the network says of it.
    async fn seen_by(&self, chat: &ChatKey) -> Result<Option<(Arc<Live<N::Session>>, ChatInfo)>, JobError> {
        let mut logins = self.logins.all();
        logins.retain(|live| chat.receiver.as_ref().is_none_or(|receiver| *receiver == live.row.login_id));
        for live in logins {
            let ask = || async { Ok(live.session.chat_info(chat).await?) };
            match persist(&self.stopping, ask).await {
                Ok(info) => return Ok(Some((live, info))),
                Err(error) if error.is_tried_again() => return Err(error),
                Err(error) => tracing::debug!(chat = %chat.chat_id, %error, "a login does not see a chat"),
            }
        }
        Ok(None)
    }

    async fn restore_pairs(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        room_id: &OwnedRoomId,
        room: &Room,
        reach: Reach,
        rebuilt: &mut Rebuilt,
    ) -> Result<Found, JobError> {
        let mut timeline = self.read_timeline(room_id, chat, reach).await?;
        let since = timeline.oldest.max(reach.since);
        let beginnings = timeline.beginnings_behind();
        self.read_events(room_id, &mut timeline, beginnings.iter().map(String::as_str)).await?;
        let posted = self.read_posted(live, chat, since, timeline.answered()).await?;
        self.read_events(room_id, &mut timeline, posted.iter().filter_map(Posted::event_id)).await?;
        let found = timeline.with_posted(posted);
        self.store.put_pairs(&found.rows).await?;
        for row in &found.reactions {
            let mut row = row.clone();
            let profile = room.members.get(&row.sender);
            let name = profile.and_then(|profile| profile.displayname.clone());
            row.name = name.unwrap_or_else(|| row.sender.clone());
            self.store.put_reaction(&row).await?;
            rebuilt.reactions += 1;
        }
        rebuilt.pairs += found.rows.len();
        if found.unpaired > 0 {
            rebuilt.missing.push(format!(
                "{} messages of the bridge in the chat of the room {room_id} belong to no event that could be found.",
                found.unpaired
            ));
        }
        Ok(found)
    }

    /// Notes what is pinned on both sides, unless that is known.
    async fn restore_pins(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        room_id: &OwnedRoomId,
        room: &Room,
        rows: &[MessageRow],
    ) -> Result<(), JobError> {
        if room.pinned.is_empty() || self.pinned_on_both(room_id).await?.is_some() {
            return Ok(());
        }
        let ask = || async { Ok(live.session.pins(chat).await?) };
        let pins: HashSet<_> = match persist(&self.stopping, ask).await {
            Ok(pins) => pins.into_iter().collect(),
            Err(error) if error.is_tried_again() => return Err(error),
            Err(_) => HashSet::new(),
        };
        let is_on_both = |event: &&String| {
            rows.iter().any(|row| row.event_id == **event && pins.contains(&row.message_id))
        };
        let pinned: Vec<String> = room.pinned.iter().filter(is_on_both).cloned().collect();
        self.note_pinned(room_id, &pinned).await
    }

    /// Names the room after its chat, brings it to what the network says, and records it.
    async fn tie(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        room_id: &OwnedRoomId,
        info: ChatInfo,
        rebuilt: &mut Rebuilt,
    ) -> Result<(), JobError> {
        let alias = self.alias(chat);
        match self.app.bot().lead_alias(&alias, room_id).await {
            Err(error) if error.class() == ErrorClass::Permanent => rebuilt.missing.push(format!(
                "The homeserver does not let the name {alias} lead to the room {room_id}, which is the chat's ({error}). It \
                 works without, but should this database be lost without a rebuild, another room is made or taken. Whoever \
                 administers the homeserver can remove the name from where it is."
            )),
            done => done?,
        }
        match Box::pin(self.furnish(live, room_id, None, &info)).await {
            Err(error) if error.is_tried_again() => return Err(error),
            Err(error) => tracing::debug!(%error, "a room could not be brought up to date"),
            Ok(()) => {}
        }
        self.become_portal(room_id).await?;
        let row = PortalRow {
            chat: chat.clone(),
            room_id: Some(room_id.to_string()),
            login_id: live.row.login_id.clone(),
            info,
            avatar_mxc: None,
            created_at: self.store.clock().now_ms(),
        };
        Ok(self.store.put_portal(&row).await?)
    }
}
