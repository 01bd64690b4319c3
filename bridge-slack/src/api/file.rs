//! Fetches files: the bot's token only to Slack's own file hosts, no redirect unseen.

use std::time::Duration;

use bridge_core::error::NetworkError;
use bridge_core::net_guard::is_inside;
use bridge_core::network::{FileBytes, FileStream};
use futures_util::stream;
use http::header;
use tokio::time::timeout;
use url::{Host, Url};

use super::{CALL_TIMEOUT, CallError, Caller, UNSAID_WAIT};
use crate::config::is_allowed;

/// How many redirects are followed.
const MOST_HOPS: usize = 5;
/// How long the next piece of a file may take to come.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);

const NOT_PUBLIC: &str = "The file is not at a public https address.";

impl Caller {
    /// Fetches a file of `limit` bytes at most. Errors are sentences; none holds the address, which may be secret.
    pub(crate) async fn download(&self, url: &str, limit: usize) -> Result<Vec<u8>, NetworkError> {
        let fetch = async {
            let response = self.fetch(url).await?;
            not_a_page(&response)?;
            read(response, limit).await
        };
        timeout(CALL_TIMEOUT, fetch).await.unwrap_or_else(|_| Err(CallError::TimedOut.of_read("a file")))
    }

    /// Opens a file for reading, piece by piece. `is_page`: it is itself an HTML page, which else would be Slack's page to
    /// sign in.
    pub(crate) async fn open(&self, url: &str, is_page: bool) -> Result<FileBytes, NetworkError> {
        let fetch = timeout(CALL_TIMEOUT, self.fetch(url)).await;
        let response = fetch.unwrap_or_else(|_| Err(CallError::TimedOut.of_read("a file")))?;
        if !is_page {
            not_a_page(&response)?;
        }
        let size = response.content_length();
        let media_type = media_type(&response);
        Ok(FileBytes::new(pieces(response), size, media_type))
    }

    /// Asks for a file and follows where it is led.
    async fn fetch(&self, url: &str) -> Result<reqwest::Response, NetworkError> {
        let broken = |error: reqwest::Error| {
            if is_inside(&error) { refused(NOT_PUBLIC) } else { CallError::from(error).of_read("a file") }
        };
        let mut url = Url::parse(url).map_err(|_| refused("The file's address is not an address."))?;
        for _ in 0..=MOST_HOPS {
            self.check_address(&url)?;
            let mut request = self.api.shared.plain.get(url.clone());
            // Decided anew for each hop, so that no redirect carries the token away.
            if self.may_see_token(&url) {
                request = request.bearer_auth(self.secret.expose());
            }
            let response = request.send().await.map_err(broken)?;
            if response.status().is_redirection() {
                let target = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
                let target = target.and_then(|to| url.join(to).ok());
                url = target.ok_or_else(|| refused("Slack redirected the file to nowhere."))?;
                continue;
            }
            return accepted(response);
        }
        Err(refused("The file's address leads from one place to the next without end."))
    }

    /// Pictures may be anywhere on the internet, but not inside our own network.
    fn check_address(&self, url: &Url) -> Result<(), NetworkError> {
        if url.origin() == self.api.shared.base.origin() {
            return Ok(());
        }
        let by_name = matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'));
        let is_fetched = (by_name || self.is_file_host(url)) && is_allowed(url, "https", "https");
        // Where a name leads is looked at by the client's resolver.
        if is_fetched && self.api.shared.guard.check(url).is_ok() { Ok(()) } else { Err(refused(NOT_PUBLIC)) }
    }

    fn may_see_token(&self, url: &Url) -> bool {
        let shared = &self.api.shared;
        url.origin() == shared.base.origin()
            || url.scheme() == "https" && url.port().is_none() && self.is_file_host(url)
    }

    fn is_file_host(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.api.shared.file_hosts.iter().any(|known| known == host))
    }
}

/// A file's answer, or what its status means.
fn accepted(response: reqwest::Response) -> Result<reqwest::Response, NetworkError> {
    match response.status().as_u16() {
        200 => Ok(response),
        429 => {
            let wait = response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok());
            let wait =
                wait.and_then(|wait| wait.trim().parse().ok()).map_or(UNSAID_WAIT, Duration::from_secs);
            Err(NetworkError::RateLimited(wait))
        }
        status @ 500.. => Err(CallError::Status(status).of_read("a file")),
        404 | 410 => Err(refused("Slack does not have the file any more.")),
        status => Err(refused(&format!("Slack did not give out the file (HTTP status {status})."))),
    }
}

