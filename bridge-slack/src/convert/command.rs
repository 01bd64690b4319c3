//! Reads the payload of a `slash_commands` envelope.

use bridge_core::event::{RemoteEvent, RemoteKind, Scope, Sender};
use bridge_core::id::{ChatKey, DedupKey};
use serde::Deserialize;

use super::scope::content_key;
use super::wire::text;
use crate::id;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "text")]
    command: String,
    #[serde(rename = "text", deserialize_with = "text")]
    line: String,
    #[serde(deserialize_with = "text")]
    response_url: String,
    #[serde(deserialize_with = "text")]
    team_id: String,
    #[serde(deserialize_with = "text")]
    channel_id: String,
    #[serde(deserialize_with = "text")]
    user_id: String,
}

impl Payload {
    fn read(payload: &str) -> Option<Self> {
        super::wire::read::<Self>(payload).filter(|it| it.command.starts_with('/'))
    }

    fn scope(&self) -> Scope {
        match id::chat_id(&self.team_id, &self.channel_id) {
            Some(chat) => Scope::Chat(ChatKey::shared(chat)),
            None => Scope::Network,
        }
    }
}

/// The lane and the key of a command. Never fails.
pub fn scope_and_dedup(payload: &str) -> (Scope, DedupKey) {
    let scope = Payload::read(payload).map_or(Scope::Network, |command| command.scope());
    // Each use has a trigger of its own in it, and no other id.
    (scope, content_key(payload))
}

/// Reads a command; none for a payload that is something else.
pub(super) fn read(payload: &str) -> Option<RemoteEvent> {
    let command = Payload::read(payload)?;
    let (scope, dedup) = (command.scope(), content_key(payload));
    let sender = id::user_id(&command.team_id, &command.user_id).map_or(Sender::Network, Sender::user);
    let kind = match &scope {
        Scope::Chat(_) => {
            RemoteKind::Command { line: command.line.trim().to_owned(), answer_to: command.response_url }
        }
        _ => RemoteKind::Other("slash_command".to_owned()),
    };
    Some(RemoteEvent::new(scope, sender, 0, dedup, kind))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::convert::{Own, decode};

    const PAYLOAD: &str = r#"{"token":"t","team_id":"T1","channel_id":"C1","user_id":"U1","command":"/matrix",
        "text":" invite @ada:hs ","response_url":"https://hooks.slack.com/commands/T1/1/x","trigger_id":"1.2.3"}"#;

    #[test]
    fn a_command_is_a_question_in_its_channel() {
        let event = decode(PAYLOAD, &Own::default()).unwrap();
        assert_eq!((event.scope.clone(), event.dedup.clone()), scope_and_dedup(PAYLOAD));
        assert!(matches!(&event.scope, Scope::Chat(chat) if chat.chat_id.as_str() == "t1-c1"));
        assert_eq!(event.sender.user_id().unwrap().as_str(), "t1-u1");
        let RemoteKind::Command { line, answer_to } = event.kind else { panic!("{:?}", event.kind) };
        assert_eq!((&*line, &*answer_to), ("invite @ada:hs", "https://hooks.slack.com/commands/T1/1/x"));
    }

    #[test]
    fn a_second_use_is_another_one() {
        let again = PAYLOAD.replace("1.2.3", "1.2.4");
        assert_ne!(scope_and_dedup(PAYLOAD).1, scope_and_dedup(&again).1);
        assert!(read("{}").is_none() && read("[").is_none());
        let nowhere = read(r#"{"command":"/matrix"}"#).unwrap();
        assert_eq!(nowhere.kind, RemoteKind::Other("slash_command".to_owned()));
    }
}
