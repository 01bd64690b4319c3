//! Reads what the running program says of itself.

use serde_json::Value;

use super::finding::Finding;
use super::homeserver::words;

const PART: &str = "program";

/// What a health document says; none for one that is not of a program of ours.
pub(super) fn read(document: &Value) -> Option<Vec<Finding>> {
    let ready = document["ready"].as_bool()?;
    if !document["program"].is_object() {
        return None;
    }
    let mut findings = match document["problems"].as_array() {
        Some(problems) => problems.iter().map(problem).collect(),
        None => parts(document),
    };
    if findings.is_empty() && !ready {
        findings.push(Finding::bad(
            PART,
            "It runs and is not ready, and does not say why.",
            "Ask again in a minute; look at its log.",
        ));
    }
    if findings.is_empty() {
        let what = match document["role"].as_str() {
            Some("standby") => "It runs and stands by: another process works.",
            _ => "It runs and is ready.",
        };
        findings.push(Finding::fine(PART, what));
    }
    Some(findings)
}

/// One of the problems that a program lists.
fn problem(problem: &Value) -> Finding {
    let code = words(&problem["code"]).unwrap_or_default();
    let part = words(&problem["part"]).unwrap_or_default();
    let reason = words(&problem["reason"]).unwrap_or_else(|| "Something is wrong.".to_owned());
    let remedy =
        words(&problem["remedy"]).unwrap_or_else(|| format!("Look at docs/runbook.md, under {code}."));
    let what = format!("It runs, and says of {part}: {reason} ({code})");
    match problem["state"].as_str() {
        Some("down") => Finding::bad(PART, what, remedy),
        _ => Finding::look(PART, what, remedy),
    }
}

/// What is wrong, by the parts of a document without a list of problems.
fn parts(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, remedy) in [
        ("program", "Restart the program; its log says what broke."),
        ("database", "Look at the database's disk, and whether its server runs."),
        ("homeserver", "Look whether the homeserver runs, and whether its registration of us is this one."),
    ] {
        let part = &document[name];
        if part["ok"].as_bool() == Some(false) {
            let reason = words(&part["reason"]).unwrap_or_else(|| "it does not say why.".to_owned());
            findings.push(Finding::bad(PART, format!("It runs, and says of the {name}: {reason}"), remedy));
        }
    }
    if document["role"].as_str() == Some("lost") {
        findings.push(Finding::bad(
            PART,
            "It runs, but another process has taken over its work.",
            "It ends by itself; start it again, and it stands by.",
        ));
    }
    for login in document["own"]["logins"].as_array().into_iter().flatten() {
        let state = login["connection"]["state"].as_str().or_else(|| login["connection"].as_str());
        let name = words(&login["login"]).unwrap_or_default();
        let remedy = match state {
            Some("bad_credentials" | "not_started") => "Log in again with `login`, in a chat with the bot.",
            Some("degraded") => "Stop other programs that use the same tokens.",
            _ => continue,
        };
        let state = state.unwrap_or_default();
        findings.push(Finding::look(PART, format!("It runs, and its login {name} is {state}."), remedy));
    }
    findings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde_json::json;

    use super::super::finding::Grade;
    use super::*;

    fn document(ready: bool) -> Value {
        json!({ "ready": ready, "role": "working", "program": { "ok": true }, "database": { "ok": true },
            "homeserver": { "ok": true }, "own": { "logins": [] } })
    }

    #[test]
    fn a_document_is_of_a_program_of_ours_or_not() {
        assert_eq!(read(&json!({})), None);
        assert_eq!(read(&json!({ "ready": true })), None);
        assert_eq!(read(&document(true)).unwrap(), [Finding::fine("program", "It runs and is ready.")]);
        assert_eq!(read(&document(false)).unwrap()[0].grade, Grade::Bad);
        let mut standby = document(true);
        standby["role"] = "standby".into();
        assert!(read(&standby).unwrap()[0].what.contains("stands by"));
    }

    #[test]
    fn problems_are_taken_as_they_are_listed() {
        let mut told = document(false);
        told["problems"] = json!([
            { "part": "homeserver", "state": "down", "code": "homeserver_silent", "reason": "It sends nothing.", "remedy": "Restart it." },
            { "part": "queue", "state": "degraded", "code": "queue_old", "reason": "Jobs wait." },
        ]);
        let found = read(&told).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].grade, found[0].remedy.as_deref()), (Grade::Bad, Some("Restart it.")));
        assert!(found[0].what.contains("homeserver_silent") && found[0].what.contains("It sends nothing."));
        assert_eq!(found[1].grade, Grade::Look);
        assert!(found[1].remedy.as_deref().unwrap().contains("queue_old"));
        told["problems"] = json!([]);
        assert_eq!(read(&told).unwrap()[0].grade, Grade::Bad, "not ready, for whatever reason");
    }

    #[test]
    fn parts_tell_where_no_problems_are_listed() {
        let mut told = document(false);
        told["homeserver"] = json!({ "ok": false, "reason": "It is away." });
        told["own"]["logins"] = json!([
            { "login": "t1", "connection": { "state": "not_started", "reason": "x" } },
            { "login": "t2", "connection": "connected" },
            { "login": "t3", "connection": { "state": "bad_credentials" } },
        ]);
        let found = read(&told).unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].what.contains("It is away.")
                && found[1].what.contains("t1")
                && found[2].what.contains("t3")
        );
    }
}
