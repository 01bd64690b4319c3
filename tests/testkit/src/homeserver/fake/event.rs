//! A stored event, and its shapes for clients and for appservices.
use serde_json::{Value, json};

use super::profile::Profile;

/// An event to be added to a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) state_key: Option<String>,
    pub(crate) content: Value,
    pub(crate) at_ms: Option<u64>,
    pub(crate) txn: Option<Txn>,
}

impl Draft {
    pub(crate) fn state(sender: &str, kind: &str, state_key: &str, content: Value) -> Self {
        let (sender, kind, state_key) = (sender.to_owned(), kind.to_owned(), Some(state_key.to_owned()));
        Self { sender, kind, state_key, content, ..Self::default() }
    }
}

/// The transaction id an event was sent with, and by which device.
#[derive(Debug, Clone)]
pub(crate) struct Txn {
    pub(crate) txn_id: String,
    pub(crate) device_id: Option<String>,
}

/// An event in a room.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) event_id: String,
    pub(crate) room_id: String,
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) state_key: Option<String>,
    pub(crate) content: Value,
    pub(crate) at_ms: u64,
    pub(crate) position: u64,
    pub(crate) txn: Option<Txn>,
    pub(crate) prev_content: Option<Value>,
    /// The event that this state event took the place of, and its sender.
    pub(crate) replaces: Option<(String, String)>,
    /// Stripped state that goes with an invite.
    pub(crate) invite_state: Vec<Value>,
    pub(crate) redacted_because: Option<Value>,
}

impl Event {
    /// As a client gets it. The transaction id is shown to the device that sent it.
    pub(crate) fn for_client(&self, user_id: &str, device_id: Option<&str>) -> Value {
        let mut event = self.bare();
        let unsigned = &mut event["unsigned"];
        if let Some(txn) = &self.txn
            && self.sender == user_id
            && txn.device_id.as_deref() == device_id
        {
            unsigned["transaction_id"] = json!(txn.txn_id);
        }
        unsigned["age"] = json!(super::now_ms().saturating_sub(self.at_ms));
        self.tell_previous(unsigned);
        event
    }

    /// As an appservice gets it.
    pub(crate) fn for_appservice(&self, profile: &Profile) -> Value {
        let mut event = self.bare();
        let empty = event["unsigned"].as_object().is_none_or(serde_json::Map::is_empty);
        if self.kind == "m.room.redaction" && !profile.legacy_event_keys && empty && self.txn.is_none() {
            event.as_object_mut().unwrap().remove("unsigned");
            return event;
        }
        if let Some(txn) = &self.txn
            && profile.shows_txn_id_of_all
        {
            event["unsigned"]["transaction_id"] = json!(txn.txn_id);
        }
        if profile.legacy_event_keys {
            let age = json!(super::now_ms().saturating_sub(self.at_ms));
            event["age"] = age.clone();
            event["unsigned"]["age"] = age;
            self.tell_previous(&mut event["unsigned"]);
            self.add_legacy_keys(&mut event);
            if !self.invite_state.is_empty() {
                event["invite_room_state"] = json!(self.invite_state);
                event["unsigned"]["invite_room_state"] = json!(self.invite_state);
            }
        }
        event
    }

    /// The four keys that somebody outside the room may see.
    pub(crate) fn stripped(&self) -> Value {
        json!({ "type": self.kind, "state_key": self.state_key, "sender": self.sender, "content": self.content })
    }

    /// Copies to top level what the first version of the format had there.
    pub(crate) fn add_legacy_keys(&self, shown: &mut Value) {
        shown["user_id"] = json!(self.sender);
        if let (Some(prev), Some((replaces, _))) = (&self.prev_content, &self.replaces) {
            shown["prev_content"] = prev.clone();
            shown["replaces_state"] = json!(replaces);
        }
        if let Some(because) = &self.redacted_because {
            shown["redacted_because"] = because.clone();
            shown["unsigned"]["redacted_by"] = because["event_id"].clone();
        }
    }

    fn tell_previous(&self, unsigned: &mut Value) {
        if let (Some(prev), Some((replaces, sender))) = (&self.prev_content, &self.replaces) {
            unsigned["prev_content"] = prev.clone();
            unsigned["replaces_state"] = json!(replaces);
            unsigned["prev_sender"] = json!(sender);
        }
    }

    fn bare(&self) -> Value {
        let mut event = json!({
            "type": self.kind, "event_id": self.event_id, "room_id": self.room_id, "sender": self.sender,
            "content": self.content, "origin_server_ts": self.at_ms, "unsigned": {},
        });
        if let Some(state_key) = &self.state_key {
            event["state_key"] = json!(state_key);
        }
        if self.kind == "m.room.redaction"
            && let Some(target) = self.content.get("redacts")
        {
            event["redacts"] = target.clone();
        }
        if let Some(because) = &self.redacted_because {
            event["unsigned"]["redacted_because"] = because.clone();
        }
        event
    }

    /// Removes what a redaction removes.
    pub(crate) fn prune(&mut self, because: Value) {
        let keep: &[&str] = match self.kind.as_str() {
            "m.room.create" => return,
            "m.room.member" => &["membership", "join_authorised_via_users_server"],
            "m.room.join_rules" => &["join_rule", "allow"],
            "m.room.power_levels" => &[
                "ban",
                "events",
                "events_default",
                "invite",
                "kick",
                "redact",
                "state_default",
                "users",
                "users_default",
            ],
            "m.room.history_visibility" => &["history_visibility"],
            "m.room.redaction" => &["redacts"],
            _ => &[],
        };
        if let Some(content) = self.content.as_object_mut() {
            content.retain(|key, _| keep.contains(&key.as_str()));
        }
        self.redacted_because = Some(because);
    }
}
