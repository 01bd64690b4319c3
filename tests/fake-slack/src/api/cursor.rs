//! Slack's cursors: pages of a sorted list, the next one named by an opaque text.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::arguments::Arguments;
use crate::error::ApiError;

/// Packs the place where the next page begins.
pub(super) fn pack(place: &str) -> String {
    STANDARD.encode(format!("next:{place}"))
}

/// Reads the argument `cursor`; an empty one is the first page.
pub(super) fn unpack(arguments: &Arguments) -> Result<Option<String>, ApiError> {
    let Some(cursor) = arguments.text("cursor") else { return Ok(None) };
    let bytes = STANDARD.decode(cursor).map_err(|_| "invalid_cursor")?;
    let text = String::from_utf8(bytes).map_err(|_| "invalid_cursor")?;
    text.strip_prefix("next:").map(|place| Some(place.to_owned())).ok_or_else(|| "invalid_cursor".into())
}

/// The page that `cursor` and `limit` ask for out of ids in ascending order, and the cursor of the next page
/// (empty on the last one). No limit means `default`; 0 there means all.
pub(super) fn page(
    ids: Vec<String>,
    arguments: &Arguments,
    default: u64,
) -> Result<(Vec<String>, String), ApiError> {
    let limit = arguments.number("limit").filter(|limit| *limit > 0).unwrap_or(default);
    if limit > 1000 {
        return Err("invalid_limit".into());
    }
    let limit = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    let from = unpack(arguments)?.unwrap_or_default();
    let mut rest = ids.into_iter().skip_while(|id| *id < from);
    let found = rest.by_ref().take(limit).collect();
    Ok((found, rest.next().map(|id| pack(&id)).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let ids = || ["a", "b", "c"].map(str::to_owned).to_vec();
        let first = Arguments::from_json(json!({ "limit": 2 }));
        let (found, next) = page(ids(), &first, 100).unwrap();
        assert_eq!(found, ["a", "b"]);
        let second = Arguments::from_json(json!({ "limit": 2, "cursor": next }));
        assert_eq!(page(ids(), &second, 100).unwrap(), (vec!["c".to_owned()], String::new()));
        let odd = Arguments::from_json(json!({ "cursor": "nonsense" }));
        assert_eq!(page(ids(), &odd, 100).unwrap_err().error, "invalid_cursor");
    }
}
