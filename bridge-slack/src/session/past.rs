//! Reads what was said in a channel while no socket was open.

use bridge_core::error::NetworkError;
use bridge_core::event::RemoteKind;
use bridge_core::network::{Past, PastEdit, PastMessage, Stretch};
use serde_json::Value;

use super::chats;
use super::desk::message_ref;
use super::messages::payload;
use crate::api::Caller;
use crate::convert::{self, Own};
use crate::id;

/// A page, in Slack's order. A message that cannot be read is left out: it would be so, too, had it come over the socket.
pub(super) async fn page(
    caller: &Caller,
    team_id: &str,
    own: &Own,
    stretch: &Stretch<'_>,
    page: Option<&str>,
) -> Result<Past, NetworkError> {
    let channel = chats::slack_id(&stretch.chat.chat_id)?;
    let root = stretch.thread.map(message_ref).transpose()?.map(|root| root.ts);
    let oldest = format!("{}.000000", stretch.since.max(0) / 1_000);
    let thread = root.as_deref().map(|root| (root, oldest.as_str()));
    let reply = caller.past(&channel, thread, page.unwrap_or_default()).await;
    let reply = match reply {
        Err(error) if error.code() == Some("thread_not_found") => return Ok(Past::default()),
        reply => reply.map_err(|error| error.of_read("conversations.history"))?,
    };
    let messages = reply.messages.into_iter().filter_map(|message| read(team_id, &channel, own, message));
    let next = reply.response_metadata.next_cursor;
    let next = Some(next).filter(|next| !next.is_empty() && Some(next.as_str()) != page);
    Ok(Past { messages: messages.collect(), next })
}

/// A message of a page.
fn read(team_id: &str, channel: &str, own: &Own, mut message: Value) -> Option<PastMessage> {
    message.as_object()?;
    let at = |ts: &Value| ts.as_str().and_then(id::ts_ms);
    let answered_at = at(&message["latest_reply"]);
    let edit = at(&message["edited"]["ts"])
        .map(|at| PastEdit { revision: message["edited"]["ts"].as_str().unwrap_or_default().to_owned(), at });
    let is_tombstone = message["subtype"] == "tombstone";
    let ts = message["ts"].as_str().unwrap_or_default().to_owned();
    let event = match convert::decode(&payload(team_id, channel, &mut message), own) {
        Ok(mut event) => {
            if is_tombstone {
                event.kind = RemoteKind::Delete { id: id::message_id(team_id, channel, &ts)?, is_tombstone };
            }
            event
        }
        Err(error) => {
            tracing::warn!(%error, "a message that was said meanwhile cannot be read");
            return None;
        }
    };
    // Timestamps are of one length for the next 260 years.
    Some(PastMessage { event, position: ts, edit, answered_at })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use serde_json::json;

    use super::*;

    fn of(message: Value) -> PastMessage {
        read("T1", "C1", &Own::default(), message).unwrap()
    }

    #[test]
    fn a_message_tells_of_its_last_change_and_answer() {
        let past = of(json!({
            "ts": "1700000000.000100", "user": "U1", "text": "new words",
            "edited": { "user": "U1", "ts": "1700000060.000000" }, "latest_reply": "1700000090.000200",
            "reactions": [{ "name": "wave", "users": ["U2"], "count": 7 }],
        }));
        let edit = past.edit.unwrap();
        assert_eq!((edit.revision.as_str(), edit.at), ("1700000060.000000", 1_700_000_060_000));
        assert_eq!((past.event.at, past.answered_at), (1_700_000_000_000, Some(1_700_000_090_000)));
        let RemoteKind::Message { id, message } = past.event.kind else { panic!("no message") };
        assert_eq!(id.as_str(), "t1-c1-1700000000.000100");
        assert!(message.reactions[0].is_cut);
    }

    #[test]
    fn a_placeholder_is_a_deletion_and_nothing_unreadable_stops_the_others() {
        let past = of(json!({
            "ts": "1700000000.000100", "user": "USLACKBOT", "subtype": "tombstone", "hidden": true,
            "text": "This message was deleted.", "latest_reply": "1700000090.000200",
        }));
        assert!(matches!(past.event.kind, RemoteKind::Delete { is_tombstone: true, .. }));
        assert!(read("T1", "C1", &Own::default(), json!({ "text": "no ts" })).is_none());
        assert!(read("T1", "C1", &Own::default(), json!(7)).is_none());
    }
}
