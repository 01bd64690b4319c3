//! What Slack answers when it refuses: an error word and sometimes more fields.
use serde_json::{Map, Value};

/// A refusal in Slack's words, for example `channel_not_found`.
///
/// The Web API answers it as `{"ok": false, "error": …}`; the same refusals come back when a person of the
/// workspace tries something impossible through [`Workspace`](crate::Workspace).
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// Slack's error word.
    pub error: String,
    /// More fields of the answer, such as `needed` and `provided`.
    pub extra: Map<String, Value>,
}

impl ApiError {
    /// A refusal with nothing but its word.
    pub fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), extra: Map::new() }
    }

    /// Adds one more field to the answer.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(field.to_owned(), value.into());
        self
    }

    /// The whole answer.
    pub(crate) fn into_json(self) -> Value {
        let mut body = Map::new();
        body.insert("ok".to_owned(), Value::Bool(false));
        body.insert("error".to_owned(), Value::String(self.error));
        body.extend(self.extra);
        Value::Object(body)
    }
}

impl From<&str> for ApiError {
    fn from(error: &str) -> Self {
        Self::new(error)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fake Slack refused: {}", self.error)
    }
}

impl std::error::Error for ApiError {}
