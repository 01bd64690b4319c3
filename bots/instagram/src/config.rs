//! The settings of an instance, as written and as checked.

pub(crate) mod checked;

use serde::{Deserialize, Serialize};

pub use checked::Settings;

use crate::outcome::Source;

/// The settings as written. Each key may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the bot answers at all.
    pub enabled: bool,
    /// The largest file that is fetched, in bytes; the homeserver's own limit holds besides.
    pub max_file_size: u64,
    /// The rooms in which the bot answers. Nothing here reads it; it belongs to whoever runs the bot.
    pub room_subscriptions: Vec<String>,
    /// How many links of one message are answered.
    pub max_links: usize,
    /// The sources that are asked, in this order. The mirror is asked only if one is named.
    pub sources: Vec<Source>,
    /// The base address of a mirror, such as `https://mirror.example/`. Whoever runs it sees which posts are asked for.
    pub mirror: Option<String>,
    /// Limits of time and size.
    pub limits: Limits,
    /// How the site's own question for visitors is asked.
    pub graphql: Graphql,
    /// How long is remembered what was found.
    pub cache: CacheLimits,
    /// What we say we are. The site answers browsers only.
    pub user_agent: String,
    /// Where the site is.
    pub endpoints: Endpoints,
}

/// Limits of time and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long one source may take, in milliseconds.
    pub source_ms: u64,
    /// How long all sources together may take, in milliseconds.
    pub total_ms: u64,
    /// How long a file may take, in milliseconds.
    pub download_ms: u64,
    /// How long a message's answer may take, files and all, in milliseconds. Nothing here reads it; it belongs to whoever
    /// runs the bot.
    pub answer_ms: u64,
    /// The largest page that is read, in bytes, unpacked.
    pub page_bytes: usize,
}

/// How the site's own question for visitors is asked. These change every few months: hence they are settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Graphql {
    /// The questions, tried in order until one is understood; the one that was goes first the next time.
    pub questions: Vec<Question>,
    /// The number of the site's own program.
    pub app_id: String,
    /// A token that is sent along; if missing, the one that the site's last page brought.
    pub lsd: Option<String>,
}

/// A question that the site knows by a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its number.
    pub doc_id: String,
    /// How it names the post.
    #[serde(default)]
    pub by: AskedBy,
    /// Its path at the site.
    #[serde(default = "default_path")]
    pub path: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

fn default_path() -> String {
    "graphql/query".to_owned()
}

/// How a question names the post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// By the id as it stands in links.
    #[default]
    Shortcode,
    /// By the number that the id spells.
    MediaId,
}

/// How long is remembered what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheLimits {
    /// How many posts are remembered.
    pub posts: usize,
    /// How long a post is remembered at most, in seconds; never longer than its addresses are signed for.
    pub keep_s: u64,
}

/// Where the site is. In tests, a stand-in on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoints {
    /// The site.
    pub web: String,
    /// The documented interface, with its version.
    pub graph: String,
    /// The hosts, with all below them, from which files are fetched.
    pub media_hosts: Vec<String>,
    /// For tests only: lets the addresses above be on this machine (127.0.0.1 with its port), without TLS.
    pub test_loopback: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            max_file_size: 50_000_000,
            room_subscriptions: Vec::new(),
            max_links: 3,
            sources: Source::ALL.to_vec(),
            mirror: None,
            limits: Limits::default(),
            graphql: Graphql::default(),
            cache: CacheLimits::default(),
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/141.0.0.0 Safari/537.36"
                .to_owned(),
            endpoints: Endpoints::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_ms: 1_500,
            total_ms: 4_500,
            download_ms: 20_000,
            answer_ms: 4_500,
            page_bytes: 4 * 1024 * 1024,
        }
    }
}

impl Default for Graphql {
    fn default() -> Self {
        let question = |doc_id: &str, by, path: &str, name: &str| Question {
            doc_id: doc_id.to_owned(),
            by,
            path: path.to_owned(),
            name: name.to_owned(),
        };
        Self {
            questions: vec![
                question(
                    "27130156389949648",
                    AskedBy::MediaId,
                    "api/graphql",
                    "PolarisLoggedOutDesktopWWWPostRootContentQuery",
                ),
                question("27128499623469141", AskedBy::Shortcode, "graphql/query", "PolarisPostRootQuery"),
                question(
                    "8845758582119845",
                    AskedBy::Shortcode,
                    "graphql/query",
                    "PolarisPostActionLoadPostQueryQuery",
                ),
            ],
            app_id: "936619743392459".to_owned(),
            lsd: None,
        }
    }
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { posts: 500, keep_s: 3_600 }
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            web: "https://www.instagram.com/".to_owned(),
            graph: "https://graph.facebook.com/v26.0/".to_owned(),
            media_hosts: vec!["cdninstagram.com".to_owned(), "fbcdn.net".to_owned()],
            test_loopback: false,
        }
    }
}

#[cfg(test)]
mod tests;
