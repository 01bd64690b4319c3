//! What a service says of itself: the health document of a program of ours, or any answer.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest document that is read, in bytes.
const LONGEST: usize = 1024 * 1024;
/// How many reasons are shown.
const MOST: usize = 8;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceReason)]
pub(crate) struct Reason {
    /// What it means, in a sentence.
    pub(crate) text: String,
    /// What to do, in a sentence; null if that is not known.
    pub(crate) remedy: Option<String>,
}

/// How well it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Health {
    /// Whether it does what it is for.
    pub(super) is_well: bool,
    /// The worst first.
    pub(super) reasons: Vec<Reason>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "asks addresses of the operator's own, with a time limit and without redirects"
)]
pub(super) fn client() -> Option<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    client.redirect(reqwest::redirect::Policy::none()).build().ok()
}

/// Asks.
pub(super) async fn ask(client: &reqwest::Client, url: &Url) -> Health {
    let mut answer = match client.get(url.clone()).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => {
            return unwell(format!("Its health address does not answer within {} s.", PATIENCE.as_secs()));
        }
        Err(_) => return unwell("Nobody listens at its health address.".to_owned()),
    };
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST {
            return by_status(status);
        }
    }
    read(status, &serde_json::from_slice(&body).unwrap_or_default())
}

/// Reads an answer: the document as it is, or as it was before it told `state` and `problems`.
fn read(status: u16, document: &Value) -> Health {
    let is_standby = document["role"] == "standby";
    let is_well = match (document["state"].as_str(), document["ready"].as_bool()) {
        (Some("fine" | "degraded"), _) => true,
        (Some(_), _) => false,
        (_, Some(is_ready)) => is_ready || is_standby,
        _ => return by_status(status),
    };
    let told = document["problems"].as_array().into_iter().flatten().filter_map(problem);
    let mut reasons: Vec<Reason> = told.take(MOST).collect();
    if reasons.is_empty() && !is_well {
        reasons =
            ["program", "database", "homeserver"].iter().filter_map(|part| part_of(document, part)).collect();
    }
    if reasons.is_empty() && !is_well {
        reasons.push(Reason { text: "It says that it does not work, and not why.".to_owned(), remedy: None });
    }
    Health { is_well, reasons }
}

fn problem(told: &Value) -> Option<Reason> {
    let text = told["reason"].as_str()?.to_owned();
    Some(Reason { text, remedy: told["remedy"].as_str().map(str::to_owned) })
}

fn part_of(document: &Value, part: &str) -> Option<Reason> {
    let reason = document[part]["reason"].as_str()?;
    let remedy = document[part]["remedy"].as_str().map(str::to_owned);
    Some(Reason { text: format!("{part}: {reason}"), remedy })
}

fn by_status(status: u16) -> Health {
    if (200..300).contains(&status) {
        return Health { is_well: true, reasons: Vec::new() };
    }
    unwell(format!("Its health address answers with {status}."))
}

fn unwell(text: String) -> Health {
    Health { is_well: false, reasons: vec![Reason { text, remedy: None }] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(status: u16, document: &Value) -> (bool, Vec<String>) {
        let Health { is_well, reasons } = read(status, document);
        let line = |reason: Reason| format!("{} / {}", reason.text, reason.remedy.unwrap_or_default());
        (is_well, reasons.into_iter().map(line).collect())
    }

    #[test]
    fn a_document_with_problems_is_read() {
        let problem = json!({ "part": "homeserver", "code": "homeserver_silent", "reason": "It is silent.", "remedy": "Look there." });
        for (state, is_well) in [("degraded", true), ("down", false)] {
            let document = json!({ "state": state, "ready": is_well, "problems": [problem] });
            assert_eq!(told(503, &document), (is_well, vec!["It is silent. / Look there.".to_owned()]));
        }
        assert_eq!(told(200, &json!({ "state": "fine", "problems": [] })), (true, Vec::new()));
    }

    #[test]
    fn a_document_without_them_is_read_by_its_parts() {
        let document = json!({ "ready": false, "program": { "ok": true }, "homeserver": { "ok": false, "reason": "It is away." } });
        assert_eq!(told(503, &document), (false, vec!["homeserver: It is away. / ".to_owned()]));
        assert_eq!(told(200, &json!({ "ready": true })), (true, Vec::new()));
        assert!(told(503, &json!({ "ready": false, "role": "standby" })).0);
        assert!(!told(503, &json!({ "ready": false })).1.is_empty());
    }

    #[test]
    fn any_other_answer_counts_by_its_status() {
        assert_eq!(told(200, &Value::Null), (true, Vec::new()));
        assert_eq!(
            told(502, &json!({ "x": 1 })),
            (false, vec!["Its health address answers with 502. / ".to_owned()])
        );
    }
}
