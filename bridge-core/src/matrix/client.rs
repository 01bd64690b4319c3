//! The one HTTP client to the homeserver: signs requests with our token and reads their answers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::Method;
use ruma::api::auth_scheme::{AuthScheme, SendAccessToken};
use ruma::api::path_builder::VersionHistory;
use ruma::api::{
    AppserviceUserIdentity, IncomingResponseExt, MatrixVersion, Metadata, OutgoingRequest,
    OutgoingRequestAppserviceExt, SupportedVersions,
};
use tokio::sync::watch;
use tokio::time::Instant;

use ruma::{OwnedServerName, OwnedUserId, ServerName, UserId};

use super::error::MatrixError;
use super::transport;
use crate::clock::Clock;
use crate::secret::Secret;
use crate::store::lease::Lease;

/// Why a call is not made, or cut off.
const NOT_OURS: &str = "this process is not sure any more that it is the one that works";

/// Talks to one homeserver as one appservice, or as one account. Clones share the connections.
#[derive(Debug, Clone)]
pub struct MatrixClient(Arc<Inner>);

/// How the connection to the homeserver is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Whether it answered the last call.
    pub is_reachable: bool,
    /// How many outages have ended since the start.
    pub recoveries: u64,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    base_url: String,
    token: Secret,
    server_name: OwnedServerName,
    bot: OwnedUserId,
    /// Whether the token is that of the bot's account alone, so that nobody else can be acted as.
    is_account: bool,
    versions: SupportedVersions,
    reach: watch::Sender<Reach>,
    /// When the last event was taken, in milliseconds since 1970; the smallest number before.
    sent_at: AtomicI64,
    /// When it last did what we asked.
    answered_at: Mutex<Option<Instant>>,
    /// Whether calls that change something may be made.
    lease: OnceLock<Lease>,
}

impl MatrixClient {
    /// Makes the client; nothing is connected yet. The error is a sentence: the URL or a name is unusable.
    pub fn new(base_url: &str, as_token: Secret, server_name: &str, bot: &str) -> Result<Self, String> {
        let bot = format!("@{bot}:{server_name}");
        Self::with(base_url, as_token, server_name, &bot, false)
    }

    /// The same for one account, whose own token this is. The error is a sentence.
    pub(super) fn of_account(base_url: &str, token: Secret, user_id: &UserId) -> Result<Self, String> {
        Self::with(base_url, token, user_id.server_name().as_str(), user_id.as_str(), true)
    }

    fn with(
        base_url: &str,
        token: Secret,
        server_name: &str,
        bot: &str,
        is_account: bool,
    ) -> Result<Self, String> {
        let url = url::Url::parse(base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
            .ok_or("homeserver.url is not an http or https address; write one like http://127.0.0.1:8008.")?;
        let server_name = OwnedServerName::try_from(server_name).map_err(
            |_| "homeserver.name is not a server name; write the part after the colon of its user ids.",
        )?;
        let bot = UserId::parse(bot)
            .map_err(|_| "appservice.bot is not the name of a Matrix user; use a-z, 0-9 and . _ - only.")?;
        let base_url = url.as_str().trim_end_matches('/').to_owned();
        let http = transport::http_client(&base_url)?;
        let versions = SupportedVersions { versions: known_versions(), features: BTreeSet::new() };
        let reach = watch::Sender::new(Reach { is_reachable: true, recoveries: 0 });
        let sent_at = AtomicI64::new(i64::MIN);
        let (answered_at, lease) = (Mutex::default(), OnceLock::new());
        Ok(Self(Arc::new(Inner {
            http,
            base_url,
            token,
            server_name,
            bot,
            is_account,
            versions,
            reach,
            sent_at,
            answered_at,
            lease,
        })))
    }

    /// Makes no call from now on that changes something unless this process may act.
    pub fn obey(&self, lease: Lease) {
        let _ = self.0.lease.set(lease);
    }

    /// The server's name, the part after the colon.
    pub fn server_name(&self) -> &ServerName {
        &self.0.server_name
    }

    /// Whether the token is that of one account.
    pub(super) fn is_account(&self) -> bool {
        self.0.is_account
    }

    /// Names the user that a request is made for, where that can be chosen.
    pub(super) fn made_for(
        &self,
        request: reqwest::RequestBuilder,
        user_id: &UserId,
    ) -> reqwest::RequestBuilder {
        if self.0.is_account { request } else { request.query(&[("user_id", user_id.as_str())]) }
    }

    /// The bot's user id.
    pub fn bot(&self) -> &UserId {
        &self.0.bot
    }

    /// Sends a request of ruma's as this user and reads its answer. `call` is its name in the metrics.
    pub async fn call<R>(
        &self,
        call: &'static str,
        identity: AppserviceUserIdentity<'_>,
        request: R,
    ) -> Result<R::IncomingResponse, MatrixError>
    where
        R: OutgoingRequest + Metadata<PathBuilder = VersionHistory>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        let mut request = self.written(call, identity, request)?;
        *request.timeout_mut() = Some(transport::CALL);
        let answer = self.send(call, request).await?;
        let (parts, body) = answer.into_parts();
        // What the decoder says could quote the answer.
        R::IncomingResponse::try_from_http_response(http::Response::from_parts(parts, &body[..])).map_err(
            |_| MatrixError::Malformed(format!("the answer to {call} has another form than expected")),
        )
    }

