//! Power levels: who may do what, with the specification's defaults for absent keys.
use serde_json::Value;

use super::call::Failure;

/// The level of a creator in version 12 and later.
pub(crate) const UNLIMITED: i64 = i64::MAX;

/// A room's power levels.
#[derive(Debug)]
pub(crate) struct PowerLevels<'a> {
    content: Option<&'a Value>,
    creators: Vec<String>,
    first_creator: Option<&'a str>,
}

impl<'a> PowerLevels<'a> {
    pub(crate) fn new(
        content: Option<&'a Value>,
        creators: Vec<String>,
        first_creator: Option<&'a str>,
    ) -> Self {
        Self { content, creators, first_creator }
    }

    pub(crate) fn user(&self, user_id: &str) -> i64 {
        if self.creators.iter().any(|creator| creator == user_id) {
            return UNLIMITED;
        }
        let Some(content) = self.content else {
            return if self.first_creator == Some(user_id) { 100 } else { 0 };
        };
        level(&content["users"][user_id]).unwrap_or_else(|| level(&content["users_default"]).unwrap_or(0))
    }

    pub(crate) fn to_send(&self, kind: &str, is_state: bool) -> i64 {
        let Some(content) = self.content else { return 0 };
        let (key, default) = if is_state { ("state_default", 50) } else { ("events_default", 0) };
        level(&content["events"][kind]).unwrap_or_else(|| level(&content[key]).unwrap_or(default))
    }

    /// The level for `invite`, `kick`, `ban`, `redact`.
    pub(crate) fn action(&self, action: &str) -> i64 {
        let default = if action == "invite" { 0 } else { 50 };
        self.content.and_then(|content| level(&content[action])).unwrap_or(default)
    }

    pub(crate) fn require(&self, user_id: &str, needed: i64, act: &str) -> Result<(), Failure> {
        let has = self.user(user_id);
        if has >= needed {
            return Ok(());
        }
        Err(Failure::forbidden(format!("{user_id} may not {act}: power level {has}, needed {needed}")))
    }

    /// Whether `user_id` may replace these levels by `new`.
    pub(crate) fn check_change(&self, user_id: &str, new: &Value) -> Result<(), Failure> {
        for creator in &self.creators {
            if new["users"].get(creator).is_some() {
                let error = format!("Creator user {creator} must not appear in content.users");
                return Err(Failure::new(400, "M_UNKNOWN", error));
            }
        }
        let own = self.user(user_id);
        let empty = Value::Null;
        let old = self.content.unwrap_or(&empty);
        let plain = ["ban", "events_default", "invite", "kick", "redact", "state_default", "users_default"];
        for key in plain {
            check_value(own, key, &old[key], &new[key])?;
        }
        for group in ["events", "users"] {
            let keys = [&old[group], &new[group]]
                .into_iter()
                .filter_map(Value::as_object)
                .flat_map(|map| map.keys());
            for key in keys {
                let (before, after) = (&old[group][key], &new[group][key]);
                check_value(own, key, before, after)?;
                let lowers_equal = group == "users" && key != user_id && before != after;
                if lowers_equal && level(before).is_some_and(|before| before >= own) {
                    return Err(Failure::forbidden(format!(
                        "You may not change the level of {key}, it is not below yours"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn check_value(own: i64, key: &str, before: &Value, after: &Value) -> Result<(), Failure> {
    let too_high = [before, after].into_iter().filter_map(level).any(|level| level > own);
    if before != after && too_high {
        return Err(Failure::forbidden(format!("You may not change {key}: its level is above yours")));
    }
    Ok(())
}

fn level(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
