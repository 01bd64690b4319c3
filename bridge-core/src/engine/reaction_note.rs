//! The remote message that says who on Matrix reacted to a message.

use super::Bridge;
use crate::id::RemoteMessageId;
use crate::network::Network;
use crate::store::StoreError;
use crate::store::message::MessageRow;

/// What stands for an event in the pairs of such a message.
pub(crate) fn note_key(message: &RemoteMessageId) -> String {
    format!("reactions:{message}")
}

impl<N: Network> Bridge<N> {
    /// The pair of the note about a message; none where nobody on Matrix has reacted to it.
    pub(crate) async fn note_of(&self, message: &RemoteMessageId) -> Result<Option<MessageRow>, StoreError> {
        Ok(self.store.event_pairs(&note_key(message)).await?.into_iter().next())
    }
}
