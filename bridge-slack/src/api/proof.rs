//! `auth.test` with its response headers, which tell the token's scopes and which slack-morphism hides.

use serde::Deserialize;

use super::{CALL_TIMEOUT, CallError, Caller};

/// Who a token speaks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Identity {
    /// `T…`
    pub(crate) team_id: String,
    /// The team's name.
    pub(crate) team: String,
    /// The team's own address.
    pub(crate) url: String,
    /// The token's own user, `U…`.
    pub(crate) user_id: String,
    /// The token's own bot, `B…`; missing for tokens of people.
    pub(crate) bot_id: Option<String>,
    /// The scopes granted, from the header.
    #[serde(skip)]
    pub(crate) scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    error: Option<String>,
    needed: Option<String>,
    #[serde(flatten)]
    identity: Identity,
}

impl Caller {
    /// Proves the token and tells what it is.
    pub(crate) async fn identity(&self) -> Result<Identity, CallError> {
        self.limited("auth.test", None, || self.ask_identity()).await
    }

    async fn ask_identity(&self) -> Result<Identity, CallError> {
        let url = self.api.shared.base.join("auth.test").map_err(|_| CallError::NotConnected)?;
        let request = self.api.shared.plain.post(url).bearer_auth(self.secret.expose()).timeout(CALL_TIMEOUT);
        let response = request.send().await?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status().as_u16() {
            200 => {}
            429 => {
                let seconds = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
                return Err(CallError::RateLimited(seconds.map(std::time::Duration::from_secs)));
            }
            status => return Err(CallError::Status(status)),
        }
        let scopes = header("x-oauth-scopes").unwrap_or_default();
        let scopes =
            scopes.split(',').map(|scope| scope.trim().to_owned()).filter(|s| !s.is_empty()).collect();
        let body = response.bytes().await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| CallError::Unreadable)?;
        if answer.ok {
            Ok(Identity { scopes, ..answer.identity })
        } else {
            Err(CallError::refused(answer.error.unwrap_or_default(), answer.needed))
        }
    }
}
