//! The section `slack:` of the config file.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::convert::Options;
use crate::transcode::Transcoder;

/// Settings of the Slack side. All of them have defaults that fit slack.com.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the Web API is. Other values than Slack's own are for government workspaces and for tests.
    /// Plain `http` is accepted only for 127.0.0.1.
    pub api_url: String,
    /// The hosts that keep people's files. Only these, and the Web API's own, are ever shown the bot's token.
    pub file_hosts: Vec<String>,
    /// Whether calls are held back to Slack's published limits, or only when Slack says so.
    pub rate_limits: RateLimits,
    /// Whether `@room` on Matrix pings the whole Slack channel (`@channel`). Off, it is shown as text.
    pub room_mentions: bool,
    /// Whether Slack shows previews of pages, pictures and videos that Matrix users link to.
    pub link_previews: bool,
    /// How an answer to a message outside of threads is shown: with a line above it that says what it answers (`quote`),
    /// in the answered message's thread (`thread`), or in that thread and in the channel as well (`broadcast`). With
    /// `broadcast`, what somebody writes within a thread goes to the channel as well if it is an answer to the message that
    /// the thread begins with.
    pub replies: Replies,
    /// Where it is said which Matrix users reacted to a message, since Slack counts all of them as the one app: in a note
    /// in the message's thread (`thread`), or nowhere (`off`).
    pub reaction_notes: ReactionNotes,
    /// The program that turns voice messages of Matrix into a form that Slack plays (M4A): `ffmpeg`, or where it is. A
    /// name is looked for in `PATH` at the start; without the program, or with `off`, they are sent as the files they
    /// are.
    pub ffmpeg: String,
}

/// How an answer to a message outside of threads is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replies {
    /// In the channel, with a line above that says what it answers.
    #[default]
    Quote,
    /// In the answered message's thread.
    Thread,
    /// In that thread, and in the channel as well.
    Broadcast,
}

/// Where it is said which Matrix users reacted to a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionNotes {
    /// In a note in the message's thread.
    #[default]
    Thread,
    /// Nowhere.
    Off,
}

/// How calls are spaced out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimits {
    /// Stay below the published limits, so that Slack seldom has to refuse a call.
    #[default]
    Quota,
    /// Call at once, and wait only when Slack answers "too many requests".
    Off,
}

/// What the keys mean, for the example config file.
pub(crate) const NOTES: &[(&str, &str)] = &[
    (
        "api_url",
        "Where Slack's Web API is; another address is for government workspaces and for tests. http:// only to 127.0.0.1.",
    ),
    (
        "file_hosts",
        "The hosts that keep people's files. Only these, and the Web API's own, are ever shown the bot's token.",
    ),
    (
        "rate_limits",
        "quota: calls are held back to Slack's published limits. off: only when Slack answers \"too many requests\".",
    ),
    (
        "room_mentions",
        "Whether @room on Matrix, by somebody whose power level allows it, pings the whole Slack channel. If not, it is\n\
         shown as text.",
    ),
    ("link_previews", "Whether Slack shows previews of what people on Matrix link to."),
    (
        "replies",
        "How an answer outside of threads is shown. quote: in the channel, under a line that says what it answers.\n\
         thread: in the answered message's thread. broadcast: there, and in the channel as well.",
    ),
    (
        "reaction_notes",
        "Slack counts all reactions from Matrix as the app's. thread: a note in the message's thread says whose they are.\n\
         off: it is said nowhere.",
    ),
    (
        "ffmpeg",
        "The program that turns voice messages of Matrix into a form that Slack plays (M4A): a name to look for in PATH, or\n\
         a path. Without it, or with off, they are sent as the files they are.",
    ),
];

impl Default for Config {
    fn default() -> Self {
        Self {
            api_url: "https://slack.com/api/".to_owned(),
            file_hosts: vec!["files.slack.com".to_owned(), "files-origin.slack.com".to_owned()],
            rate_limits: RateLimits::Quota,
            room_mentions: false,
            link_previews: true,
            replies: Replies::Quote,
            reaction_notes: ReactionNotes::Thread,
            ffmpeg: "ffmpeg".to_owned(),
        }
    }
}

