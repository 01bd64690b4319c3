//! A login as a form: questions, answers, and what they prove.

use std::collections::BTreeMap;

use crate::error::NetworkError;
use crate::id::{LoginId, RemoteUserId};
use crate::secret::Secret;

/// One way to log in.
#[derive(Debug, Clone)]
pub struct LoginFlow {
    /// Its word in the command (`login app`).
    pub id: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// Markdown shown before the first question: what to prepare and where.
    pub preface: Option<String>,
    /// The questions in order.
    pub fields: Vec<Field>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Field {
    /// The answer's key.
    pub id: &'static str,
    /// The question as put to the person, a whole sentence.
    pub question: &'static str,
    /// Whether the answer is a secret: the person's message is then deleted at once.
    pub secret: bool,
}

/// The answers by field id.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<String, Secret>);

impl Answers {
    /// Puts an answer, replacing an earlier one.
    pub fn put(&mut self, field: impl Into<String>, answer: Secret) {
        self.0.insert(field.into(), answer);
    }

    /// The answer to a field; empty when it was not given.
    pub fn answer(&self, field: &str) -> Secret {
        self.0.get(field).cloned().unwrap_or_default()
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A login that was proven.
#[derive(Debug, Clone)]
pub struct LoggedIn<C> {
    /// Its id; a login with this id that exists already is replaced.
    pub login_id: LoginId,
    /// What people call it ("Acme (app Matrix Bridge)").
    pub name: String,
    /// The network's account that the login speaks as.
    pub own_user_id: RemoteUserId,
    /// Whether the account is the person's own, so that their messages need no name in front; false for an app, which
    /// speaks for everybody.
    pub personal: bool,
    /// What will not work although the login does, in sentences for the person; they read them once, after the login.
    pub note: Option<String>,
    /// What is sealed and stored.
    pub credentials: C,
}

/// Why a login was refused: sentences for the person that say what to change and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct LoginError(pub String);

/// What the network answered, for the person who logs in.
impl From<NetworkError> for LoginError {
    fn from(error: NetworkError) -> Self {
        Self(error.to_string())
    }
}

impl LoginError {
    /// A refusal with its sentences.
    pub fn new(sentences: impl Into<String>) -> Self {
        Self(sentences.into())
    }
}
