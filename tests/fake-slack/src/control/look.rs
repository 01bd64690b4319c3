//! Control verbs that look at what apps did.
use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::Arguments;
use crate::socket::DeliveryState;
use crate::workspace::Workspace;

/// `None` for a verb that is not written here.
pub(super) fn perform(slack: &Workspace, verb: &str, a: &Arguments) -> Option<Outcome> {
    let channel = a.text("channel").unwrap_or("general");
    Some(match verb {
        "info" => Ok(slack.describe()),
        "messages" => Ok(json!({ "messages": slack.messages(channel) })),
        "message" => Ok(json!({ "message": slack.message(channel, &a.ts("ts").unwrap_or_default()) })),
        "thread" => Ok(json!({ "messages": slack.thread(channel, &a.ts("ts").unwrap_or_default()) })),
        "snapshot" => slack.snapshot(channel),
        "files" => Ok(json!({ "files": slack.files() })),
        "downloads" => Ok(json!({ "downloads": slack.downloads() })),
        "slash_answers" => {
            let id = a.text("id").unwrap_or_default();
            Ok(json!({ "answers": slack.slash_answers(id), "state": slack.slash_state(id) }))
        }
        "ephemeral" => Ok(json!({ "messages": slack.ephemeral_messages() })),
        "channel" => {
            slack.channel(channel, a.text("user").unwrap_or("alice")).map(|found| json!({ "channel": found }))
        }
        "user" => slack.user(a.text("user").unwrap_or("alice")).map(|found| json!({ "user": found })),
        "calls" => {
            let mut calls = a.text("method").map_or_else(|| slack.calls(), |method| slack.calls_of(method));
            let from = a.number("since").unwrap_or(0);
            calls.retain(|call| call.called_at >= from);
            Ok(json!({ "calls": calls }))
        }
        "counts" => Ok(json!({ "counts": slack.call_counts() })),
        "clear_calls" => {
            slack.clear_calls();
            Ok(json!({}))
        }
        "acks" => Ok(json!({ "deliveries": slack.deliveries() })),
        "ack_counts" => Ok(json!({
            "waiting": slack.delivery_count(DeliveryState::Waiting),
            "acknowledged": slack.delivery_count(DeliveryState::Acknowledged),
            "lost": slack.delivery_count(DeliveryState::Lost),
        })),
        "sockets" => Ok(json!({ "sockets": slack.sockets() })),
        _ => return None,
    })
}

impl Workspace {
    /// Addresses, tokens and ids of the workspace: what the program prints when it is ready.
    pub fn describe(&self) -> Value {
        let app = self.app();
        json!({
            "api_url": self.api_url(),
            "web_url": self.web_url(),
            "control_url": format!("{}control/", self.web_url()),
            "team_id": self.team_id(),
            "app_id": app.app_id,
            "bot_user_id": app.bot_user_id,
            "bot_id": app.bot_id,
            "bot_token": app.bot_token,
            "app_token": app.app_token,
            "users": self.state().users.values().map(|u| (u.name.clone(), json!(u.id))).collect::<Value>(),
            "channels":
                self.state().channels.values().map(|c| (c.name.clone(), json!(c.id))).collect::<Value>(),
        })
    }
}
