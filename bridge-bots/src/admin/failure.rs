//! What an API answers when it does not do what it was asked: one shape for all.

use std::any::Any;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::HostError;
use crate::plugin::Problem;

/// An answer that is none.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) told: Told,
    /// After how many seconds it may be asked again.
    pub(crate) retry_after: Option<u64>,
}

/// The body of an answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct Told {
    /// What it was, in a word for programs.
    #[schema(example = "not_found")]
    pub(crate) errcode: &'static str,
    /// What it was and what to do, in sentences for people.
    pub(crate) error: String,
    /// What is wrong with single fields, if that is it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<Problem>,
}

impl Failure {
    /// With a word for programs and sentences for people.
    pub(crate) fn new(status: StatusCode, errcode: &'static str, error: impl Into<String>) -> Self {
        let told = Told { errcode, error: error.into(), problems: Vec::new() };
        Self { status, told, retry_after: None }
    }

    /// Nothing was shown that tells who asks.
    pub(crate) fn token_missing() -> Self {
        let text = "Nobody is signed in. Send the header `Authorization: Bearer TOKEN`; POST /api/v1/session gives a token.";
        Self::new(StatusCode::UNAUTHORIZED, "auth_token_missing", text)
    }

    /// What was shown is not known, or not any more.
    pub(crate) fn token_invalid() -> Self {
        let text = "The token is unknown or has run out. Sign in again.";
        Self::new(StatusCode::UNAUTHORIZED, "auth_token_invalid", text)
    }

    /// Too many tries.
    pub(crate) fn too_often(seconds: u64) -> Self {
        let text = format!("That was tried too often. Try again in {seconds} s.");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", text)
        }
    }

    /// What was sent cannot be read.
    pub(crate) fn bad_request(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", why)
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing under this path. docs/bots-api.md lists the paths.",
        )
    }

    pub(crate) fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This path does not take this method.",
        )
    }

    pub(crate) fn stands_by() -> Self {
        let text = "The program does not work yet, or stands by for another process; ask that one.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stands_by", text)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let text = error.to_string();
        match error {
            HostError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", text),
            HostError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", text),
            HostError::Invalid(problems) => {
                let mut failure = Self::new(StatusCode::BAD_REQUEST, "invalid", text);
                failure.told.problems = problems;
                failure
            }
            HostError::Failed(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", text),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let for_people = self.clone();
        let mut response = (self.status, Json(self.told)).into_response();
        // Whoever comes with a browser is shown a page of it.
        response.extensions_mut().insert(for_people);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2: it has to say how one may authenticate.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the layer asks for this signature")]
pub(super) fn panicked(_cause: Box<dyn Any + Send>) -> Response {
    tracing::error!("a call to the admin listener broke our code; it is answered 500");
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "failed",
        "The program has a fault here; its log says which. Nothing else is affected.",
    )
    .into_response()
}
