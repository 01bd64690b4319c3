//! Posts a Matrix event to Slack, part by part, and finds again what was posted.

use std::sync::Arc;

use bridge_core::clock::Clock;
use bridge_core::error::NetworkError;
use bridge_core::event::MatrixEvent;
use bridge_core::network::SentPart;

use crate::api::Caller;
use crate::api::reply::{Message, Posted};
use crate::convert::{self, Options, Own, Post};
use crate::id;

const POST: &str = "chat.postMessage";
const HISTORY: &str = "conversations.history";
/// How far the homeserver's clock may be ahead of Slack's, in milliseconds, for a post to be found again.
const CLOCK_MARGIN_MS: i64 = 2 * 60 * 1_000;
/// How far back is looked when the event's own time lies in the future, and so says nothing.
const BLIND_LOOKBACK_MS: i64 = 60 * 60 * 1_000;

/// What posting takes.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) bot: Caller,
    pub(super) team_id: String,
    pub(super) own: Arc<Own>,
    pub(super) options: Options,
    pub(super) clock: Clock,
}

impl Desk {
    /// Posts the parts in order, leaving out those that are done. Once this call has posted one, a failure leaves
    /// the fate of the whole open, and a wait interrupts it: what is there is found before the rest is sent.
    pub(super) async fn send(
        &self,
        event: &MatrixEvent,
        done: Vec<SentPart>,
    ) -> Result<Vec<SentPart>, NetworkError> {
        let mut sent = done;
        let mut is_begun = false;
        for post in convert::encode(event, &self.options) {
            if sent.iter().any(|part| part.part == post.part) {
                continue;
            }
            match self.post(&post).await {
                Ok(part) => sent.push(part),
                Err(error) if !is_begun => return Err(error),
                Err(NetworkError::RateLimited(wait)) => return Err(NetworkError::Interrupted(wait)),
                Err(error) => {
                    let why = format!("Only the beginning of the message was sent. {error}");
                    return Err(NetworkError::Uncertain(why));
                }
            }
            is_begun = true;
        }
        Ok(sent)
    }

    async fn post(&self, post: &Post) -> Result<SentPart, NetworkError> {
        let reply: Result<Posted, _> = self.bot.post(POST, Some(&post.channel), &post.body()).await;
        let reply = reply.map_err(|error| error.of_post(POST))?;
        let ts = reply.ts.as_deref().unwrap_or_default();
        let channel = reply.channel.as_deref().unwrap_or(&post.channel);
        self.part(post, channel, ts).ok_or_else(|| {
            NetworkError::Uncertain("Slack's answer to chat.postMessage names no message.".to_owned())
        })
    }

    fn part(&self, post: &Post, channel: &str, ts: &str) -> Option<SentPart> {
        let id = id::message_id(&self.team_id, channel, ts)?;
        Some(SentPart { part: post.part.clone(), id, at: id::ts_ms(ts)? })
    }

    /// Looks through what was said in the channel, or in the thread, since shortly before the event.
    pub(super) async fn find(&self, event: &MatrixEvent) -> Result<Vec<SentPart>, NetworkError> {
        let posts = convert::encode(event, &self.options);
        let Some(first) = posts.first() else { return Ok(Vec::new()) };
        let oldest = oldest(event.at, self.clock.now_ms());
        let mut found: Vec<SentPart> = Vec::new();
        let looked = self
            .bot
            .messages_since(&first.channel, first.thread_ts.as_deref(), &oldest, |message| {
                let part = self.recognize(&posts, message);
                found.extend(part.filter(|part| !found.iter().any(|known| known.part == part.part)));
                found.len() == posts.len()
            })
            .await;
        match looked {
            // Nothing of ours can be in a thread that is not there.
            Err(error) if error.code() == Some("thread_not_found") => Ok(Vec::new()),
            looked => looked.map(|()| found).map_err(|error| error.of_read(HISTORY)),
        }
    }

    /// Which of the posts a message is, if it is ours. Others may copy a marker, but not our identity.
    fn recognize(&self, posts: &[Post], message: &Message) -> Option<SentPart> {
        let is = |theirs: &Option<String>, ours: &str| !ours.is_empty() && theirs.as_deref() == Some(ours);
        let is_ours = is(&message.bot_id, &self.own.bot_id)
            || is(&message.app_id, &self.own.app_id)
            || is(&message.user, &self.own.user_id);
        let post = posts.iter().find(|post| post.metadata() == message.metadata).filter(|_| is_ours)?;
        self.part(post, &post.channel, &message.ts)
    }
}

/// Where to begin to look, as Slack writes times.
fn oldest(event_at: i64, now: i64) -> String {
    let since = if event_at > now { now - BLIND_LOOKBACK_MS } else { event_at - CLOCK_MARGIN_MS }.max(0);
    format!("{}.{:03}000", since / 1_000, since % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_begins_before_the_event_even_if_its_time_is_nonsense() {
        assert_eq!(oldest(1_700_000_120_007, 1_700_000_500_000), "1700000000.007000");
        assert_eq!(oldest(9_999_999_999_999, 1_700_003_600_000), "1700000000.000000");
        assert_eq!(oldest(5, 1_700_000_000_000), "0.000000");
    }
}
