//! Reads the answer to the question that the site's own program asks for visitors.

use serde_json::{Deserializer, Value};

use super::{Reading, json, media};
use crate::links::PostId;
use crate::outcome::Outcome;

/// How many documents of an answer are read; it may come in several lines.
const MOST_DOCUMENTS: usize = 8;

/// Reads an answer in either shape.
pub fn read(body: &str, id: &PostId) -> Reading {
    let body = body.trim_start().trim_start_matches("for (;;);");
    let documents = Deserializer::from_str(body).into_iter::<Value>();
    let documents: Vec<Value> = documents.take(MOST_DOCUMENTS).map_while(Result::ok).collect();
    let found = documents.iter().find_map(|document| of_value(document, id));
    match found {
        Some(reading) => reading,
        None => Err(documents.iter().find_map(refusal).unwrap_or(Outcome::ChangedShape)),
    }
}

/// What a document says of a post; `None` if it speaks of none.
pub(super) fn of_value(document: &Value, id: &PostId) -> Option<Reading> {
    let post = json::find(document, media::KEYS, |_, node| media::post(node, id));
    if let Some(post) = post {
        return Some(Ok(post));
    }
    json::find(document, media::KEYS, |key, node| match (key, node) {
        ("if_not_gated_logged_out", Value::Null) => Some(Err(Outcome::AgeOrGeo)),
        ("xdt_shortcode_media" | "shortcode_media" | "xig_polaris_media", Value::Null) => {
            Some(Err(Outcome::Hidden))
        }
        ("xdt_shortcode_media" | "shortcode_media", node)
            if node.pointer("/owner/is_private") == Some(&Value::Bool(true)) =>
        {
            Some(Err(Outcome::Private))
        }
        _ => None,
    })
}

/// The reason that a document gives for not answering.
pub(super) fn refusal(document: &Value) -> Option<Outcome> {
    if document.get("require_login") == Some(&Value::Bool(true)) {
        return Some(Outcome::LoginWall);
    }
    let first_error = document.pointer("/errors/0").or_else(|| document.get("error"));
    let messages = [Some(document), first_error].into_iter().flatten();
    let said = messages.filter_map(|part| json::text(part, "message")).collect::<Vec<_>>().join(" ");
    let said = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["geoblock", "age_", "age-restrict", "country"]) {
        Some(Outcome::AgeOrGeo)
    } else if has(&["wait a few minutes", "rate limit", "too many", "limit reached"]) {
        Some(Outcome::RateLimited)
    } else if has(&["login", "log in", "checkpoint", "challenge", "access token"]) {
        Some(Outcome::LoginWall)
    } else if has(&["no media match", "not found", "media_not_found"]) {
        Some(Outcome::Gone)
    } else {
        None
    }
}
