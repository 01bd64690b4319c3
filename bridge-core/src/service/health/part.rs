//! A part of the program as the health document tells of it: its state, and what to do where that is not fine.

use serde::Serialize;
use serde_json::{Map, Value};

/// How good it is; the better is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is to be done.
    Fine,
    /// Most of it works; somebody should look.
    Degraded,
    /// What the program is there for is not done.
    Down,
}

/// What is not fine about a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// How bad it is.
    pub state: State,
    /// What it is, in one word; `docs/runbook.md` has a section of that name.
    pub code: &'static str,
    /// What it means, in a sentence. It holds no secret and nothing that people wrote.
    pub reason: String,
    /// What to do, in a sentence.
    pub remedy: String,
}

impl Trouble {
    /// A part does not do its work.
    pub fn down(code: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Down, code, reason: reason.into(), remedy: remedy.into() }
    }

    /// A part works, and needs somebody.
    pub fn degraded(code: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Degraded, ..Self::down(code, reason, remedy) }
    }
}

/// A part of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthPart {
    /// Its name.
    pub part: String,
    /// Since when it is as it is, in milliseconds since 1970; none where the document has to find that out.
    pub since: Option<i64>,
    /// What is not fine; none where all is.
    pub trouble: Option<Trouble>,
    /// When it last carried a message, in milliseconds since 1970.
    pub last_message_at: Option<i64>,
    /// What else is to be told of it.
    pub facts: Map<String, Value>,
}

impl HealthPart {
    /// A part that is fine, with these facts; anything but an object is none.
    pub fn fine(part: impl Into<String>, facts: Value) -> Self {
        let facts = if let Value::Object(facts) = facts { facts } else { Map::new() };
        Self { part: part.into(), since: None, trouble: None, last_message_at: None, facts }
    }

    /// The same with what is not fine, if anything is.
    #[must_use]
    pub fn with(self, trouble: Option<Trouble>) -> Self {
        Self { trouble, ..self }
    }

    /// The same, known to be so since then.
    #[must_use]
    pub fn since(self, since: i64) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.trouble.as_ref().map_or(State::Fine, |trouble| trouble.state)
    }

    /// Its code; none where it is fine.
    pub fn code(&self) -> Option<&'static str> {
        self.trouble.as_ref().map(|trouble| trouble.code)
    }
}

/// How many things of the program's own are in a state, as a gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The gauge's name.
    pub metric: &'static str,
    /// The value of its label `state`.
    pub state: &'static str,
    /// How many.
    pub number: usize,
}

/// The program's own part of the health document.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// As it stands in the document, under `own`.
    pub document: Value,
    /// Its parts, each with a state.
    pub parts: Vec<HealthPart>,
    /// Its gauges.
    pub counts: Vec<Count>,
}
