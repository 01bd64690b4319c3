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
    let head = Head {
        ready: facts.is_ready(),
        role: match facts.role {
            Role::StandingBy => "standby",
            Role::Lost => "lost",
            Role::Working(_) => "working",
        },
        now: facts.now,
        started_at,
    };
    let mut document = framed(&head, &parts[..shared], &parts[shared..]);
    document["dead_letters"] = json!(facts.letters.map(|letters| letters.all));
    document["own"] = facts.own.document.clone();
    document
}

/// What a document says of the whole program.
pub(super) struct Head {
    pub(super) ready: bool,
    pub(super) role: &'static str,
    pub(super) now: i64,
    pub(super) started_at: i64,
}

/// The document of these parts: each of those of every program stands under its name, or nothing where it is not known.
pub(super) fn framed(head: &Head, shared: &[HealthPart], own: &[HealthPart]) -> Value {
    let all = || shared.iter().chain(own);
    let mut document = json!({
        "state": all().map(HealthPart::state).max().unwrap_or(State::Fine),
        "ready": head.ready,
        "role": head.role,
        "version": env!("CARGO_PKG_VERSION"),
        "now": head.now,
        "started_at": head.started_at,
        "last_message_at": all().filter_map(|part| part.last_message_at).max(),
        "problems": problems(all()),
        "program": null,
        "database": null,
        "homeserver": null,
        "queue": null,
        "dead_letters": null,
        "letters": null,
        "disk": null,
        "parts": own.iter().map(told).collect::<Vec<_>>(),
        "own": null,
    });
    for part in shared {
        document[&part.part] = Value::Object(told(part));
    }
    document
}

/// A part with its facts.
fn told(part: &HealthPart) -> Map<String, Value> {
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
fn problems<'a>(parts: impl Iterator<Item = &'a HealthPart>) -> Vec<Value> {
    let mut found: Vec<_> = parts.filter_map(|part| Some((part, part.trouble.as_ref()?))).collect();
    found.sort_by_key(|(_, trouble)| std::cmp::Reverse(trouble.state));
    let told = found.into_iter().map(|(part, trouble)| {
        json!({
            "part": part.part, "state": trouble.state, "code": trouble.code, "reason": trouble.reason,
            "remedy": trouble.remedy, "since": part.since,
        })
    });
    told.collect()
}
