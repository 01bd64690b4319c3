//! The HTTP clients: one TLS set-up for all of them, plain HTTP to this machine only.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::net_guard::NetGuard;
use hyper_rustls::ConfigBuilderExt;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore};
use slack_morphism::prelude::SlackClientHyperConnector;
use slack_morphism::{SlackClient, hyper_tokio::SlackHyperClient};
use url::Url;

/// How long a connection may take to come up.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// TLS with the system's root certificates and the ring provider.
///
/// A machine without root certificates can still talk to an `api` on itself; otherwise the error is a sentence.
pub(super) fn tls(api: &Url) -> Result<Arc<ClientConfig>, String> {
    // Fails only when a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = match ClientConfig::builder().with_native_roots() {
        Ok(with_roots) => with_roots.with_no_client_auth(),
        Err(_) if api.scheme() == "http" => {
            ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
        Err(error) => {
            return Err(format!(
                "api_url needs TLS, but this system's root certificates cannot be read ({error}); install the \
                 package ca-certificates."
            ));
        }
    };
    Ok(Arc::new(config))
}

/// slack-morphism's client. It has no time limits and no usable rate control; the layer above brings both.
pub(super) fn slack_client(api: &Url, tls: &ClientConfig) -> SlackHyperClient {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    // The client puts the slash between base and method itself.
    let base = api.as_str().trim_end_matches('/');
    SlackClient::new(SlackClientHyperConnector::with_connector(connector).with_slack_api_url(base))
}

/// A plain client for what slack-morphism cannot do: response headers, and files. It follows no redirect, and connects
/// to no name that leads where `guard` does not allow.
#[allow(clippy::disallowed_methods, reason = "this is the client module")]
pub(super) fn plain_client(tls: &ClientConfig, guard: NetGuard) -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .dns_resolver(guard)
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .no_proxy()
        .user_agent(concat!("bridge-slack/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| format!("api_url cannot be used, because no HTTP client could be made ({error})."))
}
