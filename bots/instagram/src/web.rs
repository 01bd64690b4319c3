//! Asks the site over HTTP: bounded in size, every address checked, before the request and after each redirect.

mod body;

use std::sync::Arc;
use std::time::Duration;

use bridge_core::net_guard::is_inside;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use url::Url;

use crate::config::Settings;
pub(crate) use crate::config::checked::Realm;
use crate::outcome::Outcome;

/// How many redirects are followed.
const MOST_HOPS: usize = 3;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// The connections to the site.
#[derive(Debug, Clone)]
pub(crate) struct Web {
    http: reqwest::Client,
    pub(crate) settings: Arc<Settings>,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) url: Url,
    pub(crate) realm: Realm,
    /// Sent as a form if there is one.
    pub(crate) form: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) cookies: String,
    /// Whether redirects are followed.
    pub(crate) follows: bool,
}

/// An answer with its text.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) cookies: Vec<String>,
}

/// Where a request ended.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// At an answer whose body is not read yet.
    At(reqwest::Response),
    /// At a redirect that is not followed.
    SentTo(Url),
}

impl Ask {
    /// Asks for a page of the site, as a browser does.
    pub(crate) fn page(url: Url, realm: Realm) -> Self {
        let headers = [
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "none"),
            ("upgrade-insecure-requests", "1"),
        ];
        let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { url, realm, form: None, headers, cookies: String::new(), follows: true }
    }
}

impl Web {
    /// Makes the client. The error is a sentence.
    #[allow(clippy::disallowed_methods, reason = "this is the module that makes the client for the site")]
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self, String> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .dns_resolver(settings.guard.clone())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .no_proxy()
            .user_agent(&settings.config.user_agent);
        if settings.web.scheme() == "http" {
            // A stand-in on this machine; certificates are not needed.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|_| {
            "The HTTP client for Instagram could not be made; check that the machine has CA certificates."
                .to_owned()
        })?;
        Ok(Self { http, settings })
    }

    /// Asks, and reads the whole answer. An answer that tells of the site and not of the post is an outcome.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer, Outcome> {
        match self.open(ask).await? {
            Arrived::At(response) => self.read(response).await,
            Arrived::SentTo(_) => Err(Outcome::ChangedShape),
        }
    }

    /// Reads the whole of an answer.
    pub(crate) async fn read(&self, response: reqwest::Response) -> Result<Answer, Outcome> {
        let status = response.status().as_u16();
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).take(20).collect();
        match status {
            429 => return Err(Outcome::RateLimited),
            451 => return Err(Outcome::AgeOrGeo),
            500.. => return Err(Outcome::Unreachable),
            _ => {}
        }
        let text = body::read(response, self.settings.config.limits.page_bytes).await?;
        Ok(Answer { status, text, cookies })
    }

    /// Asks, and follows where it is led as far as that is allowed.
    pub(crate) async fn open(&self, ask: Ask) -> Result<Arrived, Outcome> {
        let mut url = ask.url.clone();
        for _ in 0..=MOST_HOPS {
            if !self.settings.allows(&url, ask.realm) {
                return Err(Outcome::Forbidden);
            }
            let response = self.request(&ask, &url).send().await.map_err(|error| failure(&error))?;
            if !response.status().is_redirection() {
                return Ok(Arrived::At(response));
            }
            let target = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let target = target.and_then(|to| url.join(to).ok()).ok_or(Outcome::ChangedShape)?;
            if is_login(&target) {
                return Err(Outcome::LoginWall);
            }
            if !ask.follows || ask.form.is_some() {
                return Ok(Arrived::SentTo(target));
            }
            url = target;
        }
        Err(Outcome::Forbidden)
    }

    fn request(&self, ask: &Ask, url: &Url) -> reqwest::RequestBuilder {
        let request = match &ask.form {
            Some(form) => self
                .http
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "*/*")
                .body(form.clone()),
            None if ask.realm == Realm::Media => self.http.get(url.clone()).header(ACCEPT, "*/*"),
            None => self.http.get(url.clone()).header(ACCEPT, "text/html,application/json,*/*;q=0.8"),
        };
        let mut request = request.header(ACCEPT_LANGUAGE, "en-US,en;q=0.9");
        if ask.realm != Realm::Media {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        if !ask.cookies.is_empty() {
            request = request.header(COOKIE, &ask.cookies);
        }
        ask.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
}

fn is_login(url: &Url) -> bool {
    ["/accounts/login", "/challenge", "/accounts/suspended"].iter().any(|path| url.path().starts_with(path))
}

fn failure(error: &reqwest::Error) -> Outcome {
    if is_inside(error) {
        Outcome::Forbidden
    } else if error.is_timeout() {
        Outcome::Slow
    } else {
        Outcome::Unreachable
    }
}
