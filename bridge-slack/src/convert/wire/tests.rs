//! Odd documents are read as far as they go.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::{Payload, read, whole_surrogates};

fn event(json: &str) -> super::Event {
    read::<Payload>(&format!(r#"{{"event":{json}}}"#)).unwrap().event.unwrap()
}

#[test]
fn fields_of_odd_types() {
    let event = event(
        r#"{"type":"message","text":7,"user":{"id":"U1","x":[1]},"ts":1700000000.0001,"hidden":"no","bot_id":null,
            "app_id":[1,{"a":2}],"blocks":{},"files":[null,1,{"name":5,"permalink":{}}],"icons":[],
            "metadata":{"event_type":"x","event_payload":{"marker":3,"n":1.5}}}"#,
    );
    assert_eq!((event.text.as_str(), &*event.user.0, &*event.ts), ("7", "U1", "1700000000.000100"));
    assert!(!event.hidden && event.bot_id.is_empty() && event.app_id.is_empty() && event.blocks.is_none());
    let files = event.files.unwrap();
    assert_eq!((files.len(), &*files[2].name, &*files[2].permalink), (3, "5", ""));
    assert_eq!(event.metadata.unwrap().event_payload.unwrap().marker, "3");
}

#[test]
fn keys_given_twice_and_halves_of_characters() {
    assert_eq!(event(r#"{"text":"a","text":"b"}"#).text.as_str(), "b");
    assert_eq!(event(r#"{"text":"cut \ud83d"}"#).text.as_str(), "cut \u{fffd}");
    assert_eq!(event(r#"{"text":"\udc4b \ud83d\ud83d\udc4b"}"#).text.as_str(), "\u{fffd} \u{fffd}\u{1f44b}");
    assert_eq!(whole_surrogates(r#""\\ud83d \"é\é\ud8"#), r#""\\ud83d \"é\é\ud8"#);
}

#[test]
fn no_document_at_all() {
    for json in ["", "{", "\\", "\u{0}", r#"{"event":{"#] {
        assert!(read::<Payload>(json).is_none(), "{json:?}");
    }
    for json in ["{}", r#"{"event":1}"#, r#"{"event":[]}"#] {
        assert!(read::<Payload>(json).unwrap().event.is_none(), "{json:?}");
    }
}
