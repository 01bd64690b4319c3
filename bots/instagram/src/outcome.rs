//! The sources, and what asking one can come to.

use serde::{Deserialize, Serialize};

/// Where a post is looked for. The order is that in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The page that other sites show in a frame.
    Embed,
    /// The question that the site's own program asks for visitors without an account.
    Graphql,
    /// The post's page.
    Page,
    /// The documented interface for showing posts elsewhere; gives no picture.
    OembedGraph,
    /// The site's older, undocumented one; gives a preview picture.
    OembedWeb,
    /// A mirror that an admin named.
    Mirror,
}

impl Source {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Embed, Self::Graphql, Self::Page, Self::OembedGraph, Self::OembedWeb, Self::Mirror];

    /// Its name in metrics and config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Graphql => "graphql",
            Self::Page => "page",
            Self::OembedGraph => "oembed_graph",
            Self::OembedWeb => "oembed_web",
            Self::Mirror => "mirror",
        }
    }
}

/// What asking a source came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It gave the whole post.
    Ok,
    /// It gave a part: a still in a video's place, one picture of several, or words only.
    Withheld,
    /// It answered without the post, and without a reason.
    Empty,
    /// It says that there is nothing for visitors: deleted, or never public.
    Hidden,
    /// It says that the post does not exist.
    Gone,
    /// It says that the account is private.
    Private,
    /// It says that the post is not for all ages or countries.
    AgeOrGeo,
    /// It says that we asked too often.
    RateLimited,
    /// It wants somebody to sign in.
    LoginWall,
    /// Its answer cannot be read: it was changed, or a question's id is outdated.
    ChangedShape,
    /// Its answer is larger than any we read.
    TooLarge,
    /// It did not answer in time.
    Slow,
    /// It could not be reached, or reported a fault of its own.
    Unreachable,
    /// It led to an address that we do not ask.
    Forbidden,
    /// It was not asked, because it failed too often just now.
    Paused,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::Withheld,
        Self::Empty,
        Self::Hidden,
        Self::Gone,
        Self::Private,
        Self::AgeOrGeo,
        Self::RateLimited,
        Self::LoginWall,
        Self::ChangedShape,
        Self::TooLarge,
        Self::Slow,
        Self::Unreachable,
        Self::Forbidden,
        Self::Paused,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Withheld => "withheld",
            Self::Empty => "empty",
            Self::Hidden => "hidden",
            Self::Gone => "gone",
            Self::Private => "private",
            Self::AgeOrGeo => "age_or_geo",
            Self::RateLimited => "rate_limited",
            Self::LoginWall => "login_wall",
            Self::ChangedShape => "changed_shape",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::Unreachable => "unreachable",
            Self::Forbidden => "forbidden",
            Self::Paused => "paused",
        }
    }

    /// Whether it tells about the source and not about the post, so that asking it again soon is of no use.
    pub fn is_sources_fault(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::LoginWall
                | Self::ChangedShape
                | Self::TooLarge
                | Self::Slow
                | Self::Unreachable
                | Self::Forbidden
        )
    }

    /// Whether no other source will show the post, so that none is asked.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Gone | Self::Private)
    }
}
