//! Acting as the people of the workspace: writing, editing, reacting, coming and going.
mod crowd;
mod files;
mod places;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use files::{NewFile, Upload, Uploaded};

use crate::error::ApiError;
use crate::event::Outbox;
use crate::state::{Change, State, human_message};
use crate::text;
use crate::workspace::Workspace;

impl Workspace {
    /// A person writes a message; `text` is what they type. Answers the message's `ts`.
    ///
    /// References may be written as Slack writes them: `<@U0BOB00001>`, `<#C0GENERAL1>`, `<!here>`,
    /// `<https://…|label>`. Everything else is escaped as Slack's own clients do it.
    pub fn post_as(&self, user: &str, channel: &str, text: &str) -> Result<String, ApiError> {
        self.post_with(user, channel, text, Value::Null)
    }

    /// A person answers in a thread.
    pub fn reply_as(
        &self,
        user: &str,
        channel: &str,
        thread_ts: &str,
        text: &str,
    ) -> Result<String, ApiError> {
        self.post_with(user, channel, text, serde_json::json!({ "thread_ts": thread_ts }))
    }

    /// A person answers in a thread and also sends the answer to the channel.
    pub fn broadcast_as(
        &self,
        user: &str,
        channel: &str,
        thread_ts: &str,
        text: &str,
    ) -> Result<String, ApiError> {
        let more = serde_json::json!({ "thread_ts": thread_ts, "subtype": "thread_broadcast" });
        self.post_with(user, channel, text, more)
    }

