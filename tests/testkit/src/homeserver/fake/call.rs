//! One request to the fake homeserver, and what it is answered.
use bytes::Bytes;
use serde_json::{Value, json};

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Percent-decoded, with `r0` written as `v3`.
    pub(crate) segments: Vec<String>,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) token: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl Call {
    /// A part of the path by its name in the route.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str, default: usize) -> usize {
        self.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// The body as a JSON object; an empty body counts as `{}`.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Failure::new(400, "M_NOT_JSON", format!("The body is not JSON: {error}")))?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(Failure::new(400, "M_BAD_JSON", "The body is no JSON object."))
        }
    }

    pub(crate) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }
}

/// A good answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Json(u16, Value),
    File { content_type: String, disposition: String, bytes: Bytes },
}

impl Answer {
    #[allow(clippy::unnecessary_wraps, reason = "handlers end with it")]
    pub(crate) fn ok(value: Value) -> Outcome {
        Ok(Self::Json(200, value))
    }

    pub(crate) fn empty() -> Outcome {
        Self::ok(json!({}))
    }
}

/// An answer with a Matrix error code.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Failure {
    pub(crate) fn new(status: u16, errcode: &str, error: impl Into<String>) -> Self {
        Self { status, body: json!({ "errcode": errcode, "error": error.into() }) }
    }

    pub(crate) fn forbidden(error: impl Into<String>) -> Self {
        Self::new(403, "M_FORBIDDEN", error)
    }

    pub(crate) fn not_found(error: impl Into<String>) -> Self {
        Self::new(404, "M_NOT_FOUND", error)
    }

    pub(crate) fn bad(error: impl Into<String>) -> Self {
        Self::new(400, "M_BAD_JSON", error)
    }

    pub(crate) fn unrecognized() -> Self {
        Self::new(404, "M_UNRECOGNIZED", "Unrecognized request")
    }
}

/// What a handler gives.
pub(crate) type Outcome = Result<Answer, Failure>;

/// A member of an object as text, empty if absent.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A member that must be there as text.
pub(crate) fn required<'a>(value: &'a Value, key: &str) -> Result<&'a str, Failure> {
    let found = value
        .get(key)
        .ok_or_else(|| Failure::new(400, "M_MISSING_PARAM", format!("Missing params: {key}")))?;
    found.as_str().ok_or_else(|| Failure::new(400, "M_INVALID_PARAM", format!("{key} is no text")))
}
