//! Finds the interesting values in documents whose shape nobody promised.

use serde_json::{Deserializer, Value};

/// How many values of a document are looked at: ten times what a large page holds.
const MOST_VALUES: usize = 500_000;
/// How many places of a text are tried; each may cost reading the rest.
const MOST_PLACES: usize = 4;

/// Hands each value that stands under one of these keys to `take`, in order, until it gives something.
pub(super) fn find<'a, T>(
    root: &'a Value,
    keys: &[&str],
    mut take: impl FnMut(&'a str, &'a Value) -> Option<T>,
) -> Option<T> {
    let mut waiting = vec![root];
    for _ in 0..MOST_VALUES {
        match waiting.pop()? {
            Value::Object(object) => {
                for (key, value) in object {
                    if keys.contains(&key.as_str())
                        && let Some(taken) = take(key, value)
                    {
                        return Some(taken);
                    }
                }
                waiting.extend(object.values().rev());
            }
            Value::Array(array) => waiting.extend(array.iter().rev()),
            _ => {}
        }
    }
    None
}

/// The first JSON value that a text begins with; what follows does not matter.
pub(super) fn first(text: &str) -> Option<Value> {
    Deserializer::from_str(text).into_iter().next()?.ok()
}

/// The values that stand after `"key":` in a text that is not JSON as a whole, such as a program.
pub(super) fn after_key(text: &str, key: &str) -> Vec<Value> {
    let places = text.match_indices(key).filter(|(at, _)| text[..*at].ends_with('"'));
    let rests = places.filter_map(|(at, _)| value_after(&text[at + key.len()..], "\""));
    rests.take(MOST_PLACES).filter_map(first).collect()
}

/// The same where the JSON is itself written into a string, each quote after a backslash.
pub(super) fn after_escaped_key(text: &str, key: &str) -> Vec<Value> {
    let places = text.match_indices(key).filter(|(at, _)| text[..*at].ends_with("\\\""));
    let rests = places.filter_map(|(at, _)| value_after(&text[at + key.len()..], "\\\""));
    let values = rests.take(MOST_PLACES).filter_map(|rest| {
        // Read as a string of its own, it ends where the string around it ends.
        let Value::String(inner) = first(&format!("\"{rest}"))? else { return None };
        first(&inner)
    });
    values.collect()
}

fn value_after<'a>(rest: &'a str, quote: &str) -> Option<&'a str> {
    rest.strip_prefix(quote)?.trim_start().strip_prefix(':')
}

/// A text that is not empty.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A number of pixels.
pub(super) fn pixels(value: &Value, key: &str) -> Option<u32> {
    value.get(key)?.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}
