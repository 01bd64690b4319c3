//! Reading what a call brings: path, query and body, each mistake answered in the API's own shape.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::error::HostError;
use crate::plugin::Problem;

/// What axum puts before a mistake in a query.
const OF_QUERY: &str = "Failed to deserialize query string: ";

/// The variable parts of the path.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let read = Path::from_request_parts(parts, shared).await;
        let unreadable = "The path cannot be read: names in it have to be UTF-8, percent-encoded.";
        read.map(|Path(value)| Self(value)).map_err(|_| Failure::bad_request(unreadable))
    }
}

/// The query.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let read = Query::from_request_parts(parts, shared).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            let words = rejection.body_text();
            let words = words.strip_prefix(OF_QUERY).unwrap_or(&words);
            let (field, words) = words.split_once(": ").unwrap_or(("", words));
            invalid(vec![problem(field, words)])
        })
    }
}

/// The body: an object in JSON.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            let text = "The body has to be JSON, with the header `Content-Type: application/json`.";
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text));
        }
        let bytes = Bytes::from_request(request, shared).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let text = format!("The body is longer than {} bytes.", crate::admin::BODY_LIMIT);
                return Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text);
            }
            Failure::bad_request("The body broke off. Send it again.")
        })?;
        from_json(&bytes).map(Self)
    }
}

/// An answer that names what is wrong.
pub(super) fn invalid(problems: Vec<Problem>) -> Failure {
    HostError::Invalid(problems).into()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, _) = kind.split_once(';').unwrap_or((kind, ""));
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Failure::bad_request(format!("The body is no JSON: {error}.")))?;
    // A list would be read as the fields in their order.
    if !value.is_object() {
        return Err(Failure::bad_request("The body has to be a JSON object: {…}."));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = error.path().to_string();
        invalid(vec![problem(&field, &error.inner().to_string())])
    })
}

/// A mistake in serde's words, without what was sent: that may be a password.
fn problem(field: &str, words: &str) -> Problem {
    let field = if field == "." { "" } else { field };
    let quoted = || words.split('`').nth(1).unwrap_or_default();
    let below = |name: &str| match field {
        "" => name.to_owned(),
        _ if field == name || field.ends_with(&format!(".{name}")) => field.to_owned(),
        _ => format!("{field}.{name}"),
    };
    let expected = words.split_once(", expected ").map(|(_, expected)| expected.trim_end_matches('.'));
    match expected {
        _ if words.starts_with("missing field") => Problem::new(below(quoted()), "is missing."),
        Some(known) if words.starts_with("unknown field") => {
            Problem::new(below(quoted()), format!("is not known here. Known: {known}."))
        }
        _ if words.starts_with("unknown field") => Problem::new(below(quoted()), "is not known here."),
        _ if words.starts_with("duplicate field") => Problem::new(below(quoted()), "is there twice."),
        Some(expected) => Problem::new(field, format!("has to be {expected}.")),
        None if words.contains("digit") || words.starts_with("number too") || words.contains("integer") => {
            Problem::new(field, "has to be a whole number that fits.")
        }
        None => Problem::new(field, "does not fit."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Sample {
        name: String,
        #[serde(default)]
        enabled: bool,
        #[serde(default)]
        more: Vec<u8>,
    }

    #[test]
    fn each_mistake_names_its_field_and_shows_nothing_of_what_was_sent() {
        for (text, field, part) in [
            ("[\"secret\", true]", "", "JSON object"),
            ("secret", "", "no JSON"),
            ("{\"name\": \"secret\"", "", "no JSON"),
            ("{}", "name", "is missing"),
            (r#"{"name": 1234567}"#, "name", "a string"),
            (r#"{"name": "x", "enabled": "secret"}"#, "enabled", "a boolean"),
            (r#"{"name": "x", "nmae": "secret"}"#, "nmae", "Known: "),
            (r#"{"name": "x", "more": [1, "secret"]}"#, "more[1]", "u8"),
            (r#"{"name": "x", "more": [1, 300]}"#, "more[1]", "u8"),
        ] {
            let failure = from_json::<Sample>(text.as_bytes()).unwrap_err();
            assert_eq!(failure.status, StatusCode::BAD_REQUEST, "{text}");
            let told = failure.told;
            assert!(told.error.contains(part) && !told.error.contains("secret"), "{text}: {told:?}");
            assert!(!told.error.contains("1234567"), "{told:?}");
            let named = told.problems.first().map(|problem| problem.field.as_str()).unwrap_or_default();
            assert_eq!(named, field, "{text}: {told:?}");
        }
        assert!(from_json::<Sample>(br#"{"name": "x", "more": [1]}"#).is_ok());
    }

    #[test]
    fn a_query_is_explained_in_the_same_words() {
        assert_eq!(problem("limit", "invalid digit found in string").field, "limit");
        assert!(problem("level", "unknown variant `x`, expected `a` or `b`").text.contains("`a` or `b`"));
        assert_eq!(problem("", "unknown field `x`, expected `a`").field, "x");
    }
}
