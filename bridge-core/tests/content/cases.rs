//! The case files: `html`/`body` to rich text, rich text to `html`, `plain` and mentions.

use std::collections::HashSet;

use bridge_core::content::{html_read, html_write};
use serde_json::{Value, json};

use crate::sketch;

fn cases(file: &str) -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_str(file).unwrap();
    let names: HashSet<&str> = cases.iter().map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), cases.len(), "every case has its own name");
    assert!(cases.len() >= 60);
    cases
}

fn report(failures: &[String]) {
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// A case has `html` or `body` (or both), and what is read.
#[test]
fn read_cases() {
    let lookup = sketch::lookup();
    let mut failures = Vec::new();
    for case in cases(include_str!("../cases/read.json")) {
        let read = html_read::read(case["body"].as_str().unwrap_or(""), case["html"].as_str(), &lookup);
        let wanted = sketch::text(&case["read"]);
        if read != wanted {
            failures.push(format!("{}\n  wanted {wanted:?}\n  but is {read:?}", case["name"]));
        }
    }
    report(&failures);
}

/// A case has a text, the HTML (null for none), the plain text, and the mentions if there are any. The room may be
/// notified unless the case says otherwise.
#[test]
fn write_cases() {
    let lookup = sketch::lookup();
    let mut failures = Vec::new();
    for case in cases(include_str!("../cases/write.json")) {
        let options = html_write::WriteOptions { room_mentions: case["room_mentions"] != false };
        let written = html_write::write(&sketch::text(&case["text"]), &lookup, options);
        let is = json!({
            "html": written.html,
            "plain": written.plain,
            "users": written.mentions.user_ids,
            "room": written.mentions.room,
        });
        let wanted = json!({
            "html": case["html"],
            "plain": case["plain"],
            "users": case.get("users").unwrap_or(&json!([])),
            "room": case.get("room").unwrap_or(&json!(false)),
        });
        if is != wanted {
            failures.push(format!("{}\n  wanted {wanted}\n  but is {is}", case["name"]));
        }
    }
    report(&failures);
}
