//! Calls to an instance's own web path, such as another service's webhook.

pub use axum::body::Bytes;
pub use http;
use http::{Response, StatusCode, header};

/// A call: its path begins behind the instance's own path, with a slash. It has no cookie: those are the host's.
pub type WebRequest = http::Request<Bytes>;
/// An answer. Its cookies are not passed on.
pub type WebResponse = Response<Bytes>;

/// A text as an answer.
pub fn text(status: StatusCode, words: &str) -> WebResponse {
    let mut response = Response::new(Bytes::copy_from_slice(words.as_bytes()));
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
