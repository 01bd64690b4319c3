//! A message of the remote network says something else now.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::Bridge;
use super::super::ghost::KnownGhost;
use super::super::own_field;
use super::super::supervisor::Live;
use super::message::{Key, Place, chat_of};
use super::relation::is_outside;
use crate::content::{Lookup, Message, PartBody};
use crate::error::JobError;
use crate::event::{RemoteEvent, Sender, to_matrix};
use crate::id::{PartId, RemoteMessageId};
use crate::metrics;
use crate::network::Network;
use crate::queue::Closing;
use crate::store::message::MessageRow;

impl<N: Network> Bridge<N> {
    /// Changes the events that show a message: those that are still there are replaced, new ones sent, others redacted. A
    /// message that was never shown is shown now.
    pub(super) async fn remote_edit(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        revision: &str,
        message: &Message,
    ) -> Result<Closing, JobError> {
        // Our own edit coming back.
        if matches!(&event.sender, Sender::Own { marker: Some(_), .. }) {
            return Ok(Closing::default());
        }
        let pairs = self.store.message_pairs(id).await?;
        if pairs.is_empty() {
            return self.show_edited(live, event, id, message).await;
        }
        if pairs.iter().any(|row| !self.app.owns(&row.sender)) {
            // Somebody on Matrix wrote it, and only they can change it there.
            metrics::passed_over("edit of a message from Matrix");
            return Ok(Closing::default());
        }
        if self.is_outdated(id, event) {
            return Ok(Closing::default());
        }
        let Some(place) = self.place_of_shown(&pairs[0]).await? else { return Ok(Closing::default()) };
        let mut closing = Closing::default();
        let contents = self.edited(live, message, &pairs, &place).await?;
        for (part, content) in &contents {
            let shown: Vec<&MessageRow> = pairs.iter().filter(|row| shows(row, part)).collect();
            for row in &shown {
                let key = Key { kind: "edit", id, part: &row.part_id, revision };
                self.send_part(&place, event, &key, replacement(content, &row.event_id)).await?;
            }
            if shown.is_empty() {
                let (relation, root) = self.relation(live, chat_of(event)?, message).await?;
                closing.pairs.extend(root);
                for (part, content) in relation.apply(vec![(part.clone(), content.clone())]) {
                    let key = Key { kind: "message", id, part: &part, revision };
                    let event_id = self.send_part(&place, event, &key, content).await?;
                    closing.pairs.push(MessageRow {
                        part_id: part,
                        event_id,
                        sent_at: event.at,
                        ..pairs[0].clone()
                    });
                }
            }
        }
        let vanished = pairs.iter().filter(|row| !contents.iter().any(|(part, _)| shows(row, part)));
        for row in vanished {
            self.redact_shown(row, event.at).await?;
            closing.gone.push((row.message_id.clone(), row.part_id.clone()));
        }
        // What the edit added is there on both sides already.
        let in_thread = contents.into_iter().filter(|(part, _)| pairs.iter().any(|row| shows(row, part)));
        let in_thread = in_thread.collect();
        closing.pairs.extend(self.shown_outside(event, id, message, &pairs, in_thread, &place).await?);
        self.note_change(id, event.at);
        Ok(closing)
    }

    /// Shows a message that is known by its change only; an older change may still come.
    async fn show_edited(
        &self,
        live: &Live<N::Session>,
        event: &RemoteEvent,
        id: &RemoteMessageId,
        message: &Message,
    ) -> Result<Closing, JobError> {
        let closing = self.remote_message(live, event, id, message).await?;
        self.note_change(id, event.at);
        Ok(closing)
    }

    /// Notes that a change of a message of this moment is shown.
    pub(in crate::engine) fn note_change(&self, id: &RemoteMessageId, at: i64) {
        if self.changed_at.get(id).is_none_or(|known| known < at) {
            self.changed_at.insert(id.clone(), at);
        }
    }

