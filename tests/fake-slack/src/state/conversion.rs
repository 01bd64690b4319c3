//! Channels that become something else: private, shared with another organisation, known by another id.
use serde_json::{Value, json};

use super::{Kind, State};
use crate::clock::write_ts;
use crate::error::ApiError;
use crate::event::Outbox;

impl State {
    /// A public channel becomes private, or the other way round.
    pub(crate) fn convert(
        &mut self,
        channel_id: &str,
        user_id: &str,
        private: bool,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let channel = self.channel_mut(channel_id)?;
        let (from, to) = if private { (Kind::Public, Kind::Private) } else { (Kind::Private, Kind::Public) };
        if channel.kind != from || channel.general {
            return Err("method_not_supported_for_channel_type".into());
        }
        channel.kind = to;
        let word = if private { "private" } else { "public" };
        let text = format!("made this channel *{word}*.");
        let subtype = format!("channel_convert_to_{word}");
        self.post_notice(channel_id, user_id, &subtype, &text, json!({}), out)?;
        Ok(())
    }

    /// A channel gets another id, as happens when its sharing begins or ends.
    pub(crate) fn change_channel_id(
        &mut self,
        old_id: &str,
        new_id: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        if self.channels.contains_key(new_id) {
            return Err("name_taken".into());
        }
        let event_ts = write_ts(self.clock.tick());
        let mut channel = self.channels.remove(old_id).ok_or("channel_not_found")?;
        new_id.clone_into(&mut channel.id);
        for pin in &mut channel.pins {
            pin["channel"] = new_id.into();
        }
        self.channels.insert(new_id.to_owned(), channel);
        for share in self.files.values_mut().flat_map(|file| &mut file.shares) {
            if share.channel_id == old_id {
                new_id.clone_into(&mut share.channel_id);
            }
        }
        out.tell_channel(
            new_id,
            json!({
                "type": "channel_id_changed", "old_channel_id": old_id, "new_channel_id": new_id,
                "event_ts": event_ts,
            }),
        );
        Ok(())
    }

    /// A channel is shared with another team, or with none.
    pub(crate) fn share_channel(
        &mut self,
        channel_id: &str,
        team_id: Option<&str>,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let event_ts = write_ts(self.clock.tick());
        let channel = self.channel_mut(channel_id)?;
        let before = std::mem::replace(&mut channel.shared_with, team_id.map(str::to_owned));
        let event = match (team_id, before) {
            (Some(team_id), _) => json!({
                "type": "channel_shared", "connected_team_id": team_id, "channel": channel_id,
                "event_ts": event_ts,
            }),
            (None, Some(before)) => json!({
                "type": "channel_unshared", "previously_connected_team_id": before, "channel": channel_id,
                "is_ext_shared": false, "event_ts": event_ts,
            }),
            (None, None) => return Ok(()),
        };
        out.tell_channel(channel_id, event);
        Ok(())
    }

    /// Changes the custom emoji and tells the apps what the event says.
    pub(crate) fn change_emoji(
        &mut self,
        change: impl FnOnce(&mut std::collections::BTreeMap<String, String>),
        mut event: Value,
        out: &mut Outbox,
    ) {
        change(&mut self.emoji);
        event["type"] = "emoji_changed".into();
        event["event_ts"] = write_ts(self.clock.tick()).into();
        out.tell_team(event);
    }
}
