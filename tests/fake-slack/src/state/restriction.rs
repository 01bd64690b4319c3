//! Who may write in a channel: what its managers set, and whom that lets through.
use serde_json::{Value, json};

use super::{State, User};
use crate::error::ApiError;
use crate::event::Outbox;

impl State {
    /// Sets who may write and who may answer in threads, each as `{"type": [...], "user": [...]}` or null for everybody;
    /// the channel says so (`channel_posting_permissions`).
    pub(crate) fn restrict(
        &mut self,
        channel_id: &str,
        user_id: &str,
        posting: Value,
        threading: Value,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let channel = self.channel_mut(channel_id)?;
        channel.posting = posting;
        channel.threading = threading;
        let text = format!("<@{user_id}> changed who can post in this channel");
        self.post_notice(channel_id, user_id, "channel_posting_permissions", &text, json!({}), out)?;
        Ok(())
    }

    /// Whether a user may write a message, in a thread or outside of one, beside being in the channel.
    pub(crate) fn may_post(&self, channel_id: &str, user: &User, in_thread: bool) -> Result<(), ApiError> {
        let channel = self.channel(channel_id)?;
        let lets = |restriction: &Value| lets(restriction, user);
        match (in_thread, lets(&channel.posting), lets(&channel.threading)) {
            (true, _, false) => Err("restricted_action_non_threadable_channel".into()),
            (false, false, true) => Err("restricted_action_thread_only_channel".into()),
            (false, false, false) => Err("restricted_action_read_only_channel".into()),
            _ => Ok(()),
        }
    }
}

/// Whether a restriction lets a user through: by what they are, or named.
fn lets(restriction: &Value, user: &User) -> bool {
    if restriction.is_null() {
        return true;
    }
    let has = |list: &str, wanted: &str| {
        restriction[list].as_array().is_some_and(|list| list.iter().any(|found| found == wanted))
    };
    has("type", "ra") || (has("type", "admin") && user.is_admin) || has("user", &user.id)
}
