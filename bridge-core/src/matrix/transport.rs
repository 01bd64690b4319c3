//! Carrying requests to the homeserver: connections, timeouts, and what their failures mean.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method};
use serde::Deserialize;
use tokio::time::Instant;

use super::error::MatrixError;
use crate::failpoint;
use crate::secret::Secret;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a whole call may take, but for media.
pub(super) const CALL: Duration = Duration::from_mins(1);
/// How long a download may stand still.
pub(super) const STALLED: Duration = Duration::from_mins(1);
/// The wait of a 429 that names none.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);
/// The longest answer that is read, in bytes: that to `/sync`, or a large room's state, is some megabytes. Media have limits of
/// their own.
const LONGEST: usize = 64 * 1024 * 1024;
/// How much of the homeserver's own words is kept.
const MESSAGE_CHARS: usize = 200;

/// The pooled connections to one homeserver. The error is a sentence.
#[allow(clippy::disallowed_methods, reason = "this is the module that makes the client for the homeserver")]
pub(super) fn http_client(base_url: &str) -> Result<reqwest::Client, String> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // No proxy and no redirect: the token goes to the configured homeserver and nowhere else.
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("bridge-core/", env!("CARGO_PKG_VERSION")));
    if base_url.starts_with("http://") {
        // The machine's certificates are neither needed nor have to be there.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|_| {
        "The HTTP client for the homeserver could not be made; check that the machine has CA certificates."
            .to_owned()
    })
}

