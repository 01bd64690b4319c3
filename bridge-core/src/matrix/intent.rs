//! Acting as one Matrix user: a cheap handle over the shared client.

use ruma::api::auth_scheme::{AuthScheme, SendAccessToken};
use ruma::api::path_builder::VersionHistory;
use ruma::api::{AppserviceUserIdentity, Metadata, OutgoingRequest};
use ruma::{OwnedUserId, UserId};

use super::app_service::AppService;
use super::error::MatrixError;

/// A handle "act as this Matrix user". Every call names the user; a ghost's account is made before its first one.
#[derive(Debug, Clone)]
pub struct Intent {
    app: AppService,
    user_id: OwnedUserId,
}

impl Intent {
    pub(super) fn new(app: AppService, user_id: OwnedUserId) -> Self {
        Self { app, user_id }
    }

    /// The user.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The appservice this user belongs to.
    pub fn app(&self) -> &AppService {
        &self.app
    }

    /// Whether this is the appservice's bot.
    pub fn is_bot(&self) -> bool {
        self.user_id == self.app.client().bot()
    }

    /// Sends any request of ruma's as this user, registering the account first. `call` is its name in the metrics.
    pub async fn call<R>(&self, call: &'static str, request: R) -> Result<R::IncomingResponse, MatrixError>
    where
        R: OutgoingRequest + Metadata<PathBuilder = VersionHistory>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        self.ensure_registered().await?;
        self.call_unregistered(call, request).await
    }

    /// Like [`Intent::call`], for requests that need no account.
    pub(super) async fn call_unregistered<R>(
        &self,
        call: &'static str,
        request: R,
    ) -> Result<R::IncomingResponse, MatrixError>
    where
        R: OutgoingRequest + Metadata<PathBuilder = VersionHistory>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        self.app.client().call(call, AppserviceUserIdentity::new(&self.user_id), request).await
    }
}