/// Without the right to read files Slack answers with its page to sign in, as if all was well.
fn not_a_page(response: &reqwest::Response) -> Result<(), NetworkError> {
    if media_type(response).is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(refused(
            "Slack answered with a sign-in page instead of the file; the app may lack the scope files:read.",
        ));
    }
    Ok(())
}

fn media_type(response: &reqwest::Response) -> Option<String> {
    let kind = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn pieces(response: reqwest::Response) -> FileStream {
    Box::pin(stream::try_unfold(response, |mut response| async {
        let piece = timeout(PIECE_TIMEOUT, response.chunk()).await;
        let piece = piece.map_err(|_| CallError::TimedOut).and_then(|piece| piece.map_err(broken_off));
        let piece = piece.map_err(|error| error.of_read("a file"))?;
        Ok(piece.map(|piece| (piece, response)))
    }))
}

/// A body that ends too early. Nothing in a file can be unreadable, so whatever is wrong with it may pass.
fn broken_off(error: reqwest::Error) -> CallError {
    match CallError::from(error) {
        CallError::Unreadable => CallError::Broken,
        other => other,
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, NetworkError> {
    let broken = |error: reqwest::Error| broken_off(error).of_read("a file");
    let too_long = || refused(&format!("The file is longer than {limit} bytes."));
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refused(sentence: &str) -> NetworkError {
    NetworkError::Rejected(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use bridge_core::secret::Secret;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::api::Api;
    use crate::config::Config;

    fn caller() -> Caller {
        let config = Config { api_url: "http://127.0.0.1:9/api/".to_owned(), ..Config::default() };
        Api::new(&config).unwrap().caller(&Secret::new("a token"), "T1")
    }

    #[tokio::test]
    async fn the_token_goes_to_slack_only() {
        let caller = caller();
        let may = |url: &str| caller.may_see_token(&Url::parse(url).unwrap());
        assert!(may("https://files.slack.com/files-pri/T1-F1/a.png"));
        assert!(may("http://127.0.0.1:9/avatars/a.png"));
        for foreign in [
            "http://files.slack.com/a.png",
            "https://files.slack.com:8443/a.png",
            "https://files.slack.com.example.org/a.png",
            "https://avatars.slack-edge.com/a.png",
            "http://127.0.0.1:10/a.png",
        ] {
            assert!(!may(foreign), "{foreign}");
        }
    }

    #[tokio::test]
    async fn addresses_inside_our_network_are_not_fetched() {
        for inside in
            ["http://127.0.0.1:1/", "https://10.0.0.1/", "https://[::1]/", "https://intranet/", "file:///etc"]
        {
            let error = caller().download(inside, 10).await.unwrap_err();
            assert!(matches!(error, NetworkError::Rejected(_)), "{inside}: {error:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_for_good() {
        let connected = caller().api.shared.plain.get("https://localhost:1/").send().await;
        assert!(is_inside(&connected.unwrap_err()), "the client's resolver looks");
        let error = caller().download("https://localhost.:1/a.png", 10).await.unwrap_err();
        assert!(matches!(&error, NetworkError::Rejected(why) if why == NOT_PUBLIC), "{error:?}");
    }

    #[tokio::test]
    async fn a_redirect_that_leads_inside_is_not_followed() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        for inside in ["https://localhost.:1/", "https://10.0.0.1/", "https://[::ffff:127.0.0.1]/"] {
            let config = Config { api_url: format!("http://{address}/api/"), ..Config::default() };
            let caller = Api::new(&config).unwrap().caller(&Secret::new("a token"), "T1");
            let url = format!("http://{address}/a.png");
            let redirect = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
                }
                let answer = format!("HTTP/1.1 302 Found\r\nlocation: {inside}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream
            };
            let (fetched, _stream) = tokio::join!(caller.download(&url, 10), redirect);
            let error = fetched.unwrap_err();
            assert!(
                matches!(&error, NetworkError::Rejected(why) if why == NOT_PUBLIC),
                "{inside}: {error:?}"
            );
        }
    }

    #[tokio::test]
    async fn hosts_that_the_operator_named_may_be_inside() {
        let config = Config { file_hosts: vec!["localhost.".to_owned()], ..Config::default() };
        let caller = Api::new(&config).unwrap().caller(&Secret::new("a token"), "T1");
        let error = caller.download("https://localhost.:1/a.png", 10).await.unwrap_err();
        assert!(matches!(error, NetworkError::Transient(_)), "nobody listens there: {error:?}");
    }
}
