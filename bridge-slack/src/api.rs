//! The Web API: slack-morphism's client under our own time limits, rate limits and error classes.

pub(crate) mod error;
mod file;
mod http;
pub(crate) mod page;
mod proof;
mod rate_limit;
pub(crate) mod reply;
mod respond;
mod upload;

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bridge_core::failpoint;
use bridge_core::net_guard::NetGuard;
use bridge_core::network::Context;
use bridge_core::secret::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use slack_morphism::hyper_tokio::SlackHyperClient;
use slack_morphism::prelude::SlackApiAppsConnectionOpenRequest;
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackTeamId};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::Connector;
use url::Url;

pub(crate) use self::error::CallError;
pub(crate) use self::http::CONNECT_TIMEOUT;
pub(crate) use self::proof::Identity;
use self::rate_limit::{ComeBackIn, Patience, RateLimit, UNSAID_WAIT};
pub(crate) use self::upload::Undelivered;
use crate::config::Config;
use crate::metrics;

/// How long one call may take, from the first byte out to the last byte in.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Query parameters; those without a value are left out.
pub(crate) type Params<'a> = Vec<(&'a str, Option<Cow<'a, str>>)>;

/// What all logins share: the clients and the rate limits. One per program; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    base: Url,
    file_hosts: Vec<String>,
    guard: NetGuard,
    tls: Arc<rustls::ClientConfig>,
    client: SlackHyperClient,
    plain: reqwest::Client,
    limits: RateLimit,
}

impl Api {
    /// Makes the clients; connects to nothing. The error is a sentence that names the config key.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        config.check()?;
        let base = config.api_base()?;
        let tls = http::tls(&base)?;
        let file_hosts: Vec<String> =
            config.file_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        // What the operator named may be anywhere.
        let guard = NetGuard::trusting(file_hosts.iter().cloned().chain(base.host_str().map(str::to_owned)));
        let shared = Shared {
            client: http::slack_client(&base, &tls),
            plain: http::plain_client(&tls, guard.clone())?,
            limits: RateLimit::new(config.rate_limits),
            file_hosts,
            guard,
            base,
            tls,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The Web API with a token. Calls are counted for the team, or for the empty one before it is known. They wait as
    /// long as the limits and Slack say; for those of a job see [`Caller::for_jobs`].
    pub(crate) fn caller(&self, token: &Secret, team_id: &str) -> Caller {
        let mut slack_token = SlackApiToken::new(SlackApiTokenValue(token.expose().to_owned()));
        slack_token.team_id = Some(SlackTeamId(team_id.to_owned()));
        Caller {
            api: self.clone(),
            token: slack_token,
            secret: token.clone(),
            team_id: team_id.to_owned(),
            patience: Patience::Endless,
            context: None,
        }
    }

    /// TLS for the sockets.
    pub(crate) fn connector(&self) -> Connector {
        Connector::Rustls(Arc::clone(&self.shared.tls))
    }
}

/// The Web API in the name of one token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    api: Api,
    token: SlackApiToken,
    secret: Secret,
    team_id: String,
    patience: Patience,
    /// Says whether calls may be made.
    context: Option<Context>,
}

impl Caller {
    /// The same, for as long as a session's context says that it may act.
    pub(crate) fn within(self, context: &Context) -> Self {
        Self { context: Some(context.clone()), ..self }
    }

    /// The same for calls that are made while a job is at work. A job at work keeps a place that others may need, so
    /// a wait of more than about a second is not waited here: it is answered with [`CallError::RateLimited`] and the
    /// time that is left, for the job's lane to wait.
    pub(crate) fn for_jobs(&self) -> Self {
        Self { patience: Patience::Short, ..self.clone() }
    }

    /// Reads something.
    pub(crate) async fn get<R>(&self, method: &'static str, params: &Params<'_>) -> Result<R, CallError>
    where
        R: DeserializeOwned + Send + 'static,
    {
        told(self.ask_raw(method, params, read::<R>).await?)
    }

