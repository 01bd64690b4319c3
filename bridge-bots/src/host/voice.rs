//! A plugin's effects on the homeserver, as its account.

use bridge_core::config::Level;
use bridge_core::failpoint;
use bridge_core::id::LoginId;
use bridge_core::matrix::{Intent, MatrixError};
use futures_util::future::BoxFuture;
use ruma::{EventId, RoomId, TransactionId, UserId};
use tokio_util::io::ReaderStream;

use super::Host;
use crate::plugin::PluginError;
use crate::plugin::act::{Act, Voice};
use crate::store::instance::InstanceRow;

/// Acts as an instance's account.
#[derive(Debug)]
pub(super) struct MatrixVoice {
    intent: Option<Intent>,
    host: Host,
    user_id: String,
    /// Under which the addresses of uploads are noted.
    owner: LoginId,
}

impl MatrixVoice {
    pub(super) fn new(host: &Host, row: &InstanceRow) -> Self {
        let user_id = <&UserId>::try_from(row.user_id.as_str()).ok();
        Self {
            intent: user_id.and_then(|user_id| host.intent(user_id)),
            user_id: row.user_id.clone(),
            host: host.clone(),
            owner: LoginId::new(format!("bot:{}", row.instance_id)),
        }
    }

    fn intent(&self) -> Result<&Intent, PluginError> {
        self.intent.as_ref().ok_or_else(|| {
            let why = "the account's homeserver has not taken its token yet; see `ctl accounts`";
            PluginError::Later(why.to_owned())
        })
    }

    async fn act(&self, act: Act, key: &str) -> Result<String, PluginError> {
        let intent = self.intent()?;
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
                self.upload_once(key, intent.upload(content, &content_type, name.as_deref())).await
            }
            Act::UploadFile { path, size, content_type, name } => {
                let file = tokio::fs::File::open(&path).await;
                let file = file.map_err(|error| {
                    PluginError::Fault(format!("a file that was to be uploaded cannot be read: {error}"))
                })?;
                let pieces = ReaderStream::new(file);
                let upload = intent.upload_stream(pieces, size, &content_type, name.as_deref());
                self.upload_once(key, upload).await
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

    /// The homeserver has no key against a second upload, so what came of the first is noted here.
    async fn upload_once(
        &self,
        key: &str,
        upload: impl Future<Output = Result<String, MatrixError>> + Send,
    ) -> Result<String, PluginError> {
        let store = &self.host.parts().store;
        if let Some(address) = store.memo(&self.owner, key).await? {
            return Ok(address);
        }
        let address = upload.await?;
        store.put_memo(&self.owner, key, Some(&address)).await?;
        failpoint::pass("bot.uploaded");
        Ok(address)
    }

    async fn may_change(&self, room_id: &str, user_id: &str) -> Result<bool, PluginError> {
        // Whose id is none may do nothing.
        let Ok(user_id) = <&UserId>::try_from(user_id) else { return Ok(false) };
        Ok(self.intent()?.may_change_room(room(room_id)?, user_id).await?)
    }
}

impl Voice for MatrixVoice {
    fn perform<'a>(&'a self, act: Act, key: &'a str) -> BoxFuture<'a, Result<String, PluginError>> {
        Box::pin(self.act(act, key))
    }

    fn may_change_room<'a>(
        &'a self,
        room_id: &'a str,
        user_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, PluginError>> {
        Box::pin(self.may_change(room_id, user_id))
    }

    fn upload_limit(&self) -> u64 {
        if self.host.is_outside(&self.user_id) {
            return u64::MAX;
        }
        let features = self.host.parts().app.features();
        features.and_then(|features| features.media_limit).unwrap_or(u64::MAX)
    }

    fn is_admin(&self, user_id: &str) -> bool {
        self.host.parts().permissions.level(user_id) >= Level::Admin
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