/// Performs a call, counts and times it. The answer is a success, with its whole body.
pub(super) async fn exchange(
    http: &reqwest::Client,
    call: &'static str,
    request: reqwest::Request,
    token: &Secret,
) -> Result<http::Response<Bytes>, MatrixError> {
    let reads_only = is_reading(request.method());
    let begun = Instant::now();
    pass(reads_only, "matrix.before_call");
    let result = async {
        let response = http.execute(request).await.map_err(|error| failure(&error, reads_only))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = gather(response, LONGEST, reads_only).await?;
        if !status.is_success() {
            return Err(refusal(call, status.as_u16(), &headers, &body, token));
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
    .await;
    pass(reads_only, "matrix.after_call");
    count(call, begun, result.as_ref().err());
    result
}

/// The whole body, of `longest` bytes at most.
async fn gather(
    mut response: reqwest::Response,
    longest: usize,
    reads_only: bool,
) -> Result<Bytes, MatrixError> {
    let mut next = async || response.chunk().await.map_err(|error| failure(&error, reads_only));
    let Some(first) = next().await? else { return Ok(Bytes::new()) };
    // Nearly all answers come in one piece, which is taken as it is.
    let Some(mut piece) = next().await? else { return Ok(first) };
    let mut body = BytesMut::from(first);
    loop {
        if body.len().saturating_add(piece.len()) > longest {
            return Err(MatrixError::Malformed(format!("the answer is longer than {longest} bytes")));
        }
        body.extend_from_slice(&piece);
        match next().await? {
            Some(next) => piece = next,
            None => return Ok(body.freeze()),
        }
    }
}

/// A crash around a call that only reads is a crash around the next one that does not.
fn pass(reads_only: bool, point: &'static str) {
    if !reads_only {
        failpoint::pass(point);
    }
}

/// Like [`exchange`], for a call that only reads; the body of a success is left to be streamed.
pub(super) async fn open(
    http: &reqwest::Client,
    call: &'static str,
    request: reqwest::Request,
    token: &Secret,
) -> Result<reqwest::Response, MatrixError> {
    let reads_only = true;
    let begun = Instant::now();
    let result = async {
        let response = tokio::time::timeout(CALL, http.execute(request)).await.map_err(|_| too_slow())?;
        let response = response.map_err(|error| failure(&error, reads_only))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = gather(response, LONGEST, reads_only).await?;
        Err(refusal(call, status.as_u16(), &headers, &body, token))
    }
    .await;
    count(call, begun, result.as_ref().err());
    result
}

pub(super) fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn count(call: &'static str, begun: Instant, error: Option<&MatrixError>) {
    let result = error.map_or("ok", MatrixError::label);
    metrics::counter!("matrix_calls_total", "method" => call, "result" => result).increment(1);
    metrics::histogram!("matrix_call_seconds", "method" => call).record(begun.elapsed());
    tracing::debug!(call, result, took = ?begun.elapsed(), "called the homeserver");
}

/// What a failed connection means. The error's own text would hold the URL, its innermost cause does not.
pub(super) fn failure(error: &reqwest::Error, reads_only: bool) -> MatrixError {
    let why = if error.is_connect() {
        format!("no connection ({})", innermost(error))
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("the connection was lost ({})", innermost(error))
    };
    if error.is_builder() {
        MatrixError::Malformed("the request could not be written".to_owned())
    } else if error.is_connect() || reads_only {
        MatrixError::Unreachable(why)
    } else {
        MatrixError::Uncertain(why)
    }
}

/// A call that only reads was not answered in time.
pub(super) fn too_slow() -> MatrixError {
    MatrixError::Unreachable("no answer in time".to_owned())
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(next) = cause.and_then(|cause| cause.source()) {
        cause = Some(next);
    }
    cause.map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    errcode: Option<String>,
    error: Option<String>,
    retry_after_ms: Option<f64>,
}

/// Reads an error answer. Never fails: a proxy's page of HTML is `M_UNKNOWN` without words.
fn refusal(call: &'static str, status: u16, headers: &HeaderMap, body: &[u8], token: &Secret) -> MatrixError {
    let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    if status == 429 {
        return MatrixError::RateLimited(wait(headers, body.retry_after_ms));
    }
    let mut message: String = body.error.unwrap_or_default().chars().take(MESSAGE_CHARS).collect();
    if !token.is_empty() {
        message = message.replace(token.expose(), "[secret]");
    }
    let errcode = body.errcode.unwrap_or_else(|| "M_UNKNOWN".to_owned());
    MatrixError::Refused { call, status, errcode, message }
}

fn wait(headers: &HeaderMap, from_body: Option<f64>) -> Duration {
    let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    let from_body = from_body.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    // The body is the finer of the two; where both are given, the longer is safe.
    match (header.map(Duration::from_secs), from_body) {
        (Some(header), Some(body)) if header > body + Duration::from_secs(1) => header,
        (_, Some(body)) => body,
        (Some(header), None) => header,
        (None, None) => DEFAULT_WAIT,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;

    #[test]
    fn a_429_says_how_long() {
        let none = HeaderMap::new();
        let read = |headers: &HeaderMap, body: &[u8]| match refusal(
            "send",
            429,
            headers,
            body,
            &Secret::default(),
        ) {
            MatrixError::RateLimited(wait) => wait,
            other => panic!("{other}"),
        };
        assert_eq!(read(&none, br#"{"retry_after_ms": 250}"#), Duration::from_millis(250));
        assert_eq!(read(&none, b"<html>"), DEFAULT_WAIT);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]);
        assert_eq!(read(&headers, b"{}"), Duration::from_secs(7));
        assert_eq!(read(&headers, br#"{"retry_after_ms": 6500}"#), Duration::from_millis(6500));
    }

    #[test]
    fn the_words_are_cut_and_the_token_taken_out() {
        let token = Secret::new("canary");
        let body = format!(r#"{{"errcode":"M_FORBIDDEN","error":"no canary {}"}}"#, "x".repeat(500));
        let error = refusal("send", 403, &HeaderMap::new(), body.as_bytes(), &token);
        assert_eq!(error.errcode(), Some("M_FORBIDDEN"));
        let text = error.to_string();
        assert!(text.len() < 300 && !text.contains("canary"), "{text}");
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_or_not_at_all() {
        let read = async |longest| {
            let pieces = ["one", "two", "three"].map(Ok::<_, std::io::Error>);
            let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
            gather(http::Response::new(body).into(), longest, true).await
        };
        assert_eq!(read(11).await.unwrap(), "onetwothree");
        let error = read(10).await.unwrap_err();
        assert!(matches!(error, MatrixError::Malformed(_)), "{error}");
    }

    #[tokio::test]
    async fn no_connection_means_no_effect_and_shows_no_url() {
        // Port 9 (discard) is closed on every machine this runs on.
        let http = http_client("http://127.0.0.1:9").unwrap();
        let url = "http://127.0.0.1:9/_matrix/client/versions?access_token=canary";
        let request = http.post(url).build().unwrap();
        let error = exchange(&http, "probe", request, &Secret::default()).await.unwrap_err();
        assert!(matches!(error, MatrixError::Unreachable(_)), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
