//! The verb `dead-letters`: beside the running program or without it.

use serde_json::Value;

use super::ground;
use crate::clock::Clock;
use crate::command::dead_letters::{self, Order};
use crate::config::Config;
use crate::store::Store;
use crate::store::seal::Seal;

/// What stands where a secret was.
const COVERED: &str = "(covered)";
/// What the name of a field that holds a secret has in it.
const SECRET_NAMES: [&str; 6] =
    ["token", "secret", "password", "authorization", "credential", "response_url"];

/// Carries an order out. `is_secret` tells words that look like a secret of the network.
pub(super) async fn carry_out<S>(
    config: &Config<S>,
    order: &Order,
    is_secret: &(dyn Fn(&str) -> bool + Sync),
) -> Result<String, String> {
    let store = Store::open_beside(config.database.url.expose(), Clock::system())
        .await
        .map_err(|error| format!("database.url: {error}"))?;
    let done = dead_letters::carry_out(&store, order).await;
    let done = match (done, order) {
        (Ok(text), Order::Show { id, payload: true }) => match ground::seal(config) {
            Ok(seal) => with_payload((&store, &seal.unwrap_or_else(Seal::none)), id, text, is_secret).await,
            Err(why) => Err(why),
        },
        (done, _) => done,
    };
    store.close().await;
    done
}

async fn with_payload(
    (store, seal): (&Store, &Seal),
    id: &str,
    text: String,
    is_secret: &(dyn Fn(&str) -> bool + Sync),
) -> Result<String, String> {
    let payload = store.dead_letter_payload(dead_letters::read(id)?).await;
    let payload =
        payload.map_err(|error| format!("The payload could not be read: {error}."))?.unwrap_or_default();
    let payload = seal.open_event(&payload).map_err(|error| format!("{text}\n{error}"))?;
    Ok(format!("{text}\n{}", covered(&payload, is_secret)))
}

/// A payload for reading, with secrets covered.
fn covered(payload: &str, is_secret: &(dyn Fn(&str) -> bool + Sync)) -> String {
    match serde_json::from_str::<Value>(payload) {
        Ok(mut value) => {
            cover(&mut value, is_secret);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => cover_words(payload, is_secret),
    }
}

fn cover(value: &mut Value, is_secret: &(dyn Fn(&str) -> bool + Sync)) {
    match value {
        Value::String(text) => *text = cover_words(text, is_secret),
        Value::Array(list) => list.iter_mut().for_each(|value| cover(value, is_secret)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_ascii_lowercase();
                if SECRET_NAMES.iter().any(|secret| name.contains(secret)) {
                    *value = COVERED.into();
                } else {
                    cover(value, is_secret);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cover_words(text: &str, is_secret: &(dyn Fn(&str) -> bool + Sync)) -> String {
    let is_border = |c: char| c.is_whitespace() || "\"'`<>()[]{},;=".contains(c);
    text.split_inclusive(is_border).fold(String::new(), |mut text, piece| {
        let word = piece.trim_end_matches(is_border);
        let is_secret = !word.is_empty() && is_secret(word);
        text.push_str(if is_secret { COVERED } else { word });
        text.push_str(&piece[word.len()..]);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        let payload = r#"{"token":"abc","event":{"text":"login app key-1 'key-2' and words","n":1,"url":"x?t=key-3"},
            "authorizations":[{"a":1}],"list":["key-4"]}"#;
        for text in [payload, "this is no JSON: key-5,key-6 abc2", "\"key-7\""] {
            let shown = covered(text, &|word| word.starts_with("key-"));
            assert!(!shown.contains("key-") && !shown.contains("\"abc\""), "{shown}");
            assert!(!text.contains("words") || shown.contains("and words"), "{shown}");
        }
    }
}
