//! Messages: posting, threads, edits, deletions, and how they read back.
use serde_json::{Map, Value, json};

use super::{App, Channel, State, User};
use crate::clock::{read_ts, write_ts};
use crate::error::ApiError;
use crate::event::Outbox;
use crate::text;

/// What an edit replaces; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) text: Option<String>,
    pub(crate) blocks: Option<Value>,
    pub(crate) attachments: Option<Value>,
    pub(crate) metadata: Option<Value>,
    pub(crate) files: Option<Value>,
    /// Whether a reply is shown in the channel from now on.
    pub(crate) broadcast: bool,
    /// Whether people see the word "edited".
    pub(crate) marked: bool,
}

/// The body of a message as a person's own client sends it: `text` is what was typed.
pub(crate) fn human_message(state: &mut State, user_id: &str, typed: &str) -> Map<String, Value> {
    let wire = text::typed(typed);
    let mut body = Map::new();
    body.insert("user".into(), user_id.into());
    body.insert("client_msg_id".into(), text::uuid(state.clock.tick()).into());
    body.insert("team".into(), state.team.id.clone().into());
    if let Some(user) = state.users.get(user_id).filter(|user| user.foreign_team_id.is_some()) {
        for field in ["team", "user_team", "source_team"] {
            body.insert(field.into(), user.foreign_team_id.clone().into());
        }
        body.insert("user_profile".into(), user.stranger_profile(&state.base_url));
    }
    body.insert("blocks".into(), text::rich_text(&wire, state.clock.tick()));
    body.insert("text".into(), wire.into());
    body
}

/// The body of a message as an app's bot posts it: the text is in Slack's wire form already.
pub(crate) fn bot_message(
    state: &mut State,
    app: &App,
    wire: &str,
    blocks: Option<Value>,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("user".into(), app.bot_user_id.clone().into());
    body.insert("bot_id".into(), app.bot_id.clone().into());
    body.insert("app_id".into(), app.id.clone().into());
    body.insert("team".into(), state.team.id.clone().into());
    body.insert("bot_profile".into(), app.bot_profile(&state.team.id, &state.base_url));
    let wire = text::settled(wire);
    let blocks = match blocks {
        Some(blocks) => text::with_block_ids(blocks, state.clock.tick()),
        None => text::rich_text(&wire, state.clock.tick()),
    };
    body.insert("blocks".into(), blocks);
    body.insert("text".into(), wire.into());
    body
}

impl Channel {
    /// A message as the history methods show it: with its thread's numbers.
    pub(crate) fn read_message(&self, key: u64) -> Option<Value> {
        let mut message = self.messages.get(&key)?.clone();
        if let Some(replies) = self.threads.get(&key).filter(|replies| !replies.is_empty()) {
            let mut users: Vec<&str> = Vec::new();
            for user in replies.iter().filter_map(|reply| self.messages.get(reply)?["user"].as_str()) {
                if !users.contains(&user) {
                    users.push(user);
                }
            }
            message["thread_ts"] = write_ts(key).into();
            message["reply_count"] = replies.len().into();
            message["reply_users_count"] = users.len().into();
            message["reply_users"] = json!(users.iter().take(5).collect::<Vec<_>>());
            message["latest_reply"] = replies.last().map(|&last| write_ts(last)).into();
            message["is_locked"] = false.into();
            message["subscribed"] = false.into();
        }
        if message["subtype"] == "thread_broadcast" {
            let root = message["thread_ts"].as_str().and_then(read_ts).filter(|root| *root != key);
            if let Some(root) = root.and_then(|root| self.read_message(root)) {
                message["root"] = root;
            }
        }
        Some(message)
    }

