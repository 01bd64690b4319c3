//! The HTTP client of this crate, of the same class and with the same settings as the bridge's.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A client with pooled connections, without proxy and redirects.
pub(crate) fn http_client() -> Result<reqwest::Client> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.tls_certs_only([]).build().context("The HTTP client could not be made.")
}

/// Sends a request and reads its whole answer, which must be a success.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<Bytes> {
    let response = request.send().await?;
    let (status, url) = (response.status(), response.url().path().to_owned());
    let body = response.bytes().await?;
    ensure!(status.is_success(), "{url} answered {status}: {}", String::from_utf8_lossy(&body));
    Ok(body)
}

/// Posts JSON and reads the answer as JSON.
pub(crate) async fn post<T: DeserializeOwned>(http: &reqwest::Client, url: &str, body: &Value) -> Result<T> {
    let request = http.post(url).header("content-type", "application/json").body(body.to_string());
    let answer = send(request).await?;
    serde_json::from_slice(&answer).with_context(|| format!("{url} answered in an unexpected form."))
}