    /// Whether a later change of the message was shown before.
    fn is_outdated(&self, id: &RemoteMessageId, event: &RemoteEvent) -> bool {
        let is_so = self.changed_at.get(id).is_some_and(|at| at > event.at);
        if is_so {
            metrics::passed_over("edit that came after a later one");
        }
        is_so
    }

    /// Where a message is shown, and by whom: whoever changes it on the network, clients take a change on Matrix only from
    /// the user who sent the event.
    pub(super) async fn place_of_shown(&self, row: &MessageRow) -> Result<Option<Place>, JobError> {
        let Some(portal) = self.known_portal(&row.chat).await? else { return Ok(None) };
        let Ok(user_id) = ruma::UserId::parse(&row.sender) else { return Ok(None) };
        let ghost = Arc::new(KnownGhost::unnamed(user_id));
        Ok(Some(Place { portal, ghost }))
    }

    /// The contents of the edited message. A file that is shown already is not carried over a second time: its event
    /// is taken as it is, with the caption of now.
    pub(super) async fn edited(
        &self,
        live: &Live<N::Session>,
        message: &Message,
        pairs: &[MessageRow],
        place: &Place,
    ) -> Result<Vec<(PartId, Value)>, JobError> {
        let mut lookup = Lookup::default();
        let mut contents: Vec<(PartId, Value)> = Vec::new();
        for part in &message.parts {
            let mut alone = message.clone();
            alone.parts = vec![part.clone()];
            if contents.iter().any(|(_, content)| content.get(to_matrix::PREVIEWS).is_some()) {
                alone.previews.clear();
            }
            let shown = pairs.iter().find(|row| row.part_id == part.id);
            if let (PartBody::File(file), Some(row)) = (&part.body, shown)
                && let Some(old) = self.shown_content(place, row).await?
            {
                if let Some(caption) = &file.caption {
                    self.look_up_text(live, caption, &mut lookup).await?;
                }
                contents.extend(to_matrix::with_caption(&part.id, old, file, &lookup));
                continue;
            }
            let lookup = self.remote_lookup(live, &alone, place).await?;
            contents.extend(to_matrix::message(&alone, &lookup, to_matrix::MatrixOptions::of_edit()));
        }
        for (_, content) in &mut contents {
            own_field::put_thread(content, message.thread_root.as_ref());
        }
        Ok(contents)
    }

    /// The content of an event as it was first sent, if the homeserver still has it.
    async fn shown_content(&self, place: &Place, row: &MessageRow) -> Result<Option<Value>, JobError> {
        let Ok(event_id) = <&ruma::EventId>::try_from(row.event_id.as_str()) else { return Ok(None) };
        let event = self.app.intent(&place.ghost.user_id).event(place.room()?, event_id).await?;
        let content = event.and_then(|event| {
            serde_json::from_str::<Value>(event.get()).ok()?.get_mut("content").map(Value::take)
        });
        Ok(content.filter(|content| content.get("url").is_some()))
    }
}

/// Whether an event shows a part, in its thread or outside.
fn shows(row: &MessageRow, part: &PartId) -> bool {
    row.part_id == *part
        || (is_outside(&row.part_id)
            && row.part_id.as_str().strip_prefix(part.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

/// The content of an event that replaces another one's content.
fn replacement(content: &Value, event_id: &str) -> Value {
    let mut replacement = content.clone();
    if let Some(new) = replacement.as_object_mut() {
        new.remove("m.relates_to");
    }
    let new = replacement.clone();
    if let Some(old) = replacement.as_object_mut() {
        old.remove(to_matrix::PREVIEWS);
    }
    for field in ["body", "formatted_body"] {
        if let Some(text) = replacement.get(field).and_then(Value::as_str) {
            // What programs that do not know edits show.
            replacement[field] = format!("* {text}").into();
        }
    }
    replacement["m.new_content"] = new;
    replacement["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": event_id });
    // Homeservers go by the mentions of the event itself: whoever was told of the message is not told of the edit.
    replacement["m.mentions"] = json!({});
    replacement
}
