//! Cases as data, and what holds for any text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;
use serde::Deserialize;

use super::{Link, Message, PostId, find};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    plain: Option<String>,
    html: Option<String>,
    most: Option<usize>,
    found: Vec<String>,
}

#[test]
fn cases() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("cases.json")).unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let message =
            Message { plain: case.plain.as_deref().unwrap_or_default(), html: case.html.as_deref() };
        let found = find(message, case.most.unwrap_or(5));
        let shown: Vec<String> = found.iter().map(Link::canonical).collect();
        assert_eq!(shown, case.found, "{}", case.name);
    }
}

#[test]
fn long_ids_are_of_private_accounts() {
    assert!(!PostId::read("DAbcdefghij").unwrap().is_private());
    assert!(!PostId::read(&"a".repeat(28)).unwrap().is_private());
    assert!(PostId::read(&"a".repeat(29)).unwrap().is_private());
    assert!(PostId::read(&"a".repeat(65)).is_none());
}

#[test]
fn an_id_spells_a_number() {
    assert_eq!(PostId::read("AAAAB").unwrap().number(), Some(1));
    assert_eq!(PostId::read("AAABA").unwrap().number(), Some(64));
    assert_eq!(PostId::read("BcQcdiXltba").unwrap().number(), Some(1_661_953_437_569_832_666));
    assert_eq!(PostId::read("zzzzzzzzzzzzz").unwrap().number(), None);
}

#[test]
fn many_backticks_take_linear_time() {
    // Far more than a message may hold: with squared time this would not end.
    let text: String = (0..2_000).map(|length| "`".repeat(length % 700 + 1) + " ").collect();
    assert_eq!(find(Message { plain: &text, html: None }, 5), []);
    let html = "<pre>".repeat(100_000);
    assert_eq!(find(Message { plain: "", html: Some(&html) }, 5), []);
}

proptest! {
    #[test]
    fn anything_is_read_without_harm(plain in any::<String>(), html in any::<Option<String>>(), most in 0..4_usize) {
        let found = find(Message { plain: &plain, html: html.as_deref() }, most);
        prop_assert!(found.len() <= most);
    }

    #[test]
    fn text_of_many_links_too(plain in "(https?://)?(www\\.|m\\.|d\\.)?(instagram\\.com|instagr\\.am|kkinstagram\\.com)/[a-z`<>/._?&=# -]{0,40}") {
        let _ = find(Message { plain: &plain, html: Some(&plain) }, 4);
    }

    #[test]
    fn a_canonical_link_is_found_as_itself(
        kind in prop::sample::select(vec!["p", "reel", "tv"]),
        id in "[A-Za-z0-9_-]{11,40}",
        index in prop::option::of(1..=20_u8),
        before in "[a-z .]{0,20}[ (\\[]",
        after in "[ .,)\\]!?]{0,3}",
    ) {
        let query = index.map(|index| format!("?img_index={index}")).unwrap_or_default();
        let address = format!("https://www.instagram.com/{kind}/{id}/{query}");
        let text = format!("{before}{address}{after}");
        let found = find(Message { plain: &text, html: None }, 5);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].canonical(), address.clone());
        prop_assert_eq!(Link::read(&address).unwrap(), found[0].clone());
    }

    #[test]
    fn every_shape_of_an_id_is_the_same_link(id in "[A-Za-z0-9_-]{11}", user in "[a-z0-9._]{1,30}", tracking in "[A-Za-z0-9=]{0,30}") {
        prop_assume!(!matches!(user.as_str(), "p" | "tv" | "reel" | "reels" | "share"));
        for shape in [
            format!("https://www.instagram.com/p/{id}/?igsh={tracking}"),
            format!("http://m.instagram.com/p/{id}?utm_source=ig_web_copy_link&igsh={tracking}"),
            format!("instagram.com/{user}/p/{id}/"),
            format!("https://instagr.am/p/{id}"),
            format!("https://ddinstagram.com/p/{id}/#x"),
        ] {
            let link = Link::read(&shape);
            prop_assert_eq!(link.map(|link| link.canonical()), Some(format!("https://www.instagram.com/p/{id}/")), "{}", shape);
        }
    }
}
