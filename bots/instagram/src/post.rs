//! A post as it was understood, from whichever source it came.

use crate::links::PostId;

/// A post and what could be had of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Who posted it, without `@`.
    pub user: Option<String>,
    /// What they wrote, at most [`Post::MOST_CAPTION`] characters.
    pub caption: Option<String>,
    /// Its pictures and videos in order, at most [`Post::MOST_MEDIA`].
    pub media: Vec<Media>,
    /// What the source did not give.
    pub withheld: Withheld,
}

/// A picture or a video of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Which of both.
    pub kind: MediaKind,
    /// Where its file is: an address as the source gave it, not checked yet.
    pub url: String,
    /// In pixels, as the source says.
    pub width: Option<u32>,
    /// In pixels, as the source says.
    pub height: Option<u32>,
    /// A video's length in milliseconds, as the source says.
    pub duration_ms: Option<u64>,
    /// Where a video's still picture is.
    pub thumbnail: Option<String>,
}

/// A picture or a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
}

/// What of a post a source did not give, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Withheld {
    /// Nothing: all of it is there.
    Nothing,
    /// A video; its still picture stands in its place.
    Video,
    /// All but one picture, which may be a small one, or the still of a video.
    Rest,
    /// All pictures and videos.
    All,
}

impl Post {
    /// How many pictures and videos are kept: more than a carousel holds.
    pub const MOST_MEDIA: usize = 20;
    /// How many characters of a caption are kept: more than the site allows.
    pub const MOST_CAPTION: usize = 4_000;

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.withheld == Withheld::Nothing && !self.media.is_empty()
    }
}
