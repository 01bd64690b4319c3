//! Who a call comes from: the token or the cookie that it shows.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bridge_core::config::Level;
use bridge_core::secret::Secret;

use super::Shared;
use super::failure::Failure;
use super::sessions::Kind;

/// The cookie's name.
pub(crate) const COOKIE: &str = "bridge_bots";
/// What stands for the password of somebody who signed in by a link.
const BY_LINK: &str = "matrix";
/// How long it is waited for a program that does not work yet.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who is signed in, at a host that works. A handler that has this as an argument is for such people only.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// A name of the config, or a Matrix id.
    pub(crate) name: String,
    /// What was shown.
    pub(crate) token: Secret,
}

impl FromRequestParts<Shared> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let shown = match bearer(&parts.headers) {
            Some(token) => Some((token, Kind::Api)),
            None => cookie(&parts.headers).map(|token| (token, Kind::Pages)),
        };
        let (token, kind) = shown.ok_or_else(Failure::token_missing)?;
        shared.signed(token, kind).await
    }
}

impl Shared {
    /// Who showed a token. Waits for a host that does not work yet.
    pub(crate) async fn signed(&self, token: &str, kind: Kind) -> Result<Signed, Failure> {
        self.works().await?;
        let row = self
            .sessions
            .find(token, kind)
            .await
            .map_err(|error| Failure::from(crate::error::HostError::from(error)))?;
        let row = row.filter(|row| self.stamp(&row.name).as_deref() == Some(row.stamp.as_str()));
        let row = row.ok_or_else(Failure::token_invalid)?;
        Ok(Signed { name: row.name, token: Secret::new(token) })
    }

    /// Waits for a host that does not work yet, up to 20 seconds.
    pub(crate) async fn works(&self) -> Result<(), Failure> {
        tokio::time::timeout(PATIENCE, self.host.opened()).await.map_err(|_| Failure::stands_by())
    }

    /// What has to be the same for somebody's session to go on; none for who may not sign in, or not any more.
    pub(crate) fn stamp(&self, name: &str) -> Option<String> {
        if name.starts_with('@') {
            let is_admin = self.host.permissions().level(name) >= Level::Admin;
            return is_admin.then(|| BY_LINK.to_owned());
        }
        self.users.stamp(name)
    }

    /// Signs somebody in by name and password. Gives the token.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: &Secret,
        address: Option<std::net::IpAddr>,
        kind: Kind,
    ) -> Result<Secret, Failure> {
        self.works().await?;
        self.rate.note(name, address)?;
        let stamp = self.stamp(name).filter(|_| !name.starts_with('@'));
        let (true, Some(stamp)) = (self.users.check(name, password).await, stamp) else {
            tracing::warn!(
                address = address.map(tracing::field::display),
                "somebody could not sign in: name or password is wrong"
            );
            return Err(Failure::new(
                axum::http::StatusCode::UNAUTHORIZED,
                "invalid_auth",
                "Name or password is wrong.",
            ));
        };
        Ok(self.sessions.begin(name, &stamp, kind).await?)
    }
}

/// The token of the header `Authorization`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token of our cookie.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).next()
}
