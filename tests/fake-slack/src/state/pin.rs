//! Pinned messages.
use serde_json::{Value, json};

use super::State;
use crate::clock::{now_seconds, write_ts};
use crate::error::ApiError;
use crate::event::Outbox;

impl State {
    /// Pins a message and tells the apps.
    pub(crate) fn pin(
        &mut self,
        channel_id: &str,
        ts: &str,
        user_id: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let channel = self.channel_mut(channel_id)?;
        let key = channel.message_key(ts)?;
        if channel.pins.iter().any(|pin| pin["message"]["ts"] == *ts) {
            return Err("already_pinned".into());
        }
        if let Some(message) = channel.messages.get_mut(&key) {
            message["pinned_to"] = json!([channel_id]);
        }
        let item = json!({
            "type": "message", "channel": channel_id, "created": now_seconds(), "created_by": user_id,
            "message": channel.read_message(key),
        });
        channel.pins.insert(0, item.clone());
        self.tell_pin("pin_added", channel_id, user_id, &item, out)
    }

    /// Takes a pin away and tells the apps.
    pub(crate) fn unpin(
        &mut self,
        channel_id: &str,
        ts: &str,
        user_id: &str,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let channel = self.channel_mut(channel_id)?;
        let position = channel.pins.iter().position(|pin| pin["message"]["ts"] == *ts).ok_or("no_pin")?;
        let item = channel.pins.remove(position);
        let key = channel.message_key(ts)?;
        if let Some(message) = channel.messages.get_mut(&key).and_then(Value::as_object_mut) {
            message.remove("pinned_to");
        }
        self.tell_pin("pin_removed", channel_id, user_id, &item, out)
    }

    fn tell_pin(
        &mut self,
        kind: &str,
        channel_id: &str,
        user_id: &str,
        item: &Value,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let event_ts = write_ts(self.clock.tick());
        let pins_left = self.channel(channel_id)?.pins.len();
        let mut event = json!({
            "type": kind, "user": user_id, "channel_id": channel_id, "item": item,
            "item_user": item["message"]["user"], "pin_count": pins_left, "event_ts": event_ts,
        });
        if kind == "pin_removed" {
            event["has_pins"] = (pins_left > 0).into();
        }
        out.tell_channel(channel_id, event);
        Ok(())
    }
}
