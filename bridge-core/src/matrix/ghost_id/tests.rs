//! Ghost names: fixed examples, and what must hold for every remote id.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use proptest::prelude::*;

use super::*;

fn ghosts() -> GhostIds {
    GhostIds::new("chat_", "hs.test".try_into().unwrap()).unwrap()
}

fn name(remote: &str) -> String {
    ghosts().user_id(&RemoteUserId::new(remote)).to_string()
}

#[test]
fn examples() {
    assert_eq!(name("U0ABC"), "@chat__u0_a_b_c:hs.test");
    assert_eq!(name("u0abc"), "@chat_u0abc:hs.test");
    assert_eq!(name("a_b"), "@chat_a__b:hs.test");
    assert_eq!(name("a:b%c"), "@chat_a=3ab=25c:hs.test");
    assert_eq!(name("../é"), "@chat_../=c3=a9:hs.test");
}

#[test]
fn a_long_id_is_cut_and_stays_unique() {
    let (a, b) = (format!("{}a", "X".repeat(300)), format!("{}b", "X".repeat(300)));
    assert_eq!(name(&a).len(), MAX_BYTES);
    assert_ne!(name(&a), name(&b));
    assert_eq!(ghosts().parse(&name(&a)), None);
    assert!(ghosts().contains(&name(&a)));
}

#[test]
fn an_alias_of_our_own_is_no_name_of_a_ghost() {
    let alias = ghosts().own_alias("control room");
    assert_eq!(alias, ghosts().own_alias("control room"));
    assert_ne!(alias, ghosts().own_alias("another room"));
    assert!(alias.as_str().starts_with("#chat_+") && alias.as_str().ends_with(":hs.test"), "{alias}");
    assert_eq!(ghosts().parse(&format!("@{}:hs.test", alias.alias())), None);
    let longest = GhostIds::new(&"p".repeat(MAX_BYTES - 35 - 7), "hs.test".try_into().unwrap()).unwrap();
    assert_eq!(longest.own_alias("control room").as_str().len(), MAX_BYTES);
}

#[test]
fn what_is_not_ours_is_not_parsed() {
    for other in [
        "@chatbot:hs.test",
        "@chat_u:other.test",
        "@chat_u:hs.test:80",
        "chat_u:hs.test",
        "@chat_U:hs.test",
        "@chat_=61:hs.test",
        "@chat_=4:hs.test",
        "@chat_=ff:hs.test",
        "@chat_a_:hs.test",
        "@chat_a_1:hs.test",
    ] {
        assert_eq!(ghosts().parse(other), None, "{other}");
    }
}

#[test]
fn a_prefix_must_fit_a_user_id() {
    let server = || OwnedServerName::try_from("hs.test").unwrap();
    assert!(GhostIds::new("", server()).is_err());
    assert!(GhostIds::new("Chat_", server()).is_err());
    assert!(GhostIds::new("a:b", server()).is_err());
    assert!(GhostIds::new(&"a".repeat(240), server()).is_err());
}

proptest! {
    #[test]
    fn every_name_is_in_the_namespace_and_lower_case(remote in any::<String>()) {
        let name = name(&remote);
        prop_assert!(name.starts_with("@chat_") && name.ends_with(":hs.test"));
        prop_assert!(name.len() <= MAX_BYTES);
        prop_assert!(name.bytes().all(|b| matches!(b, b'@' | b':' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'=' | b'-' | b'/' | b'+')));
        prop_assert!(ghosts().contains(&name));
    }

    #[test]
    fn short_ids_come_back(remote in "[A-Za-z0-9_.=/:+ é\u{0}-]{0,60}") {
        let user_id = name(&remote);
        prop_assert_eq!(ghosts().parse(&user_id), Some(RemoteUserId::new(remote)));
    }

    #[test]
    fn two_ids_have_two_names(a in "[aA_=2d]{0,6}", b in "[aA_=2d]{0,6}") {
        prop_assert_eq!(a == b, name(&a) == name(&b));
    }

    #[test]
    fn reading_any_name_gives_nothing_or_what_writes_it(localpart in "[a-z0-9_=+./-]{0,12}") {
        let user_id = format!("@chat_{localpart}:hs.test");
        if let Some(remote) = ghosts().parse(&user_id) {
            prop_assert_eq!(name(remote.as_str()), user_id);
        }
    }
}
