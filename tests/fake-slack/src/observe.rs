//! Watching what apps do: messages, calls, acknowledgements, sockets.
pub(crate) mod shown;
mod whole;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

pub use whole::FileInfo;

use crate::calls::Call;
use crate::error::ApiError;
use crate::socket::{Delivery, DeliveryState, OpenSocket};
use crate::workspace::Workspace;

impl Workspace {
    /// All messages of a channel, replies too, the oldest first; empty for an unknown channel.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        let state = self.state();
        let Ok(channel) = state.channel_id(channel).and_then(|id| state.channel(&id)) else {
            return Vec::new();
        };
        channel.messages.keys().filter_map(|&key| channel.read_message(key)).collect()
    }

    /// The texts of all messages there ever were, also as they were before an edit or a deletion.
    pub fn said(&self) -> Vec<String> {
        self.state().said.clone()
    }

    /// One message, if it is there.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Value> {
        let state = self.state();
        let channel = state.channel(&state.channel_id(channel).ok()?).ok()?;
        channel.read_message(channel.message_key(ts).ok()?)
    }

    /// The oldest message of a channel that fits, replies too.
    pub fn find_message(&self, channel: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let state = self.state();
        let channel = state.channel(&state.channel_id(channel).ok()?).ok()?;
        // Only the first messages of threads read otherwise than they are stored; the rest is not copied.
        channel.messages.iter().find_map(|(key, stored)| {
            if channel.threads.contains_key(key) {
                return channel.read_message(*key).filter(&wanted);
            }
            wanted(stored).then(|| stored.clone())
        })
    }

    /// The messages that only one person saw (`chat.postEphemeral`), the oldest first.
    pub fn ephemeral_messages(&self) -> Vec<Value> {
        self.state().ephemeral.clone()
    }

    /// A channel as one user sees it.
    pub fn channel(&self, channel: &str, viewer: &str) -> Result<Value, ApiError> {
        let state = self.state();
        let viewer_id = state.user_id(viewer)?;
        let channel = state.channel(&state.channel_id(channel)?)?;
        let mut found = channel.to_json(&viewer_id, &state.team.id);
        found["members"] = channel.members.iter().cloned().collect::<Vec<_>>().into();
        Ok(found)
    }

    /// A user, with the address of mail.
    pub fn user(&self, user: &str) -> Result<Value, ApiError> {
        let state = self.state();
        Ok(state.user_json(state.user(&state.user_id(user)?)?, true))
    }

    /// Waits until `found` answers something. `None` when the time ran out first.
    pub async fn wait_until<T>(
        &self,
        limit: Duration,
        mut found: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let watch = async {
            loop {
                changes.mark_unchanged();
                if let Some(value) = found(self) {
                    return Some(value);
                }
                changes.changed().await.ok()?;
                // In a burst everything changes at once; looking once per millisecond is often enough.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(limit, watch).await.ok().flatten()
    }

    /// Waits for a message, old or new, that fits. `None` when the time ran out first.
    pub async fn wait_for_message(
        &self,
        channel: &str,
        wanted: impl Fn(&Value) -> bool,
        limit: Duration,
    ) -> Option<Value> {
        self.wait_until(limit, |slack| slack.find_message(channel, &wanted)).await
    }

    /// Waits for a call, old or new, that fits. `None` when the time ran out first.
    pub async fn wait_for_call(
        &self,
        method: &str,
        wanted: impl Fn(&Call) -> bool,
        limit: Duration,
    ) -> Option<Call> {
        self.wait_until(limit, |slack| slack.calls.find(method, &wanted)).await
    }

    /// Waits until the default app has at least that many sockets open; `false` when the time ran out first.
    pub async fn wait_for_sockets(&self, count: usize, limit: Duration) -> bool {
        self.wait_until(limit, |slack| (slack.sockets().len() >= count).then_some(())).await.is_some()
    }

    /// Waits until no event waits for an acknowledgement; `false` when the time ran out first.
    pub async fn wait_until_acknowledged(&self, limit: Duration) -> bool {
        let settled = |slack: &Self| (slack.delivery_count(DeliveryState::Waiting) == 0).then_some(());
        self.wait_until(limit, settled).await.is_some()
    }

    /// The Web API calls so far, the oldest first, without tokens.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.all()
    }

    /// The calls of one method so far, the oldest first.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.calls.of(method)
    }

    /// How many calls there were of each method.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.calls.counts()
    }

    /// How many calls there were of one method.
    pub fn call_count(&self, method: &str) -> u64 {
        self.calls.counts().get(method).copied().unwrap_or_default()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.calls.clear();
    }

    /// What became of each event: how often it was sent, on which sockets, when it was acknowledged.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.sockets.deliveries()
    }

    /// How many events stand like this.
    pub fn delivery_count(&self, state: DeliveryState) -> usize {
        self.sockets.delivery_count(state)
    }

    /// The sockets that are open now.
    pub fn sockets(&self) -> Vec<OpenSocket> {
        self.sockets.open()
    }
}
