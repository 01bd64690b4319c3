//! What callers of maubot's API show and send.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::failed;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::sessions::Kind;
use crate::admin::signed::{Signed, bearer};

/// Somebody who is signed in: by `Authorization`, or by `?access_token=` as maubot takes it, too.
#[derive(Debug, Clone)]
pub(super) struct Asked(pub(super) Signed);

#[derive(Deserialize)]
struct InQuery {
    access_token: Option<String>,
}

impl FromRequestParts<Shared> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let token = match bearer(&parts.headers) {
            Some(token) => Some(token.to_owned()),
            None => Query::<InQuery>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.access_token),
        };
        let token = token.filter(|token| !token.is_empty()).ok_or_else(|| {
            let text = "Nobody is signed in. Send the header `Authorization: Bearer TOKEN`; `mbc login` or POST \
                        /_matrix/maubot/v1/auth/login gives a token.";
            failed(StatusCode::UNAUTHORIZED, "auth_token_missing", text)
        })?;
        Ok(Self(shared.signed(&token, Kind::Api).await?))
    }
}

/// A body that is a JSON object.
#[derive(Debug, Clone)]
pub(super) struct Body(pub(super) Map<String, Value>);

impl FromRequest<Shared> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        // maubot looks at no Content-Type, and scripts leave it away.
        let bytes = Bytes::from_request(request, shared).await.map_err(|rejection| {
            failed(rejection.status(), "body_not_json", "The body could not be read, or is too large.")
        })?;
        let object = serde_json::from_slice(&bytes).ok();
        object.map(Self).ok_or_else(|| {
            failed(
                StatusCode::BAD_REQUEST,
                "body_not_json",
                "The body is no JSON object; send one, such as {}.",
            )
        })
    }
}

impl Body {
    /// A text; none if it is left out or null.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Failure> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Failure::bad_request(format!("`{key}` has to be a text."))),
        }
    }

    /// The same, none if it is empty.
    pub(super) fn filled(&self, key: &str) -> Result<Option<String>, Failure> {
        Ok(self.text(key)?.filter(|text| !text.is_empty()))
    }

    /// True or false; none if it is left out or null.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Failure> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Failure::bad_request(format!("`{key}` has to be true or false."))),
        }
    }
}
