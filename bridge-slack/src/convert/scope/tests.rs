//! Lanes and keys of payloads, whole and broken.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bridge_core::event::Scope;
use bridge_core::id::{ChatId, ChatKey, RemoteUserId};

use super::scope_and_dedup;

fn chat(id: &str) -> Scope {
    Scope::Chat(ChatKey::shared(ChatId::new(id)))
}

#[test]
fn lanes() {
    let lane = |json: &str| scope_and_dedup(json).0;
    assert_eq!(lane(r#"{"team_id":"T1","event":{"type":"message","channel":"C1"}}"#), chat("t1-c1"));
    assert_eq!(
        lane(r#"{"team_id":"T1","event":{"type":"channel_rename","channel":{"id":"C1","name":"x"}}}"#),
        chat("t1-c1")
    );
    assert_eq!(
        lane(r#"{"team_id":"T1","event":{"type":"reaction_added","item":{"channel":"C1"}}}"#),
        chat("t1-c1")
    );
    assert_eq!(
        lane(r#"{"team_id":"T1","event":{"type":"pin_added","channel_id":"C1","item":5}}"#),
        chat("t1-c1")
    );
    assert_eq!(
        lane(r#"{"team_id":"T1","event":{"type":"user_change","user":{"id":"U1"}}}"#),
        Scope::User(RemoteUserId::new("t1-u1"))
    );
    assert_eq!(
        lane(
            r#"{"team_id":"T1","event":{"type":"channel_id_changed","old_channel_id":"G1","new_channel_id":"C1"}}"#
        ),
        chat("t1-g1")
    );
    assert_eq!(lane(r#"{"team_id":"T1","command":"/matrix","channel_id":"C1"}"#), chat("t1-c1"));
    assert_eq!(lane(r#"{"team_id":"T1","channel_id":"C1"}"#), Scope::Network);
    // Of the workspaces in a shared channel, the one that we see it through.
    assert_eq!(
        lane(r#"{"team_id":"T2","context_team_id":"T1","event":{"type":"message","channel":"C1"}}"#),
        chat("t1-c1")
    );
    assert_eq!(
        lane(
            r#"{"team_id":"T2","authorizations":[{"team_id":null},{"team_id":"T1"}],"event":{"channel":"C1"}}"#
        ),
        chat("t1-c1")
    );
    for other in [
        r#"{"team_id":"T1","event":{"type":"team_rename"}}"#,
        r#"{"event":{"type":"message","channel":"C1"}}"#,
        r#"{"team_id":"T1","event":{"type":"message","channel":"c1"}}"#,
        r#"{"team_id":"T1","event":{"type":"user_change","user":7}}"#,
        r#"{"team_id":"T1","event":[]}"#,
        "[]",
        "7",
        "",
        "not json",
    ] {
        assert_eq!(lane(other), Scope::Network, "{other}");
    }
}

#[test]
fn keys() {
    let key = |json: &str| scope_and_dedup(json).1.as_str().to_owned();
    assert_eq!(key(r#"{"event_id":"Ev1","event":{}}"#), "Ev1");
    assert_eq!(
        key(r#"{"team_id":"T1","event":{"type":"message","channel":"C1","ts":"1.000000"}}"#),
        "T1-C1-1.000000-plain"
    );
    assert_ne!(
        key(
            r#"{"team_id":"T1","event":{"type":"message","channel":"C1","ts":"1.000000","subtype":"message_changed"}}"#
        ),
        key(r#"{"team_id":"T1","event":{"type":"message","channel":"C1","ts":"1.000000"}}"#)
    );
    // Who asks the same twice asks twice.
    assert_eq!(key(r#"{"team_id":"T1","command":"/matrix","trigger_id":"1.2.a"}"#), "command-1.2.a");
    assert_eq!(key("not json"), key("not json"));
    assert_ne!(key("not json"), key("not json either"));
    assert!(key("{").starts_with("sha256-"));
    assert_eq!(key("").len(), "sha256-".len() + 32);
}

#[test]
fn a_key_given_twice_is_no_reason_to_lose_the_lane() {
    let json = r#"{"team_id":"T1","event_id":"Ev1","event":{"ts":"1.0","ts":"2.0","type":"message","channel":"C1"}}"#;
    let (scope, dedup) = scope_and_dedup(json);
    assert_eq!((scope, dedup.as_str()), (chat("t1-c1"), "Ev1"));
    let half = r#"{"team_id":"T1","event_id":"Ev1","event":{"text":"\ud83d","channel":"C1"}}"#;
    assert_eq!(scope_and_dedup(half).0, chat("t1-c1"));
}