    /// Takes a message away, and the placeholder of its thread if it was the last reply.
    fn remove(&mut self, key: u64) {
        self.messages.remove(&key);
        self.threads.remove(&key);
        let root = self.threads.iter_mut().find_map(|(root, replies)| replies.remove(&key).then_some(*root));
        let Some(root) = root.filter(|root| self.threads[root].is_empty()) else { return };
        self.threads.remove(&root);
        if self.messages.get(&root).is_some_and(|message| message["subtype"] == "tombstone") {
            self.messages.remove(&root);
        }
    }

    /// The key of an existing message.
    pub(crate) fn message_key(&self, ts: &str) -> Result<u64, ApiError> {
        read_ts(ts).filter(|key| self.messages.contains_key(key)).ok_or_else(|| "message_not_found".into())
    }
}

impl State {
    /// Stores a message and tells the apps. `body` holds everything but `type`, `ts` and the thread's fields
    /// that follow from `thread_ts`.
    pub(crate) fn post(
        &mut self,
        channel_id: &str,
        body: Map<String, Value>,
        out: &mut Outbox,
    ) -> Result<String, ApiError> {
        let key = self.clock.tick();
        let ts = write_ts(key);
        self.said.extend(body.get("text").and_then(Value::as_str).map(str::to_owned));
        let channel = self.channel_mut(channel_id)?;
        let mut message = Map::new();
        message.insert("type".into(), "message".into());
        message.extend(body);
        message.insert("ts".into(), ts.clone().into());
        if let Some(thread_ts) = message.get("thread_ts").and_then(Value::as_str) {
            let thread_key = channel.message_key(thread_ts).map_err(|_| "thread_not_found")?;
            // A reply to a reply lands in the thread the reply is in.
            let root = channel.messages[&thread_key]["thread_ts"].as_str().and_then(read_ts);
            let root = root.unwrap_or(thread_key);
            let parent_user = channel.messages.get(&root).map(|parent| parent["user"].clone());
            message.insert("thread_ts".into(), write_ts(root).into());
            if let Some(user) = parent_user.filter(Value::is_string) {
                message.insert("parent_user_id".into(), user);
            }
            channel.threads.entry(root).or_default().insert(key);
        }
        let root = message.get("thread_ts").and_then(Value::as_str).and_then(read_ts);
        channel.messages.insert(key, Value::Object(message));
        let mut event = channel.read_message(key).unwrap_or_default();
        event["channel"] = channel_id.into();
        event["event_ts"] = ts.clone().into();
        event["channel_type"] = channel.kind.channel_type().into();
        out.tell_channel(channel_id, event);
        if let Some(root) = root.filter(|_| self.reply_noise) {
            self.tell_replied(channel_id, root, out)?;
        }
        Ok(ts)
    }

    /// Tells the apps that a thread has one more reply: `message_replied`, which comes without its subtype
    /// (Slack's documentation calls that a bug and asks apps to live with it).
    fn tell_replied(&mut self, channel_id: &str, root: u64, out: &mut Outbox) -> Result<(), ApiError> {
        let now = write_ts(self.clock.tick());
        let channel = self.channel(channel_id)?;
        let event = json!({
            "type": "message", "hidden": true, "message": channel.read_message(root),
            "channel": channel_id, "ts": now, "event_ts": now, "channel_type": channel.kind.channel_type(),
        });
        out.tell_channel(channel_id, event);
        Ok(())
    }

