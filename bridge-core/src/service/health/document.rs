//! The health document: the parts with their states, and what is wrong, the worst first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::facts::Facts;
use super::judge;
use super::part::{HealthPart, State};
use crate::store::lease::Role;

/// Since when each part is as it is, as far as nothing else tells: from the first look that saw it so.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<String, (Option<&'static str>, i64)>>);

impl Seen {
    /// Fills in what is missing.
    fn fill(&self, parts: &mut [HealthPart], started_at: i64, now: i64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for part in parts {
            let code = part.code();
            let at = seen.entry(part.part.clone()).or_insert((None, started_at));
            if at.0 != code {
                *at = (code, now);
            }
            part.since.get_or_insert(at.1);
        }
    }
}

/// The document of a program that was started then.
pub(super) fn document(facts: &Facts, seen: &Seen, started_at: i64) -> Value {
    let mut parts = judge::parts(facts);
    let shared = parts.len();
    parts.extend(facts.own.parts.iter().cloned());
    seen.fill(&mut parts, started_at, facts.now);
    let state = parts.iter().map(HealthPart::state).max().unwrap_or(State::Fine);
    let mut document = json!({
        "state": state,
        "ready": facts.is_ready(),
        "role": match facts.role {
            Role::StandingBy => "standby",
            Role::Lost => "lost",
            Role::Working(_) => "working",
        },
        "version": env!("CARGO_PKG_VERSION"),
        "now": facts.now,
        "started_at": started_at,
        "last_message_at": parts.iter().filter_map(|part| part.last_message_at).max(),
        "problems": problems(&parts),
        "queue": null,
        "dead_letters": facts.letters.map(|letters| letters.all),
        "letters": null,
        "disk": null,
        "parts": parts[shared..].iter().map(|part| Value::Object(told(part))).collect::<Vec<_>>(),
        "own": facts.own.document,
    });
    for part in &parts[..shared] {
        document[&part.part] = Value::Object(told(part));
    }
    document
}

/// A part with its facts.
pub(super) fn told(part: &HealthPart) -> Map<String, Value> {
    let mut told = part.facts.clone();
    told.insert("part".to_owned(), part.part.clone().into());
    told.insert("state".to_owned(), json!(part.state()));
    told.insert("since".to_owned(), json!(part.since));
    if let Some(trouble) = &part.trouble {
        told.insert("code".to_owned(), trouble.code.into());
        told.insert("reason".to_owned(), trouble.reason.clone().into());
        told.insert("remedy".to_owned(), trouble.remedy.clone().into());
    }
    if let Some(at) = part.last_message_at {
        told.insert("last_message_at".to_owned(), at.into());
    }
    told
}

/// What is not fine, the worst first.
fn problems(parts: &[HealthPart]) -> Vec<Value> {
    let mut found: Vec<_> = parts.iter().filter(|part| part.trouble.is_some()).collect();
    found.sort_by_key(|part| std::cmp::Reverse(part.state()));
    found.into_iter().filter_map(told_problem).collect()
}

/// What is not fine about a part; none where all is.
pub(super) fn told_problem(part: &HealthPart) -> Option<Value> {
    let trouble = part.trouble.as_ref()?;
    Some(json!({
        "part": part.part, "state": trouble.state, "code": trouble.code, "reason": trouble.reason,
        "remedy": trouble.remedy, "since": part.since,
    }))
}
