//! Waiting until Slack shows what somebody on Matrix did.
use anyhow::Context as _;
use fake_slack::Workspace;

use super::{LIMIT, World};
use crate::Result;

impl World {
    /// Waits until the workspace gives a value.
    pub async fn on_slack<T>(&self, what: &str, found: impl FnMut(&Workspace) -> Option<T>) -> Result<T> {
        let value = self.slack.wait_until(LIMIT, found).await;
        value.with_context(|| format!("waited {LIMIT:?} for {what} on Slack"))
    }

    /// Waits until a message on Slack is gone.
    pub async fn wait_for_gone(&self, channel: &str, ts: &str) -> Result<()> {
        self.on_slack("a deletion", |slack| slack.message(channel, ts).is_none().then_some(())).await
    }

    /// The `ts` of the message on Slack with this text, once it is there.
    pub async fn ts_of(&self, channel: &str, text: &str) -> Result<String> {
        let message = self.wait_on_slack(channel, text).await?;
        Ok(message["ts"].as_str().context("a message without ts")?.to_owned())
    }
}
