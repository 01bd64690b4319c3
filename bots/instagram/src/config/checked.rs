//! The settings once they make sense: addresses are read, and lead nowhere but to the site.

use std::time::Duration;

use bridge_core::net_guard::NetGuard;
use url::{Host, Url};

use super::Config;

/// Settings that make sense.
#[derive(Debug, Clone)]
pub struct Settings {
    /// As written.
    pub config: Config,
    pub(crate) web: Url,
    pub(crate) graph: Url,
    pub(crate) mirror: Option<Url>,
    pub(crate) guard: NetGuard,
}

/// What an address is asked for, which decides where it may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Realm {
    /// The site's pages.
    Site,
    /// The documented interface.
    Graph,
    /// Files of posts.
    Media,
    /// The mirror's pages.
    Mirror,
}

impl Config {
    /// Checks the settings. The errors are sentences, one for each key that does not fit.
    pub fn check(self) -> Result<Settings, Vec<String>> {
        let mut problems = Vec::new();
        let is_test = self.endpoints.test_loopback;
        let mut base = |key: &str, text: &str| match base_url(text, is_test) {
            Ok(url) => Some(url),
            Err(why) => {
                problems.push(format!("{key}: {why}"));
                None
            }
        };
        let web = base("endpoints.web", &self.endpoints.web);
        let graph = base("endpoints.graph", &self.endpoints.graph);
        let mirror = self.mirror.as_deref().map(|text| base("mirror", text));
        if self.endpoints.media_hosts.iter().any(|host| !is_media_host(host, is_test)) {
            problems.push(
                "endpoints.media_hosts: names something that is not a host of the internet. Write names such as \
                 cdninstagram.com."
                    .to_owned(),
            );
        }
        for (key, number) in [
            ("max_file_size", self.max_file_size),
            ("limits.source_ms", self.limits.source_ms),
            ("limits.total_ms", self.limits.total_ms),
            ("limits.download_ms", self.limits.download_ms),
            ("limits.answer_ms", self.limits.answer_ms),
            ("limits.page_bytes", self.limits.page_bytes as u64),
            ("cache.posts", self.cache.posts as u64),
        ] {
            if number == 0 {
                problems
                    .push(format!("{key}: is 0, so nothing could ever be shown. Write a number above 0."));
            }
        }
        let doc_ids = self.graphql.questions.iter().map(|question| &question.doc_id);
        if doc_ids.clone().any(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit())) {
            problems.push("graphql.questions: a doc_id consists of digits only.".to_owned());
        }
        if http::HeaderValue::from_str(&self.user_agent).is_err() {
            problems.push("user_agent: holds signs that cannot be sent. Write plain letters.".to_owned());
        }
        match (web, graph, mirror) {
            (Some(web), Some(graph), mirror) if problems.is_empty() => Ok(Settings {
                web,
                graph,
                mirror: mirror.flatten(),
                guard: if is_test {
                    NetGuard::trusting(["127.0.0.1".to_owned()])
                } else {
                    NetGuard::default()
                },
                config: self,
            }),
            _ => Err(problems),
        }
    }
}

impl Settings {
    /// Whether something may be asked at this address. Asked before each request and after each redirect.
    pub(crate) fn allows(&self, url: &Url, realm: Realm) -> bool {
        if !url.username().is_empty() || url.password().is_some() || self.guard.check(url).is_err() {
            return false;
        }
        let base = match realm {
            Realm::Site => Some(&self.web),
            Realm::Graph => Some(&self.graph),
            Realm::Mirror => self.mirror.as_ref(),
            Realm::Media => None,
        };
        if base.is_some_and(|base| base.origin() == url.origin()) {
            return true;
        }
        if self.is_test_media(url, realm) {
            return true;
        }
        let Some(Host::Domain(host)) = url.host() else { return false };
        if url.scheme() != "https" || url.port().is_some() {
            return false;
        }
        match realm {
            // The site sends visitors from one of its names to another.
            Realm::Site => {
                is_within(host, SITE) && self.web.host_str().is_some_and(|web| is_within(web, SITE))
            }
            Realm::Media => self.config.endpoints.media_hosts.iter().any(|known| is_within(host, known)),
            Realm::Graph | Realm::Mirror => false,
        }
    }

    fn is_test_media(&self, url: &Url, realm: Realm) -> bool {
        let authority = url.host_str().zip(url.port()).map(|(host, port)| format!("{host}:{port}"));
        self.config.endpoints.test_loopback
            && realm == Realm::Media
            && url.scheme() == "http"
            && authority.is_some_and(|own| self.config.endpoints.media_hosts.contains(&own))
    }

    pub(crate) fn source_time(&self) -> Duration {
        Duration::from_millis(self.config.limits.source_ms)
    }

    pub(crate) fn total_time(&self) -> Duration {
        Duration::from_millis(self.config.limits.total_ms)
    }
}

const SITE: &str = "instagram.com";

fn is_within(host: &str, known: &str) -> bool {
    host.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn base_url(text: &str, is_test: bool) -> Result<Url, String> {
    let mut url =
        Url::parse(text).map_err(|_| "is not an address. Write one such as https://…/.".to_owned())?;
    let is_loopback = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback());
    if is_test && is_loopback && url.scheme() == "http" {
        return Ok(url);
    }
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return Err("has to begin with https:// and to hold no password.".to_owned());
    }
    if !matches!(url.host(), Some(Host::Domain(name)) if name.contains('.'))
        || NetGuard::default().check(&url).is_err()
    {
        return Err("has to name a host of the internet.".to_owned());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn is_media_host(host: &str, is_test: bool) -> bool {
    let is_name = host.contains('.')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && host.bytes().any(|b| b.is_ascii_alphabetic());
    is_name || is_test && host.starts_with("127.0.0.1:")
}
