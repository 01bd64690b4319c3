//! Tells clients, by an event about a message, whether it was delivered: `com.beeper.message_send_status`.
//!
//! The form is that of mautrix' bridges, which Beeper's clients and others show beside the message. Clients that do not know
//! it show nothing; the notice in words is sent besides.

use serde_json::{Value, json};

use super::Bridge;
use super::bridge::room_id;
use super::matrix::Incoming;
use crate::config::DeliveryEvents;
use crate::error::JobError;
use crate::matrix::{TxnKey, txn_id};
use crate::network::Network;
use crate::queue::{Closing, Job};

const KIND: &str = "com.beeper.message_send_status";

/// What became of a message from Matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became<'a> {
    /// It is on the remote network.
    Delivered,
    /// The network refused it, for a reason that the person can read.
    Refused(&'a str),
    /// The bridge could not handle it; the administrator can try again.
    Kept(&'a str),
}

impl<N: Network> Bridge<N> {
    /// Tells that a job's message is delivered, where each one's clients are to be told. One that became nothing there, such
    /// as a command, is no message of the network's.
    pub(crate) async fn tell_delivered(&self, job: &Job, closing: &Closing) {
        if self.delivery_events != DeliveryEvents::All || closing.pairs.is_empty() {
            return;
        }
        if let Ok(event) = Incoming::read(&job.payload) {
            self.tell_clients(job, &event, Became::Delivered).await;
        }
    }

    /// Tells it, once per job. A homeserver that refuses changes nothing else.
    pub(crate) async fn tell_clients(&self, job: &Job, event: &Incoming, became: Became<'_>) {
        if self.delivery_events == DeliveryEvents::None {
            return;
        }
        let told = async {
            let content = content(N::INFO.id, &event.event_id, became);
            let bot = self.app.bot();
            let (remote_id, revision) = (job.dedup.as_str(), job.id.to_string());
            let ghost = bot.user_id().as_str();
            let txn = txn_id(&TxnKey { kind: "delivery", remote_id, part: "", ghost, revision: &revision });
            bot.send(room_id(&event.room_id)?, KIND, &content, &txn, None).await?;
            Ok::<_, JobError>(())
        };
        if let Err(error) = told.await {
            tracing::debug!(job = job.id, %error, "clients could not be told what became of a message");
        }
    }
}

/// The event's content. A failure is permanent to the client: were it to offer a second try, that and the administrator's
/// would both arrive.
fn content(network: &str, event_id: &str, became: Became<'_>) -> Value {
    let mut content = json!({
        "m.relates_to": { "rel_type": "m.reference", "event_id": event_id },
        "network": network,
    });
    let (status, reason, message) = match became {
        Became::Delivered => ("SUCCESS", None, None),
        Became::Refused(why) => ("FAIL_PERMANENT", Some("m.foreign_network_error"), Some(why)),
        Became::Kept(why) => ("FAIL_PERMANENT", Some("m.event_not_handled"), Some(why)),
    };
    content["status"] = status.into();
    if let Some(reason) = reason {
        content["reason"] = reason.into();
    }
    if let Some(message) = message {
        content["message"] = message.into();
    }
    content
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Became, content};

    #[test]
    fn a_refusal_says_why_and_offers_no_second_try() {
        let about = json!({ "rel_type": "m.reference", "event_id": "$a" });
        assert_eq!(
            content("line", "$a", Became::Refused("The channel is archived.")),
            json!({
                "m.relates_to": about, "network": "line", "status": "FAIL_PERMANENT",
                "reason": "m.foreign_network_error", "message": "The channel is archived.",
            })
        );
        assert_eq!(content("line", "$a", Became::Kept("It is kept."))["reason"], "m.event_not_handled");
        let success = json!({ "m.relates_to": about, "network": "line", "status": "SUCCESS" });
        assert_eq!(content("line", "$a", Became::Delivered), success);
    }
}
