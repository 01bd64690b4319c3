//! A user's account: registration, device, account data.

use ruma::api::AppserviceUserIdentity;
use ruma::api::client::account::{register, whoami};
use ruma::api::client::config::{get_global_account_data, set_global_account_data};
use ruma::api::client::device::update_device;
use ruma::{DeviceId, OwnedUserId, UserId};
use serde_json::Value;

use super::error::MatrixError;
use super::intent::Intent;
use super::send::raw_json;

/// The device our users send with, where the homeserver needs one to recognize a repeated send.
const DEVICE: &str = "BRIDGE";

impl Intent {
    /// Makes sure that the user has an account. Users that are not ours, and the bot, whom the homeserver makes, are
    /// taken to have one. Many callers at once make one call.
    pub async fn ensure_registered(&self) -> Result<(), MatrixError> {
        if self.is_bot() || !self.app().owns(self.user_id().as_str()) {
            return Ok(());
        }
        let registered = &self.app().known().registered;
        if registered.contains(self.user_id()) {
            return Ok(());
        }
        registered.or_try_insert_with(self.user_id(), Box::pin(self.register())).await
    }

    async fn register(&self) -> Result<(), MatrixError> {
        let mut request = register::v3::Request::new();
        request.username = Some(self.user_id().localpart().to_owned());
        request.login_type = Some(register::LoginType::ApplicationService);
        // Synapse refuses anything else of an appservice that manages its devices itself.
        request.inhibit_login = true;
        let identity = AppserviceUserIdentity::default();
        match self.app().client().call("register", identity, request).await {
            Err(error) if error.errcode() != Some("M_USER_IN_USE") => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes sure that the user has our device, where [`Features::needs_device`](super::Features::needs_device)
    /// says that a repeated send is recognized only with one. Gives the device to name in sends.
    pub async fn ensure_device(&self) -> Result<Option<&'static DeviceId>, MatrixError> {
        if self.app().client().is_account() {
            // The token has a device.
            return Ok(None);
        }
        // Waits for the answer: a send that was begun with a device before a crash must name it again after.
        let wanted = self.app().probe().await?.needs_device;
        if !wanted || !self.app().owns(self.user_id().as_str()) {
            return Ok(None);
        }
        let with_device = &self.app().known().with_device;
        if !with_device.contains(self.user_id()) {
            with_device.or_try_insert_with(self.user_id(), Box::pin(self.put_device())).await?;
        }
        Ok(Some(<&DeviceId>::from(DEVICE)))
    }

    /// Makes our device (MSC4190), or finds it there.
    pub(super) async fn put_device(&self) -> Result<(), MatrixError> {
        let request = update_device::v3::Request::new(DEVICE.into());
        self.call("device", request).await?;
        Ok(())
    }

    /// Who the homeserver takes us for.
    pub async fn whoami(&self) -> Result<OwnedUserId, MatrixError> {
        Ok(self.call("whoami", whoami::v3::Request::new()).await?.user_id)
    }

    /// The user's account data of this type; `None` if there is none.
    pub async fn account_data(&self, data_type: &str) -> Result<Option<Value>, MatrixError> {
        let request = get_global_account_data::v3::Request::new(self.user_id().to_owned(), data_type.into());
        match self.call("account_data", request).await {
            Ok(answer) => Ok(serde_json::from_str(answer.account_data.json().get()).ok()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the user's account data of this type.
    pub async fn set_account_data(&self, data_type: &str, content: &Value) -> Result<(), MatrixError> {
        let user_id: &UserId = self.user_id();
        let data = raw_json(content)?;
        let request =
            set_global_account_data::v3::Request::new_raw(user_id.to_owned(), data_type.into(), data);
        self.call("set_account_data", request).await?;
        Ok(())
    }
}
