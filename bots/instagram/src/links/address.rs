//! One address: whether it names a post, and the one form in which it is written from then on.

use std::fmt;

/// What a link leads to, and which picture of it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The post, or what has to be resolved into one.
    pub target: Target,
    /// The picture of a carousel that was shared, counted from 1.
    pub img_index: Option<u8>,
}

/// What a link names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A post by its id.
    Post {
        /// Where in the site it was shared from.
        kind: Kind,
        /// Its id.
        id: PostId,
    },
    /// A token that the site resolves into a post by one redirect.
    Share {
        /// What it was said to be.
        kind: Option<Kind>,
        /// The token: letters, digits, `-` and `_`.
        token: String,
    },
}

/// The part of the site a link leads through. The same post is found through each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A post, `/p/`.
    Post,
    /// A short video, `/reel/` or `/reels/`.
    Reel,
    /// A long video, `/tv/`.
    Tv,
}

/// A post's id in the alphabet A–Z a–z 0–9 - _, usually 11 characters long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(String);

/// Above this length an id carries a key of its own, which only followers of a private account get.
const LONGEST_PUBLIC: usize = 28;
/// Neither ids nor tokens are longer or shorter; `audio` and the like are words of the site, not ids.
const LENGTHS: std::ops::RangeInclusive<usize> = 5..=64;
const WORDS_OF_THE_SITE: &[&str] = &["audio", "videos", "embed", "create", "saved", "tagged"];

/// The site's own hosts.
const SITE: &[&str] = &["instagram.com", "instagr.am"];
/// Hosts that people put in the place of the site's to make previews work; the path is the same.
const MIRRORS: &[&str] = &[
    "ddinstagram.com",
    "eeinstagram.com",
    "fxinstagram.com",
    "gginstagram.com",
    "instagram7.com",
    "instagramez.com",
    "kkinstagram.com",
    "rxinstagram.com",
    "toinstagram.com",
    "uuinstagram.com",
    "vxinstagram.com",
    "zzinstagram.com",
];

impl Link {
    /// Reads an address, with or without its scheme; `None` if it names no post.
    pub fn read(text: &str) -> Option<Self> {
        let (host, rest) = host_and_rest(text)?;
        if !is_known(host) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A sentence's last signs belong to the sentence; no path and no number of a picture ends with one.
        let path = path.trim_end_matches(END_OF_SENTENCE);
        Some(Self { target: target(path)?, img_index: img_index(query) })
    }

    /// The form in which the link is shown and asked for: the site's own host, no tracking.
    pub fn canonical(&self) -> String {
        let path = match &self.target {
            Target::Post { kind, id } => format!("{}/{id}", kind.path()),
            Target::Share { kind: Some(kind), token } => format!("share/{}/{token}", kind.path()),
            Target::Share { kind: None, token } => format!("share/{token}"),
        };
        match self.img_index {
            Some(index) => format!("https://www.instagram.com/{path}/?img_index={index}"),
            None => format!("https://www.instagram.com/{path}/"),
        }
    }
}

impl Target {
    /// Whether both lead to the same post, by whatever part of the site.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Post { id, .. }, Self::Post { id: other, .. }) => id == other,
            (Self::Share { token, .. }, Self::Share { token: other, .. }) => token == other,
            _ => false,
        }
    }
}

impl Kind {
    /// Its name in a path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Post => "p",
            Self::Reel => "reel",
            Self::Tv => "tv",
        }
    }

    fn read(segment: &str) -> Option<Self> {
        match segment {
            "p" => Some(Self::Post),
            "reel" | "reels" => Some(Self::Reel),
            "tv" => Some(Self::Tv),
            _ => None,
        }
    }
}

impl PostId {
    /// Reads an id; `None` if it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        (is_token(text) && !WORDS_OF_THE_SITE.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// The id as it stands in addresses.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only followers of a private account can see the post, so that asking for it is useless.
    pub fn is_private(&self) -> bool {
        self.0.len() > LONGEST_PUBLIC
    }

    /// The number that the id spells, by which some questions name the post; `None` if it is not that small.
    pub fn number(&self) -> Option<u64> {
        self.0.bytes().try_fold(0_u64, |number, sign| {
            let digit = match sign {
                b'A'..=b'Z' => sign - b'A',
                b'a'..=b'z' => sign - b'a' + 26,
                b'0'..=b'9' => sign - b'0' + 52,
                b'-' => 62,
                _ => 63,
            };
            number.checked_mul(64)?.checked_add(u64::from(digit))
        })
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const END_OF_SENTENCE: &[char] = &['.', '!', '?', ':', '*', '~', '…'];

/// Cuts an address into its host and what follows. The scheme may be missing, or words may stand before it.
fn host_and_rest(text: &str) -> Option<(&str, &str)> {
    let bare = match text.find("://") {
        Some(at) => {
            let scheme = text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            if !(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")) {
                return None;
            }
            &text[at + 3..]
        }
        None => text,
    };
    let end = bare.find(['/', '?', '#'])?;
    Some((&bare[..end], &bare[end..]))
}

fn is_known(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = ["www.", "m."].iter().find_map(|prefix| host.strip_prefix(prefix)).unwrap_or(&host);
    // Mirrors choose what they show by a letter before their name.
    let of_mirror = ["d.", "g."].iter().find_map(|prefix| host.strip_prefix(prefix)).unwrap_or(bare);
    SITE.contains(&bare) || MIRRORS.contains(&of_mirror)
}

fn target(path: &str) -> Option<Target> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let first = segments.next()?;
    let second = segments.next()?;
    if first == "share" {
        let kind = Kind::read(second);
        let token = if kind.is_some() { segments.next()? } else { second };
        return is_token(token).then(|| Target::Share { kind, token: token.to_owned() });
    }
    let (kind, id) = match (Kind::read(first), Kind::read(second)) {
        (Some(kind), _) => (kind, second),
        (None, Some(kind)) if is_user(first) => (kind, segments.next()?),
        _ => return None,
    };
    Some(Target::Post { kind, id: PostId::read(id)? })
}

fn is_token(text: &str) -> bool {
    LENGTHS.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_user(text: &str) -> bool {
    !matches!(text, "stories" | "explore" | "accounts" | "direct")
        && text.len() <= 30
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

/// A carousel holds at most 20 pictures.
fn img_index(query: &str) -> Option<u8> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("img_index="))?;
    value.trim_end_matches(END_OF_SENTENCE).parse().ok().filter(|index| (1..=20).contains(index))
}
