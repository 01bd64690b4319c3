//! An event as a person's client receives it.
use serde_json::Value;

/// A room event.
#[derive(Debug, Clone)]
pub struct Event {
    /// `$…`, empty for stripped state.
    pub event_id: String,
    /// `!…`.
    pub room_id: String,
    /// Its type, such as `m.room.message`.
    pub kind: String,
    /// Who sent it.
    pub sender: String,
    /// Set for state events.
    pub state_key: Option<String>,
    /// Its content.
    pub content: Value,
    /// `origin_server_ts`, milliseconds since 1970.
    pub at_ms: u64,
    /// The event as it came.
    pub json: Value,
}

impl Event {
    pub(crate) fn read(room_id: &str, json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        Self {
            event_id: text("event_id"),
            room_id: room_id.to_owned(),
            kind: text("type"),
            sender: text("sender"),
            state_key: json["state_key"].as_str().map(str::to_owned),
            content: json["content"].clone(),
            at_ms: json["origin_server_ts"].as_u64().unwrap_or(0),
            json: json.clone(),
        }
    }

    /// The text of a message, empty if it has none.
    pub fn body(&self) -> &str {
        self.content["body"].as_str().unwrap_or_default()
    }

    /// The event that this one edits, with `m.replace`.
    pub fn replaces(&self) -> Option<&str> {
        self.related("m.replace")
    }

    /// The root of the thread that this event is in.
    pub fn thread(&self) -> Option<&str> {
        self.related("m.thread")
    }

    /// The event that this one replies to. In a thread that is not a real reply but for old clients.
    pub fn reply_to(&self) -> Option<&str> {
        self.content["m.relates_to"]["m.in_reply_to"]["event_id"].as_str()
    }

    /// The event and key of a reaction.
    pub fn reaction(&self) -> Option<(&str, &str)> {
        Some((self.related("m.annotation")?, self.content["m.relates_to"]["key"].as_str()?))
    }

    /// The event that a redaction removes, wherever the room version puts it.
    pub fn redacts(&self) -> Option<&str> {
        self.json["redacts"].as_str().or_else(|| self.content["redacts"].as_str())
    }

    /// Whether this event was removed when it was received.
    pub fn is_redacted(&self) -> bool {
        !self.json["unsigned"]["redacted_because"].is_null()
    }

    /// Its membership, for member events.
    pub fn membership(&self) -> Option<&str> {
        (self.kind == "m.room.member").then(|| self.content["membership"].as_str()).flatten()
    }

    fn related(&self, rel_type: &str) -> Option<&str> {
        let relation = &self.content["m.relates_to"];
        (relation["rel_type"] == rel_type).then(|| relation["event_id"].as_str()).flatten()
    }

    /// One line for failure texts.
    pub(crate) fn summary(&self) -> String {
        let state_key = self.state_key.as_ref().map(|key| format!(" [{key}]")).unwrap_or_default();
        let content: String = self.content.to_string().chars().take(160).collect();
        format!("{} {}{state_key} from {}: {content}", self.event_id, self.kind, self.sender)
    }
}
