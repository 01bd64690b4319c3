//! What people are told: the caption of a post, and one honest line where something is missing.

use crate::fetch::FetchError;
use crate::instagram::Answer;
use crate::outcome::Outcome;
use crate::post::{Media, Post, Withheld};

/// How many characters a caption line has at most.
pub const LONGEST_CAPTION: usize = 1_000;
/// How many pictures and videos of a carousel are shown.
pub const MOST_SHOWN: usize = 10;

/// A text in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// As plain text.
    pub plain: String,
    /// As HTML, all of the post's own words escaped.
    pub html: String,
}

impl Words {
    fn of(plain: String) -> Self {
        let html = escape(&plain);
        Self { plain, html }
    }
}

/// The line "@user · caption", cut to [`LONGEST_CAPTION`] characters; `None` if the post has neither.
pub fn caption(post: &Post) -> Option<Words> {
    let user = post.user.as_ref().map(|user| format!("@{user}"));
    let line = match (user, post.caption.as_deref()) {
        (Some(user), Some(caption)) => format!("{user} · {caption}"),
        (Some(user), None) => user,
        (None, Some(caption)) => caption.to_owned(),
        (None, None) => return None,
    };
    Some(Words::of(cut(&line, LONGEST_CAPTION)))
}

/// The pictures and videos that are shown, and the line "+n more" if there are others. If the link meant one of those that
/// would not be shown, the shown ones end with it.
pub fn shown(post: &Post, img_index: Option<u8>) -> (std::ops::Range<usize>, Option<String>) {
    let all = post.media.len();
    let meant = img_index.map_or(0, usize::from).min(all);
    let end = meant.max(MOST_SHOWN.min(all));
    let from = end.saturating_sub(MOST_SHOWN);
    let left = all - (end - from);
    (from..end, (left > 0).then(|| format!("+{left} more")))
}

/// One line with the link that says what of a post is missing, and why; `None` if nothing is.
pub fn missing(answer: &Answer) -> Option<String> {
    let link = &answer.link;
    Some(match (&answer.post, answer.reason) {
        (Some(post), _) => match (post.withheld, post.media.as_slice()) {
            (Withheld::Nothing, _) => return None,
            (Withheld::Video, _) => format!("Instagram does not give out the video. Watch it there: {link}"),
            (Withheld::Rest, [Media { .. }, ..]) => {
                format!("Instagram gives out a preview only. See the post there: {link}")
            }
            (Withheld::Rest | Withheld::All, _) => {
                format!("Instagram does not give out the pictures. See the post there: {link}")
            }
        },
        (None, Outcome::Private) => {
            format!("This post is of a private account and cannot be shown here: {link}")
        }
        (None, Outcome::Gone) => format!("Instagram says that this post does not exist: {link}"),
        (None, Outcome::Hidden) => {
            format!(
                "Instagram shows this post to nobody without an account; it may be deleted or private: {link}"
            )
        }
        (None, Outcome::AgeOrGeo) => {
            format!("Instagram restricts this post by age or country, so it cannot be shown here: {link}")
        }
        (None, Outcome::RateLimited) => {
            format!("Instagram answers this server no more for a while, because it asked often: {link}")
        }
        (None, Outcome::LoginWall) => {
            format!(
                "Instagram wants somebody to sign in first, as it does with servers that asked often: {link}"
            )
        }
        (None, Outcome::Paused) => {
            format!("Instagram refused several times in a row and is left alone for a while: {link}")
        }
        (None, Outcome::Slow) => format!("Instagram did not answer in time: {link}"),
        (None, Outcome::Unreachable) => format!("Instagram could not be reached: {link}"),
        (None, _) => format!("Instagram's answer held no post that could be read: {link}"),
    })
}

/// One line with the link that says why a file of a post is not shown.
pub fn not_fetched(error: &FetchError, link: &str) -> String {
    match error {
        FetchError::TooBig { bytes: Some(bytes), limit } => {
            format!("The file has {}, and at most {} are shown here: {link}", size(*bytes), size(*limit))
        }
        FetchError::TooBig { bytes: None, limit } => {
            format!("The file has more than the {} that are shown here: {link}", size(*limit))
        }
        FetchError::Expired => format!("Instagram gave out an address that is not valid any more: {link}"),
        FetchError::WrongType => format!("What Instagram gave out is no whole picture or video: {link}"),
        FetchError::Forbidden => {
            format!("The file is not on Instagram's own servers and was not fetched: {link}")
        }
        FetchError::Slow => format!("The file did not come in time: {link}"),
        FetchError::Unreachable => format!("The file could not be fetched from Instagram: {link}"),
        // What is wrong with this machine is for its log.
        FetchError::Disk(_) => format!("The file could not be kept here: {link}"),
    }
}

/// Cuts a text to so many characters, at a space if one is near, with a sign that it goes on.
fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    // The sign takes one.
    let last = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
    let kept = &text[..last];
    let space = kept.rfind(char::is_whitespace).filter(|at| last - at < 60);
    format!("{}…", kept[..space.unwrap_or(last)].trim_end())
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}

/// A length as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests;
