//! Somebody on Matrix reacted to a message, or took the reaction back.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::Bridge;
use super::super::reaction_note::note_key;
use super::super::relay::Voice;
use super::Incoming;
use super::delivery::pairs;
use crate::content::Emoji;
use crate::error::{JobError, NetworkError};
use crate::event::{MatrixKind, Reaction, Speaker};
use crate::id::ChatKey;
use crate::network::{Network, Session};
use crate::queue::{Closing, Job};
use crate::store::message::MessageRow;
use crate::store::reaction::ReactionRow;

impl<N: Network> Bridge<N> {
    pub(super) async fn matrix_react(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
    ) -> Result<Closing, JobError> {
        let relation = event.content.get("m.relates_to");
        let text = |key| relation.and_then(|it| it.get(key)).and_then(Value::as_str);
        let (Some(target), Some(key)) = (text("event_id"), text("key").filter(|key| !key.is_empty())) else {
            return Ok(Closing::default());
        };
        let Some(target) = self.store.event_pairs(target).await?.into_iter().next() else {
            // Reactions to what was never carried over concern nobody there.
            return Ok(Closing::default());
        };
        let Some(portal) = self.known_chat(chat).await? else { return Ok(Closing::default()) };
        let voice = self.voice_of(event, &portal).await?;
        let row = ReactionRow {
            message_id: target.message_id.clone(),
            sender: event.sender.clone(),
            emoji: self.reacted_with(key, &event.content).await?.as_stored(),
            event_id: event.event_id.clone(),
            name: name_of(&voice.speaker),
        };
        let others = self.store.reactions(&row.message_id).await?;
        let mut now = others.clone();
        now.retain(|other| !(other.sender == row.sender && other.emoji == row.emoji));
        now.push(row.clone());
        let closing = self.send_reaction(job, event, chat, voice, &target, &row.emoji, &now).await?;
        self.store.put_reaction(&row).await?;
        Ok(closing)
    }

    /// What somebody reacted with. A picture that the bridge brought is known by its address, any other by the name beside
    /// it: clients that take up a reaction that is there repeat its picture alone.
    async fn reacted_with(&self, key: &str, content: &Value) -> Result<Emoji, JobError> {
        if key.starts_with("mxc://")
            && let Some(name) = self.emoji_of_picture(key).await?
        {
            return Ok(Emoji::Custom { name, url: Some(key.to_owned()) });
        }
        Ok(emoji(key, content))
    }

    pub(super) async fn matrix_unreact(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
        row: ReactionRow,
    ) -> Result<Closing, JobError> {
        if self.app.owns(&row.sender) {
            return Err(JobError::Reject(
                "It is the reaction of somebody on the other side, and only they can take it back there."
                    .to_owned(),
            ));
        }
        let target = self.store.message_pairs(&row.message_id).await?.into_iter().next();
        let (Some(target), Some(portal)) = (target, self.known_chat(chat).await?) else {
            self.store.remove_reaction(&row).await?;
            return Ok(Closing::default());
        };
        // Whoever redacts it, it was this person's.
        let as_sender = Incoming { sender: row.sender.clone(), ..event.clone() };
        let voice = self.voice_of(&as_sender, &portal).await?;
        let mut now = self.store.reactions(&row.message_id).await?;
        now.retain(|other| !(other.sender == row.sender && other.emoji == row.emoji));
        let closing = self.send_reaction(job, event, chat, voice, &target, &row.emoji, &now).await?;
        self.store.remove_reaction(&row).await?;
        Ok(closing)
    }

