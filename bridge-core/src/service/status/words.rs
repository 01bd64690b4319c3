//! A health document in words: one sentence, and a line for each part.

use std::fmt::Write as _;

use serde_json::Value;

/// The parts of every program, in the order in which people look.
const PARTS: [&str; 6] = ["program", "database", "homeserver", "queue", "letters", "disk"];

/// What the document says of the program of this name.
pub(super) fn told(name: &str, document: &Value) -> String {
    let mut text = first(name, document);
    let now = document["now"].as_i64().unwrap_or_default();
    let shared = PARTS.iter().map(|part| &document[*part]).filter(|part| part.is_object());
    let all: Vec<&Value> = shared.chain(document["parts"].as_array().into_iter().flatten()).collect();
    let name = |part: &Value| match part["part"].as_str().unwrap_or_default() {
        "letters" => "dead letters".to_owned(),
        other => other.to_owned(),
    };
    let width = all.iter().map(|part| name(part).chars().count()).max().unwrap_or_default();
    for part in all {
        let _ = write!(text, "\n  {:width$}  {}", name(part), line(part, now));
    }
    text
}

/// What `--watch` waits for to change: what is wrong, not how long ago something was.
pub(super) fn mark(document: &Value) -> String {
    let problems = document["problems"].as_array().into_iter().flatten();
    let codes = problems.map(|problem| (problem["part"].as_str(), problem["code"].as_str()));
    format!("{:?} {:?} {:?}", document["state"], document["role"], codes.collect::<Vec<_>>())
}

fn first(name: &str, document: &Value) -> String {
    let at = |key: &str| document[key].as_i64();
    let now = at("now").unwrap_or_default();
    let state = document["state"].as_str().unwrap_or("down");
    let is = if document["role"] == "standby" && state == "fine" {
        "stands by for another process that works".to_owned()
    } else {
        format!("is {state}")
    };
    let up = at("started_at")
        .map(|started| format!(": up {}", span(now.saturating_sub(started))))
        .unwrap_or_default();
    let last = match at("last_message_at") {
        Some(last) => format!(", last message {} ago", span(now.saturating_sub(last))),
        None => ", no message yet".to_owned(),
    };
    format!("{name} {is}{up}{last}.")
}

fn line(part: &Value, now: i64) -> String {
    let state = part["state"].as_str().unwrap_or("down");
    if state != "fine" {
        let since = part["since"].as_i64().map(|since| format!(" for {}", span(now.saturating_sub(since))));
        return format!(
            "{state}{} ({}): {} {}",
            since.unwrap_or_default(),
            part["code"].as_str().unwrap_or("?"),
            part["reason"].as_str().unwrap_or_default(),
            part["remedy"].as_str().unwrap_or_default()
        );
    }
    let facts = facts(part, now);
    if facts.is_empty() { "fine".to_owned() } else { format!("fine: {}", facts.join(", ")) }
}

/// What is to be told of a part that is fine.
fn facts(part: &Value, now: i64) -> Vec<String> {
    let number = |key: &str| part[key].as_i64();
    let ago = |words: &str, key: &str| {
        number(key).map(|at| format!("{words} {} ago", span(now.saturating_sub(at))))
    };
    let share =
        || Some(format!("{} of {} GB free", number("free_bytes")? >> 30, number("total_bytes")? >> 30));
    let found = match part["part"].as_str().unwrap_or_default() {
        "database" => vec![number("latency_ms").map(|ms| format!("answered in {ms} ms"))],
        "homeserver" => vec![
            ago("its last transaction came", "last_transaction_at"),
            ago("it took our last event", "last_sent_at"),
            number("ping_ms").map(|ms| format!("a ping took {ms} ms")),
        ],
        "queue" => vec![number("waiting").map(|waiting| format!("{waiting} waiting"))],
        "letters" => vec![number("count").map(|count| format!("{count} kept"))],
        "disk" => vec![share()],
        _ => vec![
            part["connection"].as_str().map(|connection| connection.replace('_', " ")),
            ago("last message from there", "last_from_network_at"),
            ago("last message to there", "last_to_network_at"),
        ],
    };
    found.into_iter().flatten().collect()
}

/// A time in milliseconds, in its largest unit.
fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        let told = [0, 1_000, 59_999, 60_000, 3_600_000, 7_200_000, 172_800_000].map(span);
        assert_eq!(told, ["0 seconds", "1 second", "59 seconds", "1 minute", "1 hour", "2 hours", "2 days"]);
    }

    #[test]
    fn a_document_in_words() {
        let document = json!({
            "state": "degraded", "role": "working", "now": 7_200_000, "started_at": 0, "last_message_at": 7_020_000,
            "program": { "part": "program", "state": "fine" },
            "database": { "part": "database", "state": "fine", "latency_ms": 1 },
            "letters": { "part": "letters", "state": "degraded", "since": 7_140_000, "code": "dead_letters",
                         "reason": "Two were given up.", "remedy": "Look at them." },
            "disk": null,
            "parts": [{ "part": "login T1", "state": "fine", "connection": "connected",
                        "last_from_network_at": 7_020_000 }],
            "problems": [{ "part": "letters", "code": "dead_letters" }],
        });
        let lines = [
            "bridge-paper is degraded: up 2 hours, last message 3 minutes ago.",
            "  program       fine",
            "  database      fine: answered in 1 ms",
            "  dead letters  degraded for 1 minute (dead_letters): Two were given up. Look at them.",
            "  login T1      fine: connected, last message from there 3 minutes ago",
        ];
        assert_eq!(told("bridge-paper", &document), lines.join("\n"));
        let mut later = document.clone();
        later["now"] = 9_000_000.into();
        assert_eq!(mark(&document), mark(&later));
        later["problems"] = json!([]);
        assert_ne!(mark(&document), mark(&later));
    }

    #[test]
    fn who_stands_by_is_told_so() {
        let document = json!({ "state": "fine", "role": "standby", "now": 5_000, "started_at": 1_000 });
        let told = told("bridge-paper", &document);
        assert_eq!(
            told,
            "bridge-paper stands by for another process that works: up 4 seconds, no message yet."
        );
    }
}
