//! The calls that the doctor makes by itself: to the homeserver without a token, and to what answers at our own port.

use std::time::Duration;

use serde_json::Value;
use url::Url;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The header `Date`, as it stands.
    pub(super) date: Option<String>,
    /// The body, if it is JSON.
    pub(super) json: Option<Value>,
    /// The body, as far as it is text.
    pub(super) text: String,
}

/// Asks, with a token where there is one to show. The error is what went wrong, without the address.
pub(super) async fn ask(url: &str, token: Option<&str>) -> Result<Answer, String> {
    let mut request = client(url)?.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let mut response = request.send().await.map_err(in_words)?;
    let status = response.status().as_u16();
    let date = response.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(in_words)? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST {
            return Err("The answer is too long".to_owned());
        }
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status, date, json: serde_json::from_str(&text).ok(), text })
}

fn in_words(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("There was no answer within {} s", PATIENCE.as_secs());
    }
    let error = error.without_url();
    let mut deepest: &dyn std::error::Error = &error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

#[allow(clippy::disallowed_methods, reason = "a client for single questions, with a time limit")]
fn client(url: &str) -> Result<reqwest::Client, String> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    let mut builder = builder.timeout(PATIENCE).no_proxy().redirect(reqwest::redirect::Policy::none());
    if url.starts_with("http://") {
        // The machine's certificates are neither needed nor have to be there.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|_| "The machine's CA certificates could not be read".to_owned())
}

/// An address as it may be shown: without a name and password in it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = (url.set_username(""), url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}
