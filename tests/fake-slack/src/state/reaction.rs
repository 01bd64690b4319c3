//! Reactions on messages.
use serde_json::{Value, json};

use super::State;
use crate::clock::write_ts;
use crate::error::ApiError;
use crate::event::Outbox;

/// How many different reactions one message can carry.
const MOST_PER_MESSAGE: usize = 50;
/// How many different reactions one user can put on one message.
const MOST_PER_USER: usize = 23;

/// Whether this looks like the name of an emoji, with or without a skin tone.
fn is_emoji_name(name: &str) -> bool {
    let (base, tone) = name.split_once("::").unwrap_or((name, "skin-tone-2"));
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'');
    let tones = ["skin-tone-2", "skin-tone-3", "skin-tone-4", "skin-tone-5", "skin-tone-6"];
    !base.is_empty() && base.len() <= 100 && base.chars().all(fine) && tones.contains(&tone)
}

impl State {
    /// Puts a user's reaction on a message and tells the apps.
    pub(crate) fn react(
        &mut self,
        channel_id: &str,
        ts: &str,
        user_id: &str,
        name: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let name = name.trim_matches(':');
        if !is_emoji_name(name) {
            return Err("invalid_name".into());
        }
        let reactions = self.reactions_mut(channel_id, ts)?;
        let by_user = |r: &&Value| r["users"].as_array().is_some_and(|users| users.contains(&user_id.into()));
        if reactions.iter().filter(by_user).any(|reaction| reaction["name"] == *name) {
            return Err("already_reacted".into());
        }
        if reactions.iter().filter(by_user).count() >= MOST_PER_USER {
            return Err("too_many_reactions".into());
        }
        let full = reactions.len() >= MOST_PER_MESSAGE;
        match reactions.iter_mut().find(|reaction| reaction["name"] == *name) {
            Some(reaction) => {
                if let Some(users) = reaction["users"].as_array_mut() {
                    users.push(user_id.into());
                    let count = users.len();
                    reaction["count"] = count.into();
                }
            }
            None if full => return Err("too_many_emoji".into()),
            None => reactions.push(json!({ "name": name, "users": [user_id], "count": 1 })),
        }
        self.tell_reaction("reaction_added", channel_id, ts, user_id, name, out)
    }

    /// Takes a user's reaction away and tells the apps.
    pub(crate) fn unreact(
        &mut self,
        channel_id: &str,
        ts: &str,
        user_id: &str,
        name: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let name = name.trim_matches(':');
        let reactions = self.reactions_mut(channel_id, ts)?;
        let position = reactions.iter().position(|reaction| reaction["name"] == *name);
        let position = position.ok_or("no_reaction")?;
        let users = reactions[position]["users"].as_array_mut().ok_or("no_reaction")?;
        let before = users.len();
        users.retain(|user| user != user_id);
        let left = users.len();
        if left == before {
            return Err("no_reaction".into());
        }
        reactions[position]["count"] = left.into();
        if left == 0 {
            reactions.remove(position);
        }
        self.tell_reaction("reaction_removed", channel_id, ts, user_id, name, out)
    }

    fn reactions_mut(&mut self, channel_id: &str, ts: &str) -> Result<&mut Vec<Value>, ApiError> {
        let channel = self.channel_mut(channel_id)?;
        let key = channel.message_key(ts)?;
        let message = channel.messages.get_mut(&key).ok_or("message_not_found")?;
        if !message["reactions"].is_array() {
            message["reactions"] = json!([]);
        }
        message["reactions"].as_array_mut().ok_or_else(|| "message_not_found".into())
    }

    fn tell_reaction(
        &mut self,
        kind: &str,
        channel_id: &str,
        ts: &str,
        user_id: &str,
        name: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        let key = channel.message_key(ts)?;
        let message = channel.messages.get_mut(&key).and_then(Value::as_object_mut);
        let message = message.ok_or("message_not_found")?;
        if message.get("reactions").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            message.remove("reactions");
        }
        let mut event = json!({
            "type": kind, "user": user_id, "reaction": name,
            "item": { "type": "message", "channel": channel_id, "ts": ts }, "event_ts": event_ts,
        });
        if let Some(author) = message.get("user") {
            event["item_user"] = author.clone();
        }
        out.tell_channel(channel_id, event);
        Ok(())
    }
}
