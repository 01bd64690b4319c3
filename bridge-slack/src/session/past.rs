//! Reads what was said in a channel while no socket was open.

use bridge_core::error::NetworkError;
use bridge_core::event::RemoteKind;
use bridge_core::network::{Past, PastEdit, PastMessage, Stretch, Unreadable};
use serde_json::Value;

use super::chats;
use super::desk::{Desk, message_ref};
use super::messages::payload;
use crate::convert::{self, Own};
use crate::id;

/// A page, in Slack's order.
pub(super) async fn page(
    desk: &Desk,
    stretch: &Stretch<'_>,
    page: Option<&str>,
) -> Result<Past, NetworkError> {
    let channel = chats::slack_id(&stretch.chat.chat_id)?;
    let root = stretch.thread.map(message_ref).transpose()?.map(|root| root.ts);
    let oldest = format!("{}.000000", stretch.since.max(0) / 1_000);
    let thread = root.as_deref().map(|root| (root, oldest.as_str()));
    let reply = desk.bot.past(&channel, thread, page.unwrap_or_default()).await;
    let reply = match reply {
        Err(error) if error.code() == Some("thread_not_found") => return Ok(Past::default()),
        reply => reply.map_err(|error| error.of_read("conversations.history"))?,
    };
    let next = reply.response_metadata.next_cursor;
    let next = Some(next).filter(|next| !next.is_empty() && Some(next.as_str()) != page);
    let mut past = Past { next, ..Past::default() };
    for mut message in reply.messages {
        match read(&desk.team_id, &channel, &desk.own, &mut message) {
            Ok(mut read) => {
                desk.mark_upload(&mut read.event, &message).await?;
                past.messages.push(read);
            }
            Err(unreadable) => past.unreadable.push(unreadable),
        }
    }
    Ok(past)
}

/// A message of a page.
fn read(team_id: &str, channel: &str, own: &Own, message: &mut Value) -> Result<PastMessage, Unreadable> {
    if !message.is_object() {
        return Err(Unreadable { payload: message.to_string(), at: None });
    }
    let at = |ts: &Value| ts.as_str().and_then(id::ts_ms);
    let answered_at = at(&message["latest_reply"]);
    let answers = message["reply_count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let said_at = at(&message["ts"]);
    let edit = at(&message["edited"]["ts"])
        .map(|at| PastEdit { revision: message["edited"]["ts"].as_str().unwrap_or_default().to_owned(), at });
    let is_tombstone = message["subtype"] == "tombstone";
    let ts = message["ts"].as_str().unwrap_or_default().to_owned();
    let payload = payload(team_id, channel, message);
    let event = match (convert::decode(&payload, own), id::message_id(team_id, channel, &ts)) {
        (Ok(mut event), Some(id)) if is_tombstone => {
            event.kind = RemoteKind::Delete { id, is_tombstone };
            event
        }
        (Ok(event), Some(_)) => event,
        _ => return Err(Unreadable { payload, at: said_at }),
    };
    // Timestamps are of one length for the next 260 years.
    Ok(PastMessage { event, position: ts, edit, answered_at, answers })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use serde_json::json;

    use super::*;

    fn of(mut message: Value) -> PastMessage {
        read("T1", "C1", &Own::default(), &mut message).unwrap()
    }

    #[test]
    fn a_message_tells_of_its_last_change_and_answer() {
        let past = of(json!({
            "ts": "1700000000.000100", "user": "U1", "text": "new words",
            "edited": { "user": "U1", "ts": "1700000060.000000" }, "latest_reply": "1700000090.000200", "reply_count": 3,
            "reactions": [{ "name": "wave", "users": ["U2"], "count": 7 }],
        }));
        let edit = past.edit.unwrap();
        assert_eq!((edit.revision.as_str(), edit.at), ("1700000060.000000", 1_700_000_060_000));
        assert_eq!((past.event.at, past.answered_at), (1_700_000_000_000, Some(1_700_000_090_000)));
        assert_eq!(past.answers, 3);
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
        let unreadable = |mut message| read("T1", "C1", &Own::default(), &mut message).unwrap_err();
        let kept = unreadable(json!({ "text": "no ts" }));
        assert!(kept.payload.contains("no ts") && kept.at.is_none());
        assert_eq!(unreadable(json!(7)).payload, "7");
    }
}