    /// A person writes a message with more fields, or with others in place of the usual ones (`blocks`,
    /// `thread_ts`, `subtype`, `attachments`, …); a field given as null is left out of the message.
    pub fn post_with(&self, user: &str, channel: &str, text: &str, more: Value) -> Result<String, ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = writer(state, user, channel)?;
            state.may_post(&channel_id, state.user(&user_id)?, more["thread_ts"].is_string())?;
            let mut body = human_message(state, &user_id, text);
            if let Value::Object(more) = more {
                body.extend(more);
            }
            body.retain(|_, value| !value.is_null());
            state.post(&channel_id, body, out)
        })
    }

    /// A message with exactly these fields, beside `type`, `user` and `ts`. Answers its `ts`.
    pub fn post_raw(&self, user: &str, channel: &str, message: Value) -> Result<String, ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = writer(state, user, channel)?;
            state.may_post(&channel_id, state.user(&user_id)?, message["thread_ts"].is_string())?;
            let mut body = Map::new();
            body.insert("user".into(), user_id.into());
            if let Value::Object(message) = message {
                body.extend(message);
            }
            body.retain(|_, value| !value.is_null());
            state.post(&channel_id, body, out)
        })
    }

    /// Sends any event to every app, as it is. It changes nothing in the workspace.
    pub fn send_event(&self, event: &Value) {
        self.change(|state, out| {
            let apps: Vec<String> = state.apps.keys().cloned().collect();
            for app_id in apps {
                out.tell_app(&app_id, event.clone());
            }
        });
    }

    /// Whoever wrote a message edits it.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            let wire = text::typed(text);
            let blocks = text::rich_text(&wire, state.clock.tick());
            let change = Change { text: Some(wire), blocks: Some(blocks), marked: true, ..Change::default() };
            state.edit(&channel_id, ts, change, out)
        })
    }

    /// Whoever answered in a thread also sends the answer to the channel, later: `message_changed` without an edit.
    pub fn broadcast_later(&self, channel: &str, ts: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            state.edit(&channel_id, ts, Change { broadcast: true, ..Change::default() }, out)
        })
    }

    /// A link preview appears under a message: `message_changed` without an edit.
    pub fn unfurl(&self, channel: &str, ts: &str, attachment: Value) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            let change = Change { attachments: Some(Value::Array(vec![attachment])), ..Change::default() };
            state.edit(&channel_id, ts, change, out)
        })
    }

    /// A message is deleted.
    pub fn delete(&self, channel: &str, ts: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            state.delete(&channel_id, ts, out)
        })
    }

    /// A person reacts; `name` without colons, for example `tada` or `wave::skin-tone-3`.
    pub fn react_as(&self, user: &str, channel: &str, ts: &str, name: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            state.react(&channel_id, ts, &user_id, name, out)
        })
    }

    /// A person takes a reaction back.
    pub fn unreact_as(&self, user: &str, channel: &str, ts: &str, name: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            state.unreact(&channel_id, ts, &user_id, name, out)
        })
    }

    /// A person pins a message.
    pub fn pin_as(&self, user: &str, channel: &str, ts: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            state.pin(&channel_id, ts, &user_id, out)
        })
    }

    /// A person takes a pin off.
    pub fn unpin_as(&self, user: &str, channel: &str, ts: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.unpin(channel_id, ts, user_id, out)
        })
    }

    /// A person makes a channel and is its first member. Answers its id.
    pub fn create_channel(&self, user: &str, name: &str, private: bool) -> Result<String, ApiError> {
        self.change(|state, out| {
            let user_id = state.user_id(user)?;
            state.create_channel(&user_id, name, private, out)
        })
    }

    /// Finds or makes the direct (two) or group (more) conversation of these users. Answers its id.
    pub fn open_conversation(&self, users: &[&str]) -> Result<String, ApiError> {
        self.change(|state, _| {
            let ids: Result<BTreeSet<String>, ApiError> =
                users.iter().map(|user| state.user_id(user)).collect();
            Ok(state.open_conversation(&ids?).0)
        })
    }

    /// Finds or makes the direct conversation of a person with the default app's bot. Answers its id.
    pub fn dm(&self, user: &str) -> Result<String, ApiError> {
        let bot = self.app().bot_user_id;
        self.open_conversation(&[user, &bot])
    }

    /// A user joins a channel.
    pub fn join(&self, user: &str, channel: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.join(channel_id, user_id, None, out)
        })
    }

    /// A user is invited into a channel by another.
    pub fn invite(&self, inviter: &str, user: &str, channel: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            let inviter = state.user_id(inviter)?;
            state.join(channel_id, user_id, Some(&inviter), out)
        })
    }

    /// A user leaves a channel.
    pub fn leave(&self, user: &str, channel: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.leave(channel_id, user_id, user_id, out)
        })
    }

    /// A user is removed from a channel by another.
    pub fn kick(&self, actor: &str, user: &str, channel: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            let actor = state.user_id(actor)?;
            state.leave(channel_id, user_id, &actor, out)
        })
    }

    /// A person sets the topic.
    pub fn set_topic(&self, user: &str, channel: &str, topic: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.set_note(channel_id, user_id, "topic", topic, out)
        })
    }

    /// A person sets the purpose, which people see as the description.
    pub fn set_purpose(&self, user: &str, channel: &str, purpose: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.set_note(channel_id, user_id, "purpose", purpose, out)
        })
    }

    /// A person renames a channel.
    pub fn rename(&self, user: &str, channel: &str, name: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.rename(channel_id, user_id, name, out)
        })
    }

    /// A person archives a channel, or takes it out of the archive.
    pub fn archive(&self, user: &str, channel: &str, archived: bool) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.archive(channel_id, user_id, archived, out)
        })
    }

    /// A person deletes a channel.
    pub fn delete_channel(&self, user: &str, channel: &str) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.delete_channel(channel_id, user_id, out)
        })
    }

    /// Somebody new joins the workspace. Answers the id.
    pub fn add_user(&self, name: &str, real_name: &str) -> String {
        self.change(|state, out| state.add_user(name, real_name, out))
    }

    /// Changes a user's `name`, `real_name`, `display_name`, `title`, `email`, `tz`, `avatar_hash`, `status_text`,
    /// `status_emoji`, `status_expiration`, `presence`, `deleted`, `hidden` or `is_admin`, whichever are given, and sends
    /// `user_change`.
    pub fn change_user(&self, user: &str, change: &Value) -> Result<(), ApiError> {
        self.change(|state, out| {
            let user_id = state.user_id(user)?;
            state.change_user(&user_id, change, out)
        })
    }

    fn manage(
        &self,
        user: &str,
        channel: &str,
        act: impl FnOnce(&mut State, &str, &str, &mut Outbox) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.change(|state, out| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            act(state, &user_id, &channel_id, out)
        })
    }
}

/// The ids of a user and of a channel that this user may write in.
fn writer(state: &State, user: &str, channel: &str) -> Result<(String, String), ApiError> {
    let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
    state.may_write(&channel_id, state.user(&user_id)?)?;
    Ok((user_id, channel_id))
}