    #[allow(clippy::too_many_arguments, reason = "the reaction, where it belongs, and who is left")]
    async fn send_reaction(
        &self,
        job: &Job,
        event: &Incoming,
        chat: &ChatKey,
        voice: Voice<N::Session>,
        target: &MessageRow,
        stored: &str,
        now: &[ReactionRow],
    ) -> Result<Closing, JobError> {
        if !voice.live.session.capabilities(chat).reactions {
            return Err(NetworkError::Unsupported("A reaction").into());
        }
        let owners = self.logins.all();
        let has_login = |mxid: &str| owners.iter().any(|live| live.row.personal && live.row.owner == mxid);
        let relayed: Vec<&ReactionRow> =
            now.iter().filter(|row| !self.app.owns(&row.sender) && !has_login(&row.sender)).collect();
        let is_relayed = matches!(voice.speaker, Speaker::Relayed { .. });
        let is_set = if is_relayed {
            relayed.iter().any(|row| row.emoji == stored)
        } else {
            now.iter().any(|row| row.emoji == stored && row.sender == voice.live.row.owner)
        };
        let note = note_key(&target.message_id);
        let note_pair = self.note_of(&target.message_id).await?;
        let kind = MatrixKind::React(Reaction {
            message: target.message_id.clone(),
            thread_root: target.thread_root.clone(),
            emoji: Emoji::read_stored(stored),
            is_set,
            relayed: if is_relayed { by_emoji(&relayed) } else { Vec::new() },
            note: note_pair.as_ref().map(|row| row.message_id.clone()),
        });
        let delivered = self.deliver(job, event, chat, voice, kind).await?;
        let gone = note_pair
            .iter()
            .filter(|row| is_relayed && !delivered.parts.iter().any(|part| part.id == row.message_id))
            .map(|row| (row.message_id.clone(), row.part_id.clone()))
            .collect();
        let root = target.thread_root.as_ref().unwrap_or(&target.message_id);
        let pairs = pairs(event, &note, chat, Some(root), delivered.parts);
        Ok(Closing { sent: delivered.is_new, pairs, gone })
    }
}

fn name_of(speaker: &Speaker) -> String {
    match speaker {
        Speaker::Relayed { name, .. } => name.clone(),
        Speaker::Login => String::new(),
    }
}

/// Who reacted with what, the first emoji first.
fn by_emoji(rows: &[&ReactionRow]) -> Vec<(Emoji, Vec<String>)> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows {
        found.entry(&row.emoji).or_default().push(row.name.clone());
    }
    found
        .into_iter()
        .map(|(emoji, mut names)| {
            names.sort();
            (Emoji::read_stored(emoji), names)
        })
        .collect()
}

/// What somebody reacted with. A picture is known by the name beside it.
pub(in crate::engine) fn emoji(key: &str, content: &Value) -> Emoji {
    let named = ["com.beeper.reaction.shortcode", "shortcode"]
        .into_iter()
        .find_map(|field| content.get(field).and_then(Value::as_str))
        .map(|name| name.trim_matches(':').to_owned())
        .filter(|name| !name.is_empty());
    match named {
        Some(name) if key.starts_with("mxc://") => Emoji::Custom { name, url: Some(key.to_owned()) },
        _ => Emoji::read_stored(key),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::RemoteMessageId;

    #[test]
    fn a_picture_is_known_by_its_name() {
        let named = json!({ "com.beeper.reaction.shortcode": ":party:" });
        assert_eq!(emoji("mxc://hs/1", &named).as_stored(), ":party:");
        assert_eq!(emoji(":party:", &json!({})).as_stored(), ":party:");
        assert_eq!(emoji("👍", &named).as_stored(), "👍");
    }

    #[test]
    fn those_who_reacted_stand_together() {
        let row = |name: &str, emoji: &str| ReactionRow {
            message_id: RemoteMessageId::new("m"),
            sender: format!("@{name}:hs"),
            emoji: emoji.to_owned(),
            event_id: format!("${name}"),
            name: name.to_owned(),
        };
        let rows = [row("bob", "👍"), row("ada", "👍"), row("cy", ":party:")];
        let told = by_emoji(&rows.iter().collect::<Vec<_>>());
        assert_eq!(told.len(), 2);
        assert_eq!(told[1], (Emoji::Unicode("👍".to_owned()), vec!["ada".to_owned(), "bob".to_owned()]));
    }
}
