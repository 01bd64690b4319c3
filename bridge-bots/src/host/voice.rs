//! A plugin's effects on the homeserver, as its account.

use bridge_core::failpoint;
use bridge_core::id::LoginId;
use bridge_core::matrix::{Intent, MatrixError};
use bridge_core::store::Store;
use futures_util::future::BoxFuture;
use ruma::{EventId, RoomId, TransactionId, UserId};

use super::Host;
use crate::plugin::PluginError;
use crate::plugin::act::{Act, Voice};
use crate::store::instance::InstanceRow;

/// Acts as an instance's account.
#[derive(Debug)]
pub(super) struct MatrixVoice {
    intent: Option<Intent>,
    store: Store,
    /// Under which the addresses of uploads are noted.
    owner: LoginId,
}

impl MatrixVoice {
    pub(super) fn new(host: &Host, row: &InstanceRow) -> Self {
        let user_id = <&UserId>::try_from(row.user_id.as_str()).ok();
        Self {
            intent: user_id.map(|user_id| host.parts().app.intent(user_id)),
            store: host.parts().store.clone(),
            owner: LoginId::new(format!("bot:{}", row.instance_id)),
        }
    }

    async fn act(&self, act: Act, key: &str) -> Result<String, PluginError> {
        let intent = self.intent.as_ref().ok_or_else(|| malformed("the account's id is no user id"))?;
        let txn_id = <&TransactionId>::from(key);
        match act {
            Act::Send { room_id, kind, content } => {
                let sent = intent.send(room(&room_id)?, &kind, &content, txn_id, None).await?;
                failpoint::pass("bot.sent");
                Ok(sent.to_string())
            }
            Act::Redact { room_id, event_id, reason } => {
                let event_id = event(&event_id)?;
                let sent = intent.redact(room(&room_id)?, event_id, reason.as_deref(), txn_id, None).await?;
                Ok(sent.to_string())
            }
            Act::Upload { content, content_type, name } => {
                // The homeserver has no key against a second upload.
                if let Some(address) = self.store.memo(&self.owner, key).await? {
                    return Ok(address);
                }
                let address = intent.upload(content, &content_type, name.as_deref()).await?;
                self.store.put_memo(&self.owner, key, Some(&address)).await?;
                Ok(address)
            }
            Act::Typing { room_id, time } => {
                intent.typing(room(&room_id)?, time).await?;
                Ok(String::new())
            }
            Act::Read { room_id, event_id } => {
                intent.read(room(&room_id)?, event(&event_id)?).await?;
                Ok(String::new())
            }
        }
    }
}

impl Voice for MatrixVoice {
    fn perform<'a>(&'a self, act: Act, key: &'a str) -> BoxFuture<'a, Result<String, PluginError>> {
        Box::pin(self.act(act, key))
    }
}

fn room(room_id: &str) -> Result<&RoomId, PluginError> {
    <&RoomId>::try_from(room_id).map_err(|_| malformed("it named a room by no room id"))
}

fn event(event_id: &str) -> Result<&EventId, PluginError> {
    <&EventId>::try_from(event_id).map_err(|_| malformed("it named an event by no event id"))
}

fn malformed(what: &str) -> PluginError {
    MatrixError::Malformed(what.to_owned()).into()
}
