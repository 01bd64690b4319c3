//! Reads a room's timeline and what we posted in its chat.

use std::collections::BTreeSet;

use ruma::RoomId;
use ruma::api::Direction;
use serde_json::Value;

use super::Reach;
use super::timeline::{Posted, Timeline};
use crate::content::PartBody;
use crate::engine::Bridge;
use crate::engine::persist::persist;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::{RemoteEvent, RemoteKind, Sender};
use crate::id::{ChatKey, RemoteMessageId};
use crate::network::{Network, Past, Session, Stretch};

/// Events of a room that are asked for at once.
const PAGE: u32 = 100;

impl<N: Network> Bridge<N> {
    /// The end of a room's timeline, as far as the reach goes.
    pub(super) async fn read_timeline(
        &self,
        room: &RoomId,
        chat: &ChatKey,
        reach: Reach,
    ) -> Result<Timeline, JobError> {
        let bot = self.app.bot();
        let mut timeline = Timeline::new(chat.clone(), bot.user_id().to_string());
        let mut from: Option<String> = None;
        loop {
            let ask = || async { Ok(bot.messages(room, Direction::Backward, from.as_deref(), PAGE).await?) };
            let page = persist(&self.stopping, ask).await?;
            let mut newest = i64::MIN;
            for event in &page.events {
                let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
                newest = newest.max(event["origin_server_ts"].as_i64().unwrap_or_default());
                timeline.take(&event, |user| self.app.owns(user));
            }
            // A single one may be dated back: what was missed is.
            let is_enough = timeline.count >= reach.events || newest < reach.since;
            if is_enough || page.events.is_empty() || page.next.is_none() || page.next == from {
                return Ok(timeline);
            }
            from = page.next;
        }
    }

    /// Takes in events that stand further back than was read: those that our posts name, and beginnings of threads.
    pub(super) async fn read_events(
        &self,
        room: &RoomId,
        timeline: &mut Timeline,
        event_ids: impl Iterator<Item = &str>,
    ) -> Result<(), JobError> {
        let bot = self.app.bot();
        for event_id in event_ids {
            let Ok(parsed) = <&ruma::EventId>::try_from(event_id) else { continue };
            if timeline.has(event_id) {
                continue;
            }
            let ask = || async { Ok(bot.event(room, parsed).await?) };
            match persist(&self.stopping, ask).await {
                Ok(Some(event)) => {
                    let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
                    timeline.take(&event, |user| self.app.owns(user));
                }
                Ok(None) => {}
                Err(error) if error.is_tried_again() => return Err(error),
                // The bot may not see it, or it is of another room.
                Err(error) => tracing::debug!(%error, "an event that another one names cannot be read"),
            }
        }
        Ok(())
    }

    /// Our own messages in a chat and its threads since a moment; also in those threads that are known to be answered and may
    /// begin before it. None where the network does not let the chat be read.
    pub(super) async fn read_posted(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        since: i64,
        mut threads: BTreeSet<RemoteMessageId>,
    ) -> Result<Vec<Posted>, JobError> {
        let stretch = Stretch { chat, thread: None, since };
        let mut posted = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let Some(Past { messages, next, .. }) = self.page(live, &stretch, cursor.as_deref()).await?
            else {
                return Ok(posted);
            };
            let is_enough = messages.iter().any(|message| message.event.at < since);
            for message in messages {
                if message.answered_at.is_some_and(|at| at >= since) {
                    threads.extend(id_of(&message.event));
                }
                posted.extend(own(message.event));
            }
            match next {
                Some(next) if !is_enough => cursor = Some(next),
                _ => break,
            }
        }
        for root in &threads {
            let stretch = Stretch { thread: Some(root), ..stretch };
            let mut cursor: Option<String> = None;
            while let Some(Past { messages, next, .. }) = self.page(live, &stretch, cursor.as_deref()).await?
            {
                let answers =
                    messages.into_iter().filter(|message| id_of(&message.event).as_ref() != Some(root));
                posted.extend(answers.filter_map(|message| own(message.event)));
                match next {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
        }
        // What is also sent to the channel stands on both pages.
        posted.sort_by(|a, b| a.id.cmp(&b.id));
        posted.dedup_by(|a, b| a.id == b.id);
        Ok(posted)
    }

    async fn page(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        cursor: Option<&str>,
    ) -> Result<Option<Past>, JobError> {
        let ask = || async { Ok(live.session.past(stretch, cursor).await?) };
        match persist(&self.stopping, ask).await {
            Ok(past) => Ok(Some(past)),
            Err(error) if error.is_tried_again() => Err(error),
            Err(error) => {
                tracing::info!(chat = %stretch.chat.chat_id, %error, "what was said in a chat cannot be read");
                Ok(None)
            }
        }
    }
}

fn id_of(event: &RemoteEvent) -> Option<RemoteMessageId> {
    match &event.kind {
        RemoteKind::Message { id, .. } | RemoteKind::Delete { id, .. } => Some(id.clone()),
        _ => None,
    }
}

/// A message, if our own account posted it.
fn own(event: RemoteEvent) -> Option<Posted> {
    let (Sender::Own { marker, .. }, RemoteKind::Message { id, message }) = (event.sender, event.kind) else {
        return None;
    };
    let files = message.parts.into_iter().filter_map(|part| match part.body {
        PartBody::File(file) => Some(file.name),
        PartBody::Text(_) => None,
    });
    let files = files.collect();
    Some(Posted { id, marker, files, at: event.at, thread_root: message.thread_root })
}
