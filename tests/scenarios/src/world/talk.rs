//! Saying things on both sides, and waiting until they are there.
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use testkit::user::Event;
use testkit::{User, eventually};

use super::{LIMIT, World};
use crate::Result;

impl World {
    /// A person on Slack says something; answers the message's `ts`. The words must not come up in the bridge's log.
    pub fn slack_says(&self, user: &str, channel: &str, text: &str) -> Result<String> {
        self.plant(text);
        Ok(self.slack.post_as(user, channel, text)?)
    }

    /// A person on Matrix says something; answers the event's id. The words must not come up in the bridge's log.
    pub async fn matrix_says(&self, person: &User, room: &str, text: &str) -> Result<String> {
        self.plant(text);
        person.send_text(room, text).await
    }

    /// Waits for a message on Slack with exactly this text; answers it.
    pub async fn wait_on_slack(&self, channel: &str, text: &str) -> Result<Value> {
        let found = self.slack.wait_for_message(channel, |message| message["text"] == text, LIMIT).await;
        found.with_context(|| {
            format!("waited {LIMIT:?} for {text:?} in {channel}. There is: {:?}", self.slack_texts(channel))
        })
    }

    /// The texts in a channel, the oldest first.
    pub fn slack_texts(&self, channel: &str) -> Vec<String> {
        let messages = self.slack.messages(channel);
        messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until a channel has these texts, in this order and each once; others between them do not matter.
    pub async fn wait_for_slack_texts(&self, channel: &str, expected: &[&str]) -> Result<()> {
        let last = expected.last().context("no text is expected")?;
        self.wait_on_slack(channel, last).await?;
        eventually(LIMIT, format!("the texts in {channel}"), async || {
            in_order_once(&self.slack_texts(channel), expected)
        })
        .await
    }

    /// Waits until a room has these texts, in this order and each once; others between them do not matter.
    pub async fn wait_for_texts(&self, person: &User, room: &str, expected: &[&str]) -> Result<()> {
        self.wait_for_texts_within(LIMIT, person, room, expected).await
    }

    /// Like [`World::wait_for_texts`], with a patience of its own.
    pub async fn wait_for_texts_within(
        &self,
        limit: Duration,
        person: &User,
        room: &str,
        expected: &[&str],
    ) -> Result<()> {
        eventually(limit, format!("the texts in {room}"), async || {
            in_order_once(&person.texts(room).await?, expected)
        })
        .await
    }

    /// Proves that nothing is under way any more from Slack to Matrix: one more message goes through the channel's
    /// lane, and what was before it is there or never comes.
    pub async fn settle(&self, channel: &str, room: &str) -> Result<()> {
        let words = format!("settled {:08x}", rand::random::<u32>());
        self.slack_says("carol", channel, &words)?;
        self.wait_for_texts(&self.admin, room, &[&words]).await
    }

    /// Waits until a call to the fake homeserver about a room got no answer, by an ordered fault.
    pub async fn wait_for_hanging_call(&self, room: &str) -> Result<()> {
        eventually(LIMIT, "a call without an answer", async || {
            let calls = self.fake().call_log();
            let is_there = calls.iter().any(|call| call.hangs && call.path.contains(room));
            is_there.then_some(()).ok_or("every call was answered")
        })
        .await
    }

    /// Fails unless a room has a text exactly once.
    pub async fn ensure_once(&self, room: &str, text: &str) -> Result<()> {
        let texts = self.admin.texts(room).await?;
        let count = texts.iter().filter(|found| *found == text).count();
        ensure!(count == 1, "{text:?} is there {count} times: {texts:?}");
        Ok(())
    }
}

fn in_order_once(found: &[String], expected: &[&str]) -> Result<()> {
    let fitting: Vec<&str> =
        found.iter().map(String::as_str).filter(|text| expected.contains(text)).collect();
    ensure!(
        fitting == expected,
        "{} of {} are there as expected: {fitting:?}",
        fitting.len(),
        expected.len()
    );
    Ok(())
}

/// A predicate for [`User::wait_for_event`] that lets only events after a certain one through.
pub fn after<'a>(anchor: &'a str, fits: impl Fn(&Event) -> bool + 'a) -> impl FnMut(&Event) -> bool + 'a {
    // Each look goes over all events from the first one on.
    let (mut first, mut is_after) = (None::<String>, false);
    move |event| {
        if *first.get_or_insert_with(|| event.event_id.clone()) == event.event_id {
            is_after = false;
        }
        if event.event_id == anchor {
            is_after = true;
            return false;
        }
        is_after && fits(event)
    }
}