    /// Changes a message and tells the apps.
    pub(crate) fn edit(
        &mut self,
        channel_id: &str,
        ts: &str,
        change: Change,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let now = write_ts(self.clock.tick());
        self.said.extend(change.text.clone());
        let channel = self.channel_mut(channel_id)?;
        let key = channel.message_key(ts)?;
        let before = channel.read_message(key).unwrap_or_default();
        if let Some(message) = channel.messages.get_mut(&key).and_then(Value::as_object_mut) {
            let fields = [
                ("text", change.text.map(Value::from)),
                ("blocks", change.blocks),
                ("attachments", change.attachments),
                ("metadata", change.metadata),
                ("files", change.files),
            ];
            for (name, value) in fields {
                if let Some(value) = value {
                    message.insert(name.into(), value);
                }
            }
            if change.broadcast && message.get("thread_ts").is_some_and(|root| *root != *ts) {
                message.insert("subtype".into(), "thread_broadcast".into());
            }
            if change.marked {
                let user = message.get("user").cloned().unwrap_or_default();
                message.insert("edited".into(), json!({ "user": user, "ts": now }));
            }
        }
        let after = channel.read_message(key).unwrap_or_default();
        let event = json!({
            "type": "message", "subtype": "message_changed", "hidden": true,
            "message": after, "previous_message": before,
            "channel": channel_id, "ts": now, "event_ts": now, "channel_type": channel.kind.channel_type(),
        });
        out.tell_channel(channel_id, event);
        Ok(())
    }

    /// Deletes a message and tells the apps. The first message of a thread with replies leaves a placeholder,
    /// which goes with the last reply.
    pub(crate) fn delete(&mut self, channel_id: &str, ts: &str, out: &mut Outbox) -> Result<(), ApiError> {
        let now = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        let key = channel.message_key(ts)?;
        let before = channel.read_message(key).unwrap_or_default();
        if before["subtype"] == "tombstone" {
            return Err("message_not_found".into());
        }
        channel.pins.retain(|pin| pin["message"]["ts"] != *ts);
        channel.deleted.push(ts.to_owned());
        let mut event = json!({
            "type": "message", "hidden": true, "previous_message": before,
            "channel": channel_id, "ts": now, "event_ts": now, "channel_type": channel.kind.channel_type(),
        });
        if channel.threads.get(&key).is_some_and(|replies| !replies.is_empty()) {
            let placeholder = json!({
                "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": true,
                "text": "This message was deleted.", "ts": ts,
            });
            channel.messages.insert(key, placeholder);
            event["subtype"] = "message_changed".into();
            event["message"] = channel.read_message(key).unwrap_or_default();
        } else {
            channel.remove(key);
            event["subtype"] = "message_deleted".into();
            event["deleted_ts"] = ts.into();
        }
        out.tell_channel(channel_id, event);
        for file in self.files.values_mut() {
            file.shares.retain(|share| share.channel_id != channel_id || share.ts != ts);
        }
        Ok(())
    }

    /// Puts something in the place of a message's file and tells the apps.
    pub(super) fn replace_file(
        &mut self,
        channel_id: &str,
        ts: &str,
        file: &Value,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let channel = self.channel(channel_id)?;
        let mut files = channel.messages[&channel.message_key(ts)?]["files"].clone();
        for old in files.as_array_mut().into_iter().flatten() {
            if old["id"] == file["id"] {
                *old = file.clone();
            }
        }
        self.edit(channel_id, ts, Change { files: Some(files), ..Change::default() }, out)
    }

    /// A line of bookkeeping in a channel, such as "has joined the channel".
    pub(crate) fn post_notice(
        &mut self,
        channel_id: &str,
        user_id: &str,
        subtype: &str,
        text: &str,
        more: Value,
        out: &mut Outbox,
    ) -> Result<String, ApiError> {
        let mut body = Map::new();
        body.insert("subtype".into(), subtype.into());
        body.insert("user".into(), user_id.into());
        body.insert("text".into(), text.into());
        if let Value::Object(more) = more {
            body.extend(more);
        }
        self.post(channel_id, body, out)
    }

    /// Whether a user may write into a channel.
    pub(crate) fn may_write(&self, channel_id: &str, user: &User) -> Result<(), ApiError> {
        let channel = self.channel(channel_id)?;
        if !channel.visible_to(&user.id) {
            return Err("channel_not_found".into());
        }
        if channel.archived {
            return Err("is_archived".into());
        }
        if !channel.members.contains(&user.id) {
            return Err("not_in_channel".into());
        }
        Ok(())
    }
}
