//! What a plugin is told of: an event of a room, or a timer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::descriptor::Kind;

/// What commands begin with.
const PREFIX: char = '!';
/// How far an event's own time is believed before that of its arrival: a clock elsewhere may be wrong.
const BELIEVED_MS: i64 = 24 * 3_600_000;

/// An event of a room, as the homeserver sent it. What it lacks is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Its id.
    #[serde(rename = "event_id")]
    pub id: String,
    /// Where it happened.
    pub room_id: String,
    /// Who did it.
    pub sender: String,
    /// Its type, such as `m.room.message`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Whom or what it is about, for state.
    pub state_key: Option<String>,
    /// When, by the sender's homeserver, in milliseconds since 1970.
    pub origin_server_ts: i64,
    /// What it says.
    pub content: Value,
    /// What it takes back, in the rooms that say so here.
    pub redacts: Option<String>,
    /// When the host accepted it, in milliseconds since 1970. The same at each try.
    #[serde(skip_serializing)]
    pub accepted_at: i64,
}

/// Something that a plugin wanted to be told at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timer {
    /// Its name within the instance: setting another one of this name takes its place.
    pub name: String,
    /// The room in whose order it comes; empty for none.
    pub room_id: String,
    /// When, in milliseconds since 1970.
    pub due_at: i64,
    /// The plugin's own words.
    pub payload: String,
}

impl Event {
    /// What it is to a bot. Never [`Kind::Command`]: that depends on the plugin.
    pub fn kind(&self) -> Kind {
        match self.event_type.as_str() {
            "m.room.message" if self.relation("rel_type") == "m.replace" => Kind::Edit,
            "m.room.message" if self.text("msgtype") == "m.notice" => Kind::Notice,
            "m.room.message" => Kind::Message,
            "m.reaction" => Kind::Reaction,
            "m.room.redaction" => Kind::Redaction,
            "m.room.member" => Kind::Member,
            _ => Kind::Other,
        }
    }

    /// A text of the content; empty if there is none.
    pub fn text(&self, key: &str) -> &str {
        self.content.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// What was said, without the lines of an earlier message that older clients put in front of an answer.
    pub fn body(&self) -> &str {
        let body = self.text("body");
        if self.reply_to().is_none() || !body.starts_with("> ") {
            return body;
        }
        let mut rest = body;
        while let Some((line, behind)) = rest.split_once('\n') {
            if !line.starts_with('>') {
                // The lines end with an empty one.
                return if line.is_empty() { behind } else { rest };
            }
            rest = behind;
        }
        if rest.starts_with('>') { "" } else { rest }
    }

    /// The command and what stands behind it: `!remind 10m tea` gives `remind` and `10m tea`.
    pub fn command(&self) -> Option<(&str, &str)> {
        let rest = self.body().trim().strip_prefix(PREFIX)?;
        let (name, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        (!name.is_empty()).then_some((name, words.trim()))
    }

    /// What stands behind this command; `None` if it is another one or none.
    pub fn asks(&self, command: &str) -> Option<&str> {
        self.command().filter(|(name, _)| name.eq_ignore_ascii_case(command)).map(|(_, words)| words)
    }

    /// The event that this one answers.
    pub fn reply_to(&self) -> Option<&str> {
        self.content.get("m.relates_to")?.get("m.in_reply_to")?.get("event_id")?.as_str()
    }

    /// The first event of the thread that this one is in.
    pub fn thread(&self) -> Option<&str> {
        (self.relation("rel_type") == "m.thread").then(|| self.relation("event_id"))
    }

    /// When it happened, in milliseconds since 1970: by its sender's homeserver, unless that is hardly true. The same at each
    /// try.
    pub fn happened_at(&self) -> i64 {
        let believed = self.accepted_at - BELIEVED_MS..=self.accepted_at;
        if believed.contains(&self.origin_server_ts) { self.origin_server_ts } else { self.accepted_at }
    }

    fn relation(&self, key: &str) -> &str {
        let relation = self.content.get("m.relates_to").and_then(|relation| relation.get(key));
        relation.and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(content: Value) -> Event {
        Event { event_type: "m.room.message".to_owned(), content, ..Event::default() }
    }

    #[test]
    fn commands_are_read_with_what_stands_behind() {
        for (body, expected) in [
            ("!remind 10m tea time", Some(("remind", "10m tea time"))),
            ("  !ping\n", Some(("ping", ""))),
            ("!echo \n two\nlines", Some(("echo", "two\nlines"))),
            ("ping", None),
            ("!", None),
            ("! ping", None),
            ("say !ping", None),
        ] {
            assert_eq!(said(json!({ "body": body })).command(), expected, "{body:?}");
        }
        assert_eq!(said(json!({ "body": "!PING x" })).asks("ping"), Some("x"));
        assert_eq!(said(json!({ "body": "!pinged" })).asks("ping"), None);
        assert_eq!(said(json!({ "body": 5 })).command(), None);
    }

    #[test]
    fn the_fallback_of_an_answer_is_no_part_of_it() {
        let answer = |body: &str| {
            said(json!({ "body": body, "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } } }))
        };
        assert_eq!(answer("> <@a:hs> !ping\n> more\n\n!pong").body(), "!pong");
        assert_eq!(answer("> <@a:hs> !ping").body(), "");
        assert_eq!(answer("> quoted\nand said").body(), "and said");
        assert_eq!(answer("plain").body(), "plain");
        assert_eq!(said(json!({ "body": "> a quote\n\nx" })).body(), "> a quote\n\nx");
    }

    #[test]
    fn each_event_has_its_kind() {
        for (event_type, content, kind) in [
            ("m.room.message", json!({ "msgtype": "m.text" }), Kind::Message),
            ("m.room.message", json!({ "msgtype": "m.notice" }), Kind::Notice),
            (
                "m.room.message",
                json!({ "msgtype": "m.notice", "m.relates_to": { "rel_type": "m.replace" } }),
                Kind::Edit,
            ),
            ("m.reaction", json!({}), Kind::Reaction),
            ("m.room.redaction", json!({}), Kind::Redaction),
            ("m.room.member", json!({}), Kind::Member),
            ("m.sticker", json!([]), Kind::Other),
        ] {
            let event = Event { event_type: event_type.to_owned(), content, ..Event::default() };
            assert_eq!(event.kind(), kind, "{event_type}");
        }
    }

    #[test]
    fn a_clock_elsewhere_is_believed_within_reason() {
        let at =
            |origin_server_ts| Event { origin_server_ts, accepted_at: 10 * BELIEVED_MS, ..Event::default() };
        assert_eq!(at(10 * BELIEVED_MS - 5).happened_at(), 10 * BELIEVED_MS - 5);
        for odd in [0, 8 * BELIEVED_MS, 10 * BELIEVED_MS + 1, i64::MAX, i64::MIN] {
            assert_eq!(at(odd).happened_at(), 10 * BELIEVED_MS, "{odd}");
        }
    }
}
