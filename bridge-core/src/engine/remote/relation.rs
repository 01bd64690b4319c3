//! How a message stands to others: in a thread, as an answer.

use serde_json::{Value, json};

use super::super::Bridge;
use super::super::supervisor::Live;
use super::message::adopt;
use crate::content::Message;
use crate::error::{JobError, NetworkError};
use crate::event::{RemoteKind, Sender};
use crate::id::{ChatKey, PartId, RemoteMessageId};
use crate::network::{Network, Session};
use crate::store::message::MessageRow;

/// The end of the part ids of a thread's message where it is also shown outside of the thread.
const OUTSIDE: &str = "/outside";

/// The events that a message's events refer to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Relation {
    /// The first event of the thread.
    pub(super) thread: Option<String>,
    /// The event that is answered.
    pub(super) reply: Option<String>,
    /// Whether a thread's message is also shown outside of it.
    pub(super) broadcast: bool,
}

impl Relation {
    /// Puts the relation into a message's contents. What is also shown outside of its thread is there twice, the second
    /// time as an answer to the thread's beginning.
    pub(super) fn apply(&self, contents: Vec<(PartId, Value)>) -> Vec<(PartId, Value)> {
        let mut outside = Vec::new();
        let mut related = Vec::with_capacity(contents.len());
        for (index, (part, mut content)) in contents.into_iter().enumerate() {
            if self.broadcast
                && let Some(root) = &self.thread
            {
                let mut again = content.clone();
                // Whoever is mentioned is told once.
                again["m.mentions"] = json!({});
                if index == 0 {
                    again["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": root } });
                }
                outside.push((PartId::new(format!("{part}{OUTSIDE}")), again));
            }
            if let Some(relation) = self.content(index == 0) {
                content["m.relates_to"] = relation;
            }
            related.push((part, content));
        }
        related.extend(outside);
        related
    }

    /// An answer quotes once, a thread holds all parts.
    fn content(&self, is_first: bool) -> Option<Value> {
        let reply = self.reply.as_ref().filter(|_| is_first);
        match (&self.thread, reply) {
            (None, None) => None,
            (None, Some(reply)) => Some(json!({ "m.in_reply_to": { "event_id": reply } })),
            (Some(root), reply) => Some(json!({
                "rel_type": "m.thread",
                "event_id": root,
                // Programs without threads show an answer to this.
                "is_falling_back": reply.is_none(),
                "m.in_reply_to": { "event_id": reply.unwrap_or(root) },
            })),
        }
    }
}

impl<N: Network> Bridge<N> {
    /// What a message refers to. The beginning of a thread that was never shown is shown first; its pairs are given too.
    /// Where it cannot be had, the message stands by itself: better in the wrong place than not at all.
    pub(super) async fn relation(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        message: &Message,
    ) -> Result<(Relation, Vec<MessageRow>), JobError> {
        let mut relation = Relation { broadcast: message.broadcast, ..Relation::default() };
        let mut pairs = Vec::new();
        if let Some(root) = &message.thread_root {
            relation.thread = first_event(&self.store.message_pairs(root).await?);
            if relation.thread.is_none() {
                pairs = self.show_root(live, chat, root).await?;
                relation.thread = first_event(&pairs);
            }
        }
        if let Some(reply_to) = &message.reply_to {
            relation.reply = first_event(&self.store.message_pairs(reply_to).await?);
        }
        Ok((relation, pairs))
    }

    async fn show_root(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        root: &RemoteMessageId,
    ) -> Result<Vec<MessageRow>, JobError> {
        let event = match live.session.message(chat, root).await {
            Ok(Some(event)) => event,
            Err(
                error @ (NetworkError::Transient(_)
                | NetworkError::RateLimited(_)
                | NetworkError::BadCredentials(_)),
            ) => return Err(error.into()),
            Ok(None) | Err(_) => return Ok(Vec::new()),
        };
        let RemoteKind::Message { id, message } = &event.kind else { return Ok(Vec::new()) };
        if let Sender::Own { marker: Some(marker), .. } = &event.sender {
            return Ok(adopt(live.row.own_user_id.as_str(), chat, &event, id, message, marker).pairs);
        }
        if self.was_shown_before_loss(&live.session, chat, &event, id).await? {
            return Ok(Vec::new());
        }
        let place = self.place(live, &event, chat).await?;
        // A beginning has no beginning of its own, whatever the network says.
        self.show(live, &event, id, message, &place, &Relation::default()).await
    }
}

/// The event that stands for the whole message.
pub(super) fn first_event(pairs: &[MessageRow]) -> Option<String> {
    pairs.iter().find(|row| row.has_event()).map(|row| row.event_id.clone())
}

/// Whether a part is the second showing of a thread's message.
pub(super) fn is_outside(part: &PartId) -> bool {
    part.as_str().ends_with(OUTSIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> Vec<(PartId, Value)> {
        vec![(PartId::first(), json!({ "body": "a" })), (PartId::new("F1"), json!({ "body": "b" }))]
    }

    #[test]
    fn a_message_by_itself_has_no_relation() {
        assert_eq!(Relation::default().apply(contents()), contents());
    }

    #[test]
    fn an_answer_refers_once_and_a_thread_with_every_part() {
        let reply = Relation { reply: Some("$r".to_owned()), ..Relation::default() };
        let related = reply.apply(contents());
        assert_eq!(related[0].1["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$r" } }));
        assert_eq!(related[1].1.get("m.relates_to"), None);

        let thread = Relation { thread: Some("$t".to_owned()), ..reply };
        let related = thread.apply(contents());
        assert_eq!(related[0].1["m.relates_to"]["is_falling_back"], false);
        assert_eq!(related[0].1["m.relates_to"]["m.in_reply_to"]["event_id"], "$r");
        assert_eq!(related[1].1["m.relates_to"]["rel_type"], "m.thread");
        assert_eq!(related[1].1["m.relates_to"]["is_falling_back"], true);
    }

    #[test]
    fn what_is_also_sent_to_the_channel_is_there_twice() {
        let relation = Relation { thread: Some("$t".to_owned()), reply: None, broadcast: true };
        let related = relation.apply(contents());
        assert_eq!(related.len(), 4);
        assert!(is_outside(&related[2].0) && !is_outside(&related[1].0));
        assert_eq!(related[2].1["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$t" } }));
    }
}
