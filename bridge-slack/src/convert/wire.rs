//! Slack's documents as they may come: every field optional, a value of an odd type read as far as it goes.
//!
//! One field that is not as documented must never cost a message its text. So no field fails: a number where a
//! text is expected becomes its digits, an object where a list is expected becomes an empty list.

mod attachment;
mod block;
mod event;
mod lenient;

use serde::de::DeserializeOwned;

pub use attachment::{Action, Attachment, File, Pair, Quoted};
pub use block::{Content, Mark, More, Node};
pub use event::{Edited, Event, Icons, Item, Payload, Reactions, Ref};
pub use lenient::{Cow, cow, flag, list, number, numbers, object, text, texts};

/// Reads a JSON document. What serde refuses although people can read it (a key twice, half of a surrogate pair) is
/// repaired and tried once more. `None`: not JSON.
pub fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok().or_else(|| {
        // A map of values keeps the last of two equal keys.
        let value: serde_json::Value = serde_json::from_str(&whole_surrogates(json)).ok()?;
        serde_json::from_value(value).ok()
    })
}

/// Replaces escaped halves of surrogate pairs that stand alone, as left by a text that was cut between them.
fn whole_surrogates(json: &str) -> String {
    let bytes = json.as_bytes();
    let escape = |at: usize| -> Option<u16> {
        let digits = json.get(at + 2..at + 6)?;
        (bytes.get(at..at + 2)? == b"\\u").then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let mut out = String::with_capacity(json.len());
    let (mut at, mut kept) = (0, 0);
    while let Some(found) = json[at..].find('\\') {
        at += found;
        let (length, alone) = match escape(at) {
            Some(0xd800..=0xdbff) if matches!(escape(at + 6), Some(0xdc00..=0xdfff)) => (12, false),
            Some(0xd800..=0xdfff) => (6, true),
            Some(_) => (6, false),
            // The escaped character may have any length; the backslash and what it escapes go together.
            None => (1 + json[at + 1..].chars().next().map_or(0, char::len_utf8), false),
        };
        if alone {
            out.push_str(&json[kept..at]);
            out.push_str("\\ufffd");
            kept = at + length;
        }
        at += length;
    }
    out.push_str(&json[kept..]);
    out
}

#[cfg(test)]
mod tests;
