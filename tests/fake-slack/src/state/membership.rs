//! Who is in a channel, and what a channel is called: joins, leaves, topics, names, archiving.
use serde_json::{Value, json};

use super::channel::{Note, channel_name};
use super::{Kind, State};
use crate::clock::{now_seconds, write_ts};
use crate::error::ApiError;
use crate::event::Outbox;

impl State {
    /// A user joins a channel, by itself or invited. Joining twice changes nothing.
    pub(crate) fn join(
        &mut self,
        channel_id: &str,
        user_id: &str,
        inviter: Option<&str>,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        self.user(user_id)?;
        let team_id = self.team.id.clone();
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        if matches!(channel.kind, Kind::Im | Kind::Mpim) {
            return Err("method_not_supported_for_channel_type".into());
        }
        if !channel.members.insert(user_id.to_owned()) {
            return Ok(());
        }
        let private = channel.kind == Kind::Private;
        let mut event = json!({
            "type": "member_joined_channel", "user": user_id, "channel": channel_id,
            "channel_type": if private { "G" } else { "C" }, "team": team_id, "event_ts": event_ts,
        });
        let mut more = json!({});
        if let Some(inviter) = inviter {
            event["inviter"] = inviter.into();
            more["inviter"] = inviter.into();
        }
        out.tell_channel(channel_id, event);
        let (subtype, noun) = notice_words(private, "join");
        let text = format!("<@{user_id}> has joined the {noun}");
        self.post_notice(channel_id, user_id, &subtype, &text, more, out)?;
        Ok(())
    }

    /// A user leaves a channel or is removed from it.
    pub(crate) fn leave(
        &mut self,
        channel_id: &str,
        user_id: &str,
        actor_id: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let team_id = self.team.id.clone();
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        if channel.general {
            return Err("cant_leave_general".into());
        }
        if !channel.members.remove(user_id) {
            return Err("not_in_channel".into());
        }
        let private = channel.kind == Kind::Private;
        let left = json!({
            "type": "member_left_channel", "user": user_id, "channel": channel_id,
            "channel_type": if private { "G" } else { "C" }, "team": team_id, "event_ts": event_ts,
        });
        out.tell_channel(channel_id, left.clone());
        let app_id = self.apps.values().find(|app| app.bot_user_id == user_id).map(|app| app.id.clone());
        if let Some(app_id) = app_id {
            let kind = if private { "group_left" } else { "channel_left" };
            let later_ts = write_ts(self.clock.tick());
            let event = json!({
                "type": kind, "channel": channel_id, "actor_id": actor_id, "event_ts": later_ts,
            });
            // It is told twice of its own removal.
            out.tell_app(&app_id, left);
            out.tell_app(&app_id, event);
        }
        let (subtype, noun) = notice_words(private, "leave");
        let text = format!("<@{user_id}> has left the {noun}");
        self.post_notice(channel_id, user_id, &subtype, &text, json!({}), out)?;
        Ok(())
    }

    /// Sets the topic or the purpose; `which` is `topic` or `purpose`.
    pub(crate) fn set_note(
        &mut self,
        channel_id: &str,
        user_id: &str,
        which: &str,
        value: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        if value.chars().count() > 250 {
            return Err("too_long".into());
        }
        let channel = self.channel_mut(channel_id)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        let note = Note { value: value.to_owned(), creator: user_id.to_owned(), last_set: now_seconds() };
        if which == "topic" {
            channel.topic = note;
        } else {
            channel.purpose = note;
        }
        let (subtype, noun) = notice_words(channel.kind == Kind::Private, which);
        let text = match (value.is_empty(), which) {
            (true, _) => format!("<@{user_id}> cleared the {noun} {which}"),
            (false, "topic") => format!("<@{user_id}> set the {noun} topic: {value}"),
            (false, _) => format!("<@{user_id}> set the {noun} description: {value}"),
        };
        let more = json!({ which: value });
        self.post_notice(channel_id, user_id, &subtype, &text, more, out)?;
        Ok(())
    }

    /// Gives a channel another name.
    pub(crate) fn rename(
        &mut self,
        channel_id: &str,
        user_id: &str,
        name: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let name = channel_name(name)?;
        if self.channels.values().any(|channel| channel.name == name && channel.id != channel_id) {
            return Err("name_taken".into());
        }
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        let old_name = std::mem::replace(&mut channel.name, name.clone());
        channel.previous_names.insert(0, old_name.clone());
        let private = channel.kind == Kind::Private;
        let event = json!({
            "type": if private { "group_rename" } else { "channel_rename" },
            "channel": {
                "id": channel_id, "name": name, "name_normalized": name, "created": channel.created,
                "is_channel": true, "is_mpim": false,
            },
            "event_ts": event_ts,
        });
        tell_all(channel_id, private, event, out);
        let (subtype, noun) = notice_words(private, "name");
        let text = format!("<@{user_id}> has renamed the {noun} from \"{old_name}\" to \"{name}\"");
        let more = json!({ "old_name": old_name, "name": name });
        self.post_notice(channel_id, user_id, &subtype, &text, more, out)?;
        Ok(())
    }

    /// Archives a channel or takes it out of the archive.
    pub(crate) fn archive(
        &mut self,
        channel_id: &str,
        user_id: &str,
        archived: bool,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        if channel.general && archived {
            return Err("cant_archive_general".into());
        }
        if channel.archived == archived {
            return Err(if archived { "already_archived" } else { "not_archived" }.into());
        }
        channel.archived = archived;
        let private = channel.kind == Kind::Private;
        let family = if private { "group" } else { "channel" };
        let verb = if archived { "archive" } else { "unarchive" };
        let event = json!({
            "type": format!("{family}_{verb}"), "channel": channel_id, "user": user_id,
            "is_moved": 0, "event_ts": event_ts,
        });
        tell_all(channel_id, private, event, out);
        let (subtype, noun) = notice_words(private, verb);
        let text = format!("<@{user_id}> {verb}d the {noun}");
        self.post_notice(channel_id, user_id, &subtype, &text, json!({}), out)?;
        Ok(())
    }

    /// Deletes a channel with everything in it.
    pub(crate) fn delete_channel(
        &mut self,
        channel_id: &str,
        user_id: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let private = self.channel(channel_id)?.kind == Kind::Private;
        let kind = if private { "group_deleted" } else { "channel_deleted" };
        let event_ts = write_ts(self.clock.tick());
        let event = json!({ "type": kind, "channel": channel_id, "actor_id": user_id, "event_ts": event_ts });
        if private {
            for app in self.apps.values() {
                if self.channels[channel_id].members.contains(&app.bot_user_id) {
                    out.tell_app(&app.id, event.clone());
                }
            }
        } else {
            out.tell_team(event);
        }
        self.channels.remove(channel_id);
        Ok(())
    }
}

/// Public channels' news go to everybody, private ones' to their members.
fn tell_all(channel_id: &str, private: bool, event: Value, out: &mut Outbox) {
    if private {
        out.tell_channel(channel_id, event);
    } else {
        out.tell_team(event);
    }
}

/// The subtype of a bookkeeping line, and what it calls the channel.
fn notice_words(private: bool, verb: &str) -> (String, &'static str) {
    let family = if private { "group" } else { "channel" };
    (format!("{family}_{verb}"), "channel")
}
