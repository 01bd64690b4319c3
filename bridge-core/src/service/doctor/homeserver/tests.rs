//! What is said of a homeserver by what it answered.
#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use super::super::finding::Grade;
use super::*;

#[test]
fn clocks_may_differ_by_a_minute() {
    let date = "Sun, 29 Nov 2026 09:00:00 GMT";
    let at = 1_795_942_800_000;
    for (now, grade, words) in [
        (at, Grade::Fine, "agrees"),
        (at + 60_000, Grade::Fine, "agrees"),
        (at + 61_000, Grade::Look, "61 s ahead of"),
        (at - 3_600_000, Grade::Look, "3600 s behind"),
    ] {
        let found = clocks(Some(date), now).expect("a date");
        assert!(found.grade == grade && found.what.contains(words), "{found:?}");
    }
    assert_eq!(clocks(None, at), None);
    assert_eq!(clocks(Some("yesterday"), at), None);
}

#[test]
fn what_is_no_homeserver_is_known_by_its_answer() {
    let answer = |status, text: &str| Answer {
        status,
        date: None,
        json: serde_json::from_str(text).ok(),
        text: text.to_owned(),
    };
    assert!(is_homeserver(&answer(200, r#"{"versions":["v1.11"]}"#)));
    for (status, text) in [(200, "<html>"), (502, r#"{"versions":[]}"#), (200, "{}"), (404, "")] {
        assert!(!is_homeserver(&answer(status, text)), "{status} {text}");
    }
}

#[test]
fn a_token_that_is_known_as_somebody_else_says_what_is_wrong() {
    let error = MatrixError::Malformed("x".to_owned());
    for (known_as, key) in [
        (Some("@paperbot:other.test"), "homeserver.name: "),
        (Some("@oldbot:hs.test"), "appservice.bot: "),
        (Some("@paperbot:hs.test"), "The homeserver does not let us act as @paperbot:hs.test"),
        (None, "The homeserver does not let us act as @paperbot:hs.test"),
    ] {
        let found = another_user("hs.test", "paperbot", known_as, &error);
        assert!(found.grade == Grade::Bad && found.what.starts_with(key), "{found:?}");
    }
}

#[test]
fn each_end_of_the_round_trip_has_its_advice() {
    let url = Some("http://10.0.0.4:1");
    let cases = [
        (Ok(Duration::from_millis(3)), Grade::Fine, ""),
        (Err(PingError::NoConnection), Grade::Bad, "appservice.url"),
        (Err(PingError::Refused), Grade::Bad, "registration again and restart"),
        (Err(PingError::NoUrl), Grade::Bad, "registration again and restart"),
        (Err(PingError::SomebodyElse), Grade::Bad, "Stop that program"),
        (Err(PingError::Unsupported), Grade::Look, "message to the bot"),
        (Err(PingError::Homeserver(MatrixError::Unreachable("x".into()))), Grade::Bad, "log"),
    ];
    for (result, grade, advice) in cases {
        let found = way_back(result, url);
        assert_eq!(found.grade, grade, "{found:?}");
        assert!(found.remedy.as_deref().unwrap_or_default().contains(advice), "{found:?}");
    }
}
