//! The further fields of a ghost's profile: time zone, title, status. They cost nothing in rooms.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::content::Emoji;
use crate::engine::Bridge;
use crate::error::JobError;
use crate::event::{UserInfo, UserStatus};
use crate::matrix::{ErrorClass, Intent, MatrixError};
use crate::network::Network;
use crate::store::ghost::GhostRow;

/// The time zone, by the specification.
const TIME_ZONE: &str = "m.tz";
/// What somebody is doing now (MSC4426): a text and an emoji, as Element reads and writes it.
pub(super) const STATUS: &str = "org.matrix.msc4426.status";
/// What somebody does; no specification has a field for it yet.
const TITLE: &str = "dev.bridge-hub.title";

/// The longest text of a status in bytes, as MSC4426 wants it.
const LONGEST_STATUS: usize = 256;
/// The longest of its emoji.
const LONGEST_EMOJI: usize = 32;
/// The longest title in bytes: a whole profile has 64 KiB.
const LONGEST_TITLE: usize = 1_000;
/// The emoji of a status without one that Matrix could show; MSC4426 wants one.
const SPEECH: &str = "💬";

type Fields = BTreeMap<String, Value>;

impl<N: Network> Bridge<N> {
    /// Sets the fields that are others now, where the homeserver has such. What it refuses is left out. After an error the
    /// row says what is set; the rest is for another time: a name without a title is better than a message that waits for
    /// one.
    pub(super) async fn set_fields(
        &self,
        intent: &Intent,
        row: &mut GhostRow,
        info: &UserInfo,
    ) -> Result<(), JobError> {
        let wanted = fields(info, self.store.clock().now_ms());
        if wanted == row.fields || !self.app.probe().await?.extended_profiles {
            return Ok(());
        }
        let names: Vec<String> = wanted.keys().chain(row.fields.keys()).cloned().collect();
        for name in names {
            let value = wanted.get(&name);
            if value == row.fields.get(&name) {
                continue;
            }
            if name == STATUS && value.is_some() {
                self.note_status(row, info).await?;
            }
            let set = match value {
                Some(value) => intent.set_profile_field(&name, value.clone()).await,
                None => intent.delete_profile_field(&name).await,
            };
            match (allowed(&name, set)?, value) {
                (false, _) => {}
                (true, Some(value)) => {
                    row.fields.insert(name, value.clone());
                }
                (true, None) => {
                    row.fields.remove(&name);
                }
            }
        }
        Ok(())
    }

    /// Notes that a status is being set, and its end: whatever ends the program before it is known to be set, it is taken
    /// away in time, or set again.
    async fn note_status(&self, row: &mut GhostRow, info: &UserInfo) -> Result<(), JobError> {
        row.fields.insert(STATUS.to_owned(), Value::Null);
        row.status_until = info.status.as_ref().and_then(|status| status.until);
        Ok(self.store.put_ghost(row).await?)
    }
}

/// Whether a field was written; a refusal is none to try again.
pub(super) fn allowed(name: &str, set: Result<(), MatrixError>) -> Result<bool, JobError> {
    match set {
        Ok(()) => Ok(true),
        Err(error) if error.class() == ErrorClass::Permanent => {
            tracing::debug!(name, %error, "the homeserver does not take a field of a profile");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// The fields of a person's profile at this moment, in milliseconds since 1970.
fn fields(info: &UserInfo, now: i64) -> Fields {
    let mut fields = Fields::new();
    let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if let Some(zone) = info.time_zone.as_deref().filter(|zone| !zone.is_empty()) {
        add(TIME_ZONE, zone.into());
    }
    if let Some(title) = info.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        add(TITLE, cut(title, LONGEST_TITLE).into());
    }
    if let Some(status) = info.status.as_ref().filter(|status| status.until.is_none_or(|until| until > now)) {
        add(STATUS, status_field(status));
    }
    fields
}

fn status_field(status: &UserStatus) -> Value {
    let sign = status.emoji.as_ref().map(Emoji::as_stored).unwrap_or_default();
    let emoji = match &status.emoji {
        Some(Emoji::Unicode(emoji)) if emoji.len() <= LONGEST_EMOJI => emoji.as_str(),
        _ => SPEECH,
    };
    // One of the network's own emoji is a name to all others, and better said than lost.
    let text = match status.text.trim() {
        "" if emoji == SPEECH => sign.as_str(),
        text => text,
    };
    json!({ "text": cut(text, LONGEST_STATUS), "emoji": emoji })
}

/// The beginning of a text that has at most so many bytes.
fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_status(text: &str, emoji: Option<Emoji>, until: Option<i64>) -> UserInfo {
        UserInfo { status: Some(UserStatus { text: text.to_owned(), emoji, until }), ..UserInfo::default() }
    }

    fn palm() -> Emoji {
        Emoji::Unicode("🌴".to_owned())
    }

    #[test]
    fn each_fact_has_its_field() {
        let info = UserInfo {
            title: Some(" Engineer ".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            ..with_status("On leave", Some(palm()), None)
        };
        let expected = json!({
            "m.tz": "Europe/Berlin", "dev.bridge-hub.title": "Engineer",
            "org.matrix.msc4426.status": { "text": "On leave", "emoji": "🌴" },
        });
        assert_eq!(json!(fields(&info, 0)), expected);
        let nothing =
            UserInfo { title: Some(" ".to_owned()), time_zone: Some(String::new()), ..UserInfo::default() };
        assert_eq!(fields(&nothing, 0), Fields::new());
    }

    #[test]
    fn a_status_is_over_when_its_time_is() {
        let until_ten = with_status("In a meeting", None, Some(10));
        assert!(fields(&until_ten, 9).contains_key(STATUS));
        assert!(!fields(&until_ten, 10).contains_key(STATUS));
    }

    #[test]
    fn a_status_always_has_a_text_or_a_sign() {
        let of = |text: &str, emoji| fields(&with_status(text, emoji, None), 0)[STATUS].clone();
        assert_eq!(of("Lunch", None), json!({ "text": "Lunch", "emoji": "💬" }));
        assert_eq!(of("", Some(palm())), json!({ "text": "", "emoji": "🌴" }));
        let parrot = || Some(Emoji::Custom { name: "parrot".to_owned(), url: None });
        assert_eq!(of("", parrot()), json!({ "text": ":parrot:", "emoji": "💬" }));
        assert_eq!(of("Party", parrot()), json!({ "text": "Party", "emoji": "💬" }));
        let long = of(&"ä".repeat(200), Some(palm()));
        assert_eq!(long["text"].as_str().map(str::len), Some(256));
    }
}