    /// The calls themselves know nothing of what is asked and answered: else the whole client would be in the program once for
    /// each answer.
    async fn ask_raw(
        &self,
        method: &'static str,
        params: &Params<'_>,
        read: Reader,
    ) -> Result<Box<dyn Any + Send>, CallError> {
        self.limited(method, None, || async move {
            let session = self.api.shared.client.open_session(&self.token);
            let answer: Box<RawValue> = session.http_session_api.http_get(method, params, None).await?;
            read(&answer)
        })
        .await
    }

    /// Changes something. Given a channel, the limits per channel count too.
    pub(crate) async fn post<B, R>(
        &self,
        method: &'static str,
        channel: Option<&str>,
        body: &B,
    ) -> Result<R, CallError>
    where
        B: Serialize + Send + Sync,
        R: DeserializeOwned + Send + 'static,
    {
        let body = to_raw_value(body).map_err(|_| CallError::Unreadable)?;
        told(self.send_raw(method, channel, &body, read::<R>).await?)
    }

    async fn send_raw(
        &self,
        method: &'static str,
        channel: Option<&str>,
        body: &RawValue,
        read: Reader,
    ) -> Result<Box<dyn Any + Send>, CallError> {
        failpoint::pass("slack.before_call");
        let answer = self
            .limited(method, channel, || async move {
                let session = self.api.shared.client.open_session(&self.token);
                let answer: Box<RawValue> = session.http_session_api.http_post(method, &body, None).await?;
                read(&answer)
            })
            .await;
        failpoint::pass("slack.after_call");
        answer
    }

    /// Asks for the address of a new socket. The address is a secret for as long as it is good: minutes.
    pub(crate) async fn open_connection(&self) -> Result<Url, CallError> {
        self.limited("apps.connections.open", None, || async move {
            let session = self.api.shared.client.open_session(&self.token);
            let answer = session.apps_connections_open(&SlackApiAppsConnectionOpenRequest {}).await?;
            Ok(answer.url.0)
        })
        .await
    }

    /// Makes a call if this process may make it, and cuts it off when another one may.
    async fn acting<T>(&self, call: impl Future<Output = T>) -> Result<T, CallError> {
        let Some(context) = &self.context else { return Ok(call.await) };
        if !context.may_act().await {
            return Err(CallError::NotConnected);
        }
        context.unless_over(call).await.ok_or(CallError::Broken)
    }

    /// Makes a call when it may be made, and again each time Slack asks to wait. "Too many requests" is an answer only
    /// for a caller that does not wait that long. Each attempt has its own time limit.
    async fn limited<R, F>(
        &self,
        method: &'static str,
        channel: Option<&str>,
        call: impl Fn() -> F,
    ) -> Result<R, CallError>
    where
        F: Future<Output = Result<R, CallError>>,
    {
        let deadline = self.patience.deadline();
        loop {
            let admitted = self.api.shared.limits.admit(&self.team_id, method, channel, deadline).await;
            admitted.map_err(|ComeBackIn(wait)| CallError::RateLimited(Some(wait)))?;
            let begun = Instant::now();
            let answer =
                self.acting(timeout(CALL_TIMEOUT, call())).await?.unwrap_or(Err(CallError::TimedOut));
            metrics::called(method, answer.as_ref().err().map_or("ok", CallError::label), begun.elapsed());
            let Err(CallError::RateLimited(wait)) = answer else { return answer };
            let wait = wait.unwrap_or(UNSAID_WAIT);
            tracing::debug!(method, wait_s = wait.as_secs(), "Slack asks to wait");
            metrics::rate_limited(method);
            self.api.shared.limits.block(&self.team_id, method, channel, wait);
        }
    }
}

/// What reads an answer of some type.
type Reader = fn(&RawValue) -> Result<Box<dyn Any + Send>, CallError>;

fn read<R: DeserializeOwned + Send + 'static>(answer: &RawValue) -> Result<Box<dyn Any + Send>, CallError> {
    let answer: R = serde_json::from_str(answer.get()).map_err(|_| CallError::Unreadable)?;
    Ok(Box::new(answer))
}

/// What [`read`] read of the same type.
fn told<R: 'static>(answer: Box<dyn Any + Send>) -> Result<R, CallError> {
    answer.downcast().map(|answer| *answer).map_err(|_| CallError::Unreadable)
}
