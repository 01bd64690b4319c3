//! Changes a channel itself: its name, its topic, what is pinned in it, who is in it.

use bridge_core::error::NetworkError;
use bridge_core::event::MatrixEvent;
use bridge_core::id::{RemoteMessageId, RemoteUserId};
use bridge_core::network::SentPart;
use serde_json::{Value, json};

use super::chats::{channel_info, slack_id};
use super::desk::{Desk, message_ref};
use crate::api::reply::{Channel, Done};
use crate::convert::topic;
use crate::id;

impl Desk {
    pub(super) async fn rename(
        &self,
        event: &MatrixEvent,
        name: Option<&str>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let Some(name) = name.map(channel_name).filter(|name| !name.is_empty()) else {
            return Err(NetworkError::Rejected("A Slack channel cannot be without a name.".to_owned()));
        };
        let channel = slack_id(&event.chat.chat_id)?;
        if self.stands(&channel, |now| now.name.as_deref() == Some(&name)).await? {
            return Ok(Vec::new());
        }
        let body = json!({ "channel": channel, "name": name });
        self.change("conversations.rename", &body, &[]).await
    }

    pub(super) async fn set_topic(
        &self,
        event: &MatrixEvent,
        topic: Option<&str>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let topic = topic.unwrap_or_default();
        let channel = slack_id(&event.chat.chat_id)?;
        // Slack says in the channel that somebody set the topic, each time, so a repeat looks first.
        if self.stands(&channel, |now| topic::read(&now.topic.value) == topic).await? {
            return Ok(Vec::new());
        }
        let body = json!({ "channel": channel, "topic": topic });
        self.change("conversations.setTopic", &body, &[]).await
    }

    pub(super) async fn set_pin(
        &self,
        message: &RemoteMessageId,
        is_pinned: bool,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let message = message_ref(message)?;
        let body = json!({ "channel": message.channel_id, "timestamp": message.ts });
        if is_pinned {
            self.change("pins.add", &body, &["already_pinned"]).await
        } else {
            self.change("pins.remove", &body, &["no_pin", "not_pinned", "message_not_found"]).await
        }
    }

    pub(super) async fn set_member(
        &self,
        event: &MatrixEvent,
        user_id: &RemoteUserId,
        is_in: bool,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let Some(user) = id::parse_user_id(user_id) else {
            return Err(NetworkError::Rejected(
                "This is no account on Slack, so it cannot be in a channel.".to_owned(),
            ));
        };
        let channel = slack_id(&event.chat.chat_id)?;
        if is_in {
            let body = json!({ "channel": channel, "users": user.id });
            self.change("conversations.invite", &body, &["already_in_channel"]).await
        } else {
            let body = json!({ "channel": channel, "user": user.id });
            self.change("conversations.kick", &body, &["not_in_channel"]).await
        }
    }

    /// Whether a channel is so already. One that Slack does not describe is taken for not.
    async fn stands(&self, channel: &str, is_so: impl Fn(&Channel) -> bool) -> Result<bool, NetworkError> {
        match channel_info(&self.bot, channel).await {
            Ok(now) => Ok(is_so(&now)),
            Err(NetworkError::Rejected(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a change that may be made twice; `so_already` are the refusals that say that it was, or need not be.
    async fn change(
        &self,
        method: &'static str,
        body: &Value,
        so_already: &[&str],
    ) -> Result<Vec<SentPart>, NetworkError> {
        let reply: Result<Done, _> = self.bot.post(method, None, body).await;
        match reply {
            Err(error) if error.code().is_some_and(|code| so_already.contains(&code)) => Ok(Vec::new()),
            reply => reply.map(|_| Vec::new()).map_err(|error| error.of_change(method)),
        }
    }
}

/// A name as channels may have it: small letters, one word. What else Slack does not like it says itself.
fn channel_name(name: &str) -> String {
    let name = name.trim().trim_start_matches('#').to_lowercase();
    name.split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::channel_name;

    #[test]
    fn names_become_one_small_word() {
        assert_eq!(channel_name(" #Launch  Plans "), "launch-plans");
        assert_eq!(channel_name("#"), "");
    }
}