    /// Like [`MatrixClient::call`], for one that only reads; the body of the answer is streamed by the caller.
    pub(super) async fn open_call<R>(
        &self,
        call: &'static str,
        identity: AppserviceUserIdentity<'_>,
        request: R,
    ) -> Result<reqwest::Response, MatrixError>
    where
        R: OutgoingRequest + Metadata<PathBuilder = VersionHistory>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        let request = self.written(call, identity, request)?;
        Box::pin(transport::open(&self.0.http, call, request, &self.0.token)).await
    }

    fn written<R>(
        &self,
        call: &'static str,
        identity: AppserviceUserIdentity<'_>,
        request: R,
    ) -> Result<reqwest::Request, MatrixError>
    where
        R: OutgoingRequest + Metadata<PathBuilder = VersionHistory>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
    {
        let unwritten = || MatrixError::Malformed(format!("the request {call} could not be written"));
        let identity = if self.0.is_account { AppserviceUserIdentity::default() } else { identity };
        let request: http::Request<Vec<u8>> = request
            .try_into_http_request_with_identity(
                &self.0.base_url,
                SendAccessToken::Always(self.0.token.expose()),
                identity,
                Cow::Borrowed(&self.0.versions),
            )
            .map_err(|_| unwritten())?;
        reqwest::Request::try_from(request).map_err(|_| unwritten())
    }

    /// Boxed: the connection's future is large, and every caller up to the engine would carry it.
    async fn send(
        &self,
        call: &'static str,
        request: reqwest::Request,
    ) -> Result<http::Response<Bytes>, MatrixError> {
        let lease = self.0.lease.get().filter(|_| !transport::is_reading(request.method()));
        let exchange = Box::pin(transport::exchange(&self.0.http, call, request, &self.0.token));
        let result = match lease {
            Some(lease) if !lease.may_act_soon().await => {
                return Err(MatrixError::Unreachable(NOT_OURS.to_owned()));
            }
            Some(lease) => match lease.unless_over(exchange).await {
                Some(result) => result,
                // It says nothing about the homeserver.
                None => return Err(MatrixError::Uncertain(NOT_OURS.to_owned())),
            },
            None => exchange.await,
        };
        self.note_reach(result.as_ref().err());
        result
    }

    /// How the connection to the homeserver is doing, as the calls see it.
    pub fn reach(&self) -> watch::Receiver<Reach> {
        self.0.reach.subscribe()
    }

    /// When the homeserver last took an event from us, in milliseconds since 1970 by the machine's clock.
    pub fn last_sent_at(&self) -> Option<i64> {
        Some(self.0.sent_at.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN)
    }

    /// Notes that the homeserver took an event from us.
    pub(super) fn note_sent(&self) {
        self.0.sent_at.store(Clock::system().now_ms(), Ordering::Relaxed);
    }

    /// When the homeserver last did what we asked; an answer that refuses does not count.
    pub(crate) fn answered_at(&self) -> Option<Instant> {
        *self.0.answered_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_reach(&self, error: Option<&MatrixError>) {
        if error.is_none() {
            *self.0.answered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        let is_reachable = match error {
            Some(MatrixError::Unreachable(_) | MatrixError::Uncertain(_)) => false,
            // A proxy's words for "nobody there"; with an error code of its own the homeserver speaks of somebody else.
            Some(MatrixError::Refused { status: 502..=504, errcode, .. }) => errcode != "M_UNKNOWN",
            Some(_) | None => true,
        };
        if self.0.reach.borrow().is_reachable != is_reachable {
            self.0.reach.send_modify(|reach| {
                reach.recoveries += u64::from(is_reachable && !reach.is_reachable);
                reach.is_reachable = is_reachable;
            });
        }
    }

    /// A request to a path of our own making, with our token: for media, which is streamed, and for routes that
    /// ruma does not have. It has no time limit of its own.
    pub(super) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.public_request(method, path).bearer_auth(self.0.token.expose())
    }

    /// Like [`MatrixClient::request`], but without our token: Synapse refuses it on its federation routes.
    pub(super) fn public_request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.0.http.request(method, format!("{}{path}", self.0.base_url))
    }

    /// Performs a request made by [`MatrixClient::request`] and reads the whole answer.
    pub(super) async fn perform(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<http::Response<Bytes>, MatrixError> {
        let request = request.build().map_err(|error| transport::failure(&error, true))?;
        self.send(call, request).await
    }

    /// Performs a request made by [`MatrixClient::request`]; the body of the answer is streamed by the caller.
    pub(super) async fn open(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, MatrixError> {
        let request = request.build().map_err(|error| transport::failure(&error, true))?;
        Box::pin(transport::open(&self.0.http, call, request, &self.0.token)).await
    }
}

/// Which version's paths are used. All homeservers we serve have them; those that lack one answer that they don't
/// know the route, and what we do then does not depend on the list they give.
fn known_versions() -> BTreeSet<MatrixVersion> {
    [MatrixVersion::V1_1, MatrixVersion::V1_7, MatrixVersion::V1_11, MatrixVersion::V1_16].into()
}
