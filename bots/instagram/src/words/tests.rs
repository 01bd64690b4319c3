//! The lines that people see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::{LONGEST_CAPTION, caption, cut, missing, not_fetched, shown, size};
use crate::fetch::FetchError;
use crate::instagram::Answer;
use crate::outcome::Outcome;
use crate::post::{Post, Withheld};
use crate::testing::shapes;

const LINK: &str = "https://www.instagram.com/p/DAbcdefghij/";

fn answer(post: Option<Post>, reason: Outcome) -> Answer {
    Answer { id: None, link: LINK.to_owned(), post, reason, tried: Vec::new(), keep: Duration::ZERO }
}

#[test]
fn a_caption_is_escaped() {
    let post = shapes::post("DAbcdefghij", Vec::new());
    let words = caption(&post).unwrap();
    assert_eq!(words.plain, "@some.user_1 · A cat & a \"dog\" <b>\n#cats 🐈");
    assert_eq!(words.html, "@some.user_1 · A cat &amp; a &quot;dog&quot; &lt;b&gt;<br>#cats 🐈");
    assert_eq!(caption(&Post { user: None, caption: None, ..post.clone() }), None);
    assert_eq!(caption(&Post { caption: None, ..post }).unwrap().plain, "@some.user_1");
}

#[test]
fn each_reason_has_a_line_of_its_own() {
    let mut seen = HashSet::new();
    for reason in [
        Outcome::Private,
        Outcome::Gone,
        Outcome::Hidden,
        Outcome::AgeOrGeo,
        Outcome::RateLimited,
        Outcome::LoginWall,
        Outcome::Paused,
        Outcome::Slow,
        Outcome::Unreachable,
        Outcome::ChangedShape,
    ] {
        assert!(seen.insert(missing(&answer(None, reason)).unwrap()), "{reason:?}");
    }
    let mut post = shapes::post("DAbcdefghij", vec![shapes::image("https://a.cdninstagram.com/a")]);
    assert_eq!(missing(&answer(Some(post.clone()), Outcome::Ok)), None);
    for withheld in [Withheld::Video, Withheld::Rest, Withheld::All] {
        post.withheld = withheld;
        assert!(seen.insert(missing(&answer(Some(post.clone()), Outcome::Withheld)).unwrap()));
    }
    for error in [
        FetchError::TooBig { bytes: Some(80_500_000), limit: 50_000_000 },
        FetchError::TooBig { bytes: None, limit: 50_000_000 },
        FetchError::Expired,
        FetchError::WrongType,
        FetchError::Forbidden,
        FetchError::Slow,
        FetchError::Unreachable,
        FetchError::Disk(std::io::Error::other("/secret/path")),
    ] {
        assert!(seen.insert(not_fetched(&error, LINK)), "{error:?}");
    }
    for line in seen {
        assert!(line.ends_with(LINK) && !line.contains('\n') && !line.contains("secret"), "{line}");
    }
    let big = not_fetched(&FetchError::TooBig { bytes: Some(80_500_000), limit: 50_000_000 }, LINK);
    assert_eq!(big, format!("The file has 80.5 MB, and at most 50.0 MB are shown here: {LINK}"));
    assert_eq!(size(1), "1 kB");
}

#[test]
fn ten_are_shown_and_the_rest_counted() {
    let post =
        |count| shapes::post("DAbcdefghij", vec![shapes::image("https://a.cdninstagram.com/a"); count]);
    assert_eq!(shown(&post(10), None), (0..10, None));
    assert_eq!(shown(&post(0), Some(3)), (0..0, None));
    assert_eq!(shown(&post(13), None), (0..10, Some("+3 more".to_owned())));
    assert_eq!(shown(&post(13), Some(4)), (0..10, Some("+3 more".to_owned())));
    assert_eq!(shown(&post(13), Some(12)), (2..12, Some("+3 more".to_owned())));
    assert_eq!(shown(&post(13), Some(20)), (3..13, Some("+3 more".to_owned())));
}

#[test]
fn long_captions_are_cut_at_a_space() {
    assert_eq!(cut("one two", 7), "one two");
    assert_eq!(cut("one two three", 9), "one two…");
    assert_eq!(cut(&"x".repeat(2_000), 1_000).chars().count(), 1_000);
}

proptest! {
    #[test]
    fn no_caption_is_too_long_or_has_a_tag(text in "[<>&\"a ä🐈\n]{0,1200}") {
        let post = Post { caption: Some(text), ..shapes::post("DAbcdefghij", Vec::new()) };
        let words = caption(&post).unwrap();
        prop_assert!(words.plain.chars().count() <= LONGEST_CAPTION);
        prop_assert!(!words.html.replace("<br>", "").contains(['<', '>', '"']));
    }
}