impl Config {
    /// The Web API's address with a slash at its end. The error is a sentence that names the key.
    pub(crate) fn api_base(&self) -> Result<Url, String> {
        let wrong = |why: &str| {
            format!("api_url: {:?} {why}; the usual value is https://slack.com/api/.", self.api_url)
        };
        let mut url = Url::parse(&self.api_url).map_err(|_| wrong("is not an address"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(wrong("holds more than scheme, host and path"));
        }
        if !is_allowed(&url, "https", "http") {
            return Err(wrong("has to begin with https:// (http:// is accepted only for 127.0.0.1)"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    /// What the writing of posts depends on.
    pub(crate) fn options(&self) -> Options {
        Options {
            broadcast: self.room_mentions,
            unfurl_links: self.link_previews,
            unfurl_media: self.link_previews,
            replies: self.replies,
            reaction_notes: self.reaction_notes,
        }
    }

    /// The error is a sentence that names the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.api_base()?;
        Transcoder::find(&self.ffmpeg)?;
        match self.file_hosts.iter().find(|host| Host::parse(host).is_err()) {
            Some(host) => Err(format!(
                "file_hosts: {host:?} is not a host name; write it without https:// and without a path."
            )),
            None => Ok(()),
        }
    }
}

/// Whether an address is encrypted, or stays on this machine.
pub(crate) fn is_allowed(url: &Url, encrypted: &str, plain: &str) -> bool {
    url.scheme() == encrypted && url.has_host()
        || url.scheme() == plain && url.host() == Some(Host::Ipv4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(api_url: &str) -> Config {
        Config { api_url: api_url.to_owned(), ..Config::default() }
    }

    #[test]
    fn the_default_is_right_and_gets_its_slash_kept() {
        assert_eq!(Config::default().check(), Ok(()));
        assert_eq!(Config::default().api_base().map(String::from), Ok("https://slack.com/api/".to_owned()));
        let bare = with_url("http://127.0.0.1:9999/api");
        assert_eq!(bare.api_base().map(String::from), Ok("http://127.0.0.1:9999/api/".to_owned()));
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for refused in ["http://slack.com/api/", "http://127.0.0.2/api/", "ftp://127.0.0.1/", "slack.com", ""]
        {
            let sentence = with_url(refused).check().err().unwrap_or_default();
            assert!(sentence.starts_with("api_url: "), "{refused:?}: {sentence:?}");
        }
    }

    #[test]
    fn every_key_is_explained_where_it_is_printed() {
        let printed = serde_json::to_value(Config::default()).unwrap_or_default();
        let printed: Vec<&String> = printed.as_object().into_iter().flat_map(|keys| keys.keys()).collect();
        let mut explained: Vec<&str> = NOTES.iter().map(|(key, _)| *key).collect();
        explained.sort_unstable();
        assert_eq!(printed, explained);
        let lines = NOTES.iter().flat_map(|(_, note)| note.lines());
        assert!(lines.into_iter().all(|line| line.len() <= 120), "a comment is too wide");
    }

    #[test]
    fn hosts_are_hosts() {
        let config = Config { file_hosts: vec!["https://files.slack.com/".to_owned()], ..Config::default() };
        assert!(config.check().is_err_and(|sentence| sentence.starts_with("file_hosts: ")));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let config = Config { ffmpeg: "/nowhere/ffmpeg".to_owned(), ..Config::default() };
        assert!(
            config.check().is_err_and(
                |sentence| sentence.starts_with("ffmpeg: there is no program \"/nowhere/ffmpeg\"")
            )
        );
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let parsed = serde_json::from_str::<Config>(r#"{"api_ulr": "https://slack.com/api/"}"#);
        assert!(parsed.is_err_and(|error| error.to_string().contains("api_ulr")));
    }
}
