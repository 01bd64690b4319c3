//! In which rooms links are answered: those of the config, changed by what people there said since.

use super::InstagramBot;
use crate::plugin::{PluginContext, PluginError};

const ON: &str = "on";
const OFF: &str = "off";

impl InstagramBot {
    /// Whether links in a room are answered. What was said in the room counts more than the config's list.
    pub(super) async fn is_subscribed(
        &self,
        room_id: &str,
        context: &PluginContext,
    ) -> Result<bool, PluginError> {
        Ok(match context.value(&name(room_id)).await?.as_deref() {
            Some(ON) => true,
            Some(OFF) => false,
            _ => self.site.config().room_subscriptions.iter().any(|listed| listed == room_id),
        })
    }
}

/// Has links in a room answered or not, from the next message on.
pub(super) async fn subscribe(
    room_id: &str,
    is_wanted: bool,
    context: &PluginContext,
) -> Result<(), PluginError> {
    context.put(&name(room_id), if is_wanted { ON } else { OFF }).await
}

/// Under which name a room's wish is kept.
fn name(room_id: &str) -> String {
    format!("room {room_id}")
}
