//! The arguments of a call, in whatever form they came: query, form fields, JSON, JSON inside form fields.
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The arguments of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads query and body. A JSON body may be empty; the body wins over the query.
    pub(crate) fn read(query: Option<&str>, content_type: &str, body: &[u8]) -> Result<Self, ApiError> {
        let mut found = Map::new();
        let mut take_pairs = |bytes: &[u8]| {
            for (name, value) in url::form_urlencoded::parse(bytes) {
                found.insert(name.into_owned(), Value::String(value.into_owned()));
            }
        };
        take_pairs(query.unwrap_or_default().as_bytes());
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" if body.iter().all(u8::is_ascii_whitespace) => {}
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => found.extend(fields),
                Ok(_) => return Err("json_not_object".into()),
                Err(_) => return Err("invalid_json".into()),
            },
            "" | "application/x-www-form-urlencoded" => take_pairs(body),
            _ if body.is_empty() => {}
            _ => return Err("invalid_post_type".into()),
        }
        Ok(Self(found))
    }

    /// Arguments that are JSON already.
    #[cfg(test)]
    pub(crate) fn from_json(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    /// Takes an argument out.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Everything, for the log.
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// A text; absent and empty are the same, as they are for Slack.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str, error: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| error.into())
    }

    /// Whether an argument was given at all, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A flag as clients write it: `true`, `"true"`, `1`, `"1"`.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            Value::String(text) => match text.as_str() {
                "true" | "1" | "True" => Some(true),
                "false" | "0" | "False" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number, written as such or as text.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A timestamp; some clients send it as a number.
    pub(crate) fn ts(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A structure, as JSON or as JSON in a text. `Err` when the text is no JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A list, as JSON or separated by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_forms_read_alike() {
        let form = "application/x-www-form-urlencoded";
        let from_form = Arguments::read(None, form, b"limit=5&blocks=%5B1%5D&ok=1&users=U1%2CU2").unwrap();
        let body = br#"{"limit":5,"blocks":[1],"ok":true,"users":["U1","U2"]}"#;
        let from_json = Arguments::read(None, "application/json; charset=utf-8", body).unwrap();
        let from_query = Arguments::read(Some("limit=5&blocks=[1]&ok=true&users=U1,U2"), "", b"").unwrap();
        for arguments in [from_form, from_json, from_query] {
            assert_eq!(arguments.number("limit"), Some(5));
            assert_eq!(arguments.json("blocks"), Ok(Some(json!([1]))));
            assert_eq!(arguments.flag("ok"), Some(true));
            assert_eq!(arguments.list("users"), ["U1", "U2"]);
        }
    }

    #[test]
    fn an_empty_json_body_is_no_arguments() {
        assert_eq!(Arguments::read(None, "application/json", b"").unwrap().to_json(), json!({}));
        assert_eq!(Arguments::read(None, "application/json", b"{").unwrap_err().error, "invalid_json");
    }
}
