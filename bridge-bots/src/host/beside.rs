//! How this program and those beside it are, by what their health documents say.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use url::Url;

/// How long one may take to answer: whoever looks at the overview waits for the slowest.
const PATIENCE: Duration = Duration::from_millis(800);
/// The longest document that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It works.
    Works,
    /// It waits for another process to go.
    StandsBy,
    /// It says itself that it does not work.
    Ails,
    /// It says nothing, or nothing that can be read.
    Silent,
}

/// What is known of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beside {
    /// By which it is shown.
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// What ails it, and what it has to tell, each a short sentence.
    pub(crate) told: Vec<String>,
    /// When it last got something from its homeserver, if it says so.
    pub(crate) last_transaction_at: Option<i64>,
    /// Its dead letters, if it says so.
    pub(crate) dead_letters: Option<u64>,
    /// What waits in its queue, if it says so.
    pub(crate) waiting: Option<u64>,
}

/// Asks all of them at the same time.
pub(crate) async fn ask_all(all: &BTreeMap<String, Url>) -> Vec<Beside> {
    let Ok(client) = client() else { return Vec::new() };
    join_all(all.iter().map(|(name, url)| ask(&client, name, url))).await
}

/// Asks one, such as this program itself.
pub(crate) async fn ask_one(name: &str, url: &Url) -> Option<Beside> {
    Some(ask(&client().ok()?, name, url).await)
}

#[allow(
    clippy::disallowed_methods,
    reason = "asks addresses of the operator's own, with a time limit and without redirects"
)]
fn client() -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    client.redirect(reqwest::redirect::Policy::none()).build()
}

async fn ask(client: &reqwest::Client, name: &str, url: &Url) -> Beside {
    let answer = match client.get(url.clone()).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => {
            return silent(name, format!("Nothing came within {} ms.", PATIENCE.as_millis()));
        }
        Err(_) => return silent(name, "Nobody listens at its address.".to_owned()),
    };
    let status = answer.status();
    match document(answer).await {
        Some(document) if document.get("ready").is_some_and(Value::is_boolean) => read(name, &document),
        _ if status.is_success() => Beside {
            verdict: Verdict::Works,
            ..silent(name, format!("It answers with {}.", status.as_u16()))
        },
        _ => {
            Beside { verdict: Verdict::Ails, ..silent(name, format!("It answers with {}.", status.as_u16())) }
        }
    }
}

/// A document of a length that can be read.
async fn document(mut answer: reqwest::Response) -> Option<Value> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.ok()? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST {
            return None;
        }
    }
    serde_json::from_slice(&body).ok()
}

fn silent(name: &str, why: String) -> Beside {
    Beside {
        name: name.to_owned(),
        verdict: Verdict::Silent,
        told: vec![why],
        last_transaction_at: None,
        dead_letters: None,
        waiting: None,
    }
}

/// Reads a health document of a program on bridge-core.
fn read(name: &str, document: &Value) -> Beside {
    let is_standby = document["role"] == "standby";
    let verdict = match document["ready"].as_bool() {
        _ if is_standby => Verdict::StandsBy,
        Some(true) => Verdict::Works,
        _ => Verdict::Ails,
    };
    let mut told: Vec<String> = match document["problems"].as_array() {
        Some(problems) => problems.iter().map(problem).collect(),
        // One of an earlier version has no such list.
        None => ["program", "database", "homeserver"]
            .into_iter()
            .filter(|part| document[*part]["ok"] == false)
            .map(|part| format!("{part}: {}", reason(&document[part])))
            .collect(),
    };
    told.extend(own(&document["own"]));
    Beside {
        name: name.to_owned(),
        verdict,
        told,
        last_transaction_at: document["homeserver"]["last_transaction_at"].as_i64(),
        dead_letters: document["dead_letters"].as_u64(),
        waiting: document["queue"]["waiting"].as_u64(),
    }
}

/// A problem as it is told, with what to do.
fn problem(problem: &Value) -> String {
    let (part, remedy) =
        (problem["part"].as_str().unwrap_or("?"), problem["remedy"].as_str().unwrap_or_default());
    format!("{part}: {} {remedy}", reason(problem)).trim_end().to_owned()
}

fn reason(part: &Value) -> &str {
    part["reason"].as_str().unwrap_or("It does not say why.")
}

/// The program's own lists of things that have a state, such as logins: how many are in which.
fn own(own: &Value) -> Vec<String> {
    let lists =
        own.as_object().into_iter().flatten().filter_map(|(what, list)| Some((what, list.as_array()?)));
    let said = lists.filter_map(|(what, list)| {
        let mut counts = BTreeMap::<&str, usize>::new();
        for one in list {
            *counts.entry(one.get("state")?.as_str()?).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        (!counts.is_empty()).then(|| format!("{what}: {}", counts.join(", ")))
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_told_in_words() {
        let document = json!({
            "ready": false, "role": "working", "program": { "ok": true },
            "database": { "ok": false, "reason": "The disk is full." },
            "homeserver": { "ok": true, "last_transaction_at": 5 }, "dead_letters": 2,
            "queue": { "waiting": 7 },
            "own": { "logins": [{ "state": "connected" }, { "state": "connected" }, { "state": "failed" }], "other": [1] },
        });
        let beside = read("slack", &document);
        assert_eq!(beside.verdict, Verdict::Ails);
        assert_eq!(beside.told, ["database: The disk is full.", "logins: 2 connected, 1 failed"]);
        assert_eq!(
            (beside.last_transaction_at, beside.dead_letters, beside.waiting),
            (Some(5), Some(2), Some(7))
        );
        let document = json!({
            "ready": true, "homeserver": { "ok": false },
            "problems": [{ "part": "disk", "code": "disk_nearly_full", "reason": "It is full.", "remedy": "Make room." }],
        });
        assert_eq!(read("slack", &document).told, ["disk: It is full. Make room."]);
        assert_eq!(read("b", &json!({ "ready": true, "role": "standby" })).verdict, Verdict::StandsBy);
    }
}
