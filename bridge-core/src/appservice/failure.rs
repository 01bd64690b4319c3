//! Error answers to the homeserver, in Matrix's form.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// Why a call was not done. The text never holds anything of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) errcode: &'static str,
    pub(super) text: &'static str,
}

impl Failure {
    pub(super) const fn new(status: StatusCode, errcode: &'static str, text: &'static str) -> Self {
        Self { status, errcode, text }
    }

    /// There is no such thing.
    pub(super) const NOT_FOUND: Self =
        Self::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", "There is no such thing here.");
    /// There is no such route.
    pub(super) const UNRECOGNIZED: Self =
        Self::new(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "This route is not known here.");
    /// The body is longer than allowed.
    pub(super) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", "The body is too large.");
    /// The body is no JSON.
    pub(super) const NOT_JSON: Self =
        Self::new(StatusCode::BAD_REQUEST, "M_NOT_JSON", "The body is not JSON.");
    /// The body is JSON of another form.
    pub(super) const BAD_JSON: Self =
        Self::new(StatusCode::BAD_REQUEST, "M_BAD_JSON", "The body has another form than expected.");
    /// Our own mistake.
    pub(super) const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN", "Something broke here; try again.");
    /// Nothing can be stored now.
    pub(super) const UNAVAILABLE: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", "Nothing can be stored now; try again.");
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "errcode": self.errcode, "error": self.text }))).into_response()
    }
}
