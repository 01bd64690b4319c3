//! The HTTP client that the harness itself uses.
use std::time::Duration;

/// A client with its own connections. Make one per test: a client outliving its tokio runtime has dead connections.
pub(crate) fn http_client() -> reqwest::Client {
    // A second installation in the same process is refused and harmless: the first one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .no_proxy()
        .build()
        .expect("an HTTP client with default settings can always be built")
}
