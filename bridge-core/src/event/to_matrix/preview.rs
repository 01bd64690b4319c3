//! Writes what is known of linked pages, in the form of MSC4095 as clients read it today.

use serde_json::{Map, Value};

use crate::content::LinkPreview;

/// The field of an event's content.
pub(super) const FIELD: &str = "com.beeper.linkpreviews";
/// More are not shown by anybody.
const MOST: usize = 5;
/// Longer texts are cut, in characters.
const LONGEST: usize = 400;

/// The field's value; none without anything to show.
pub(super) fn value(previews: &[LinkPreview]) -> Option<Value> {
    let shown: Vec<Value> =
        previews.iter().filter(|preview| !preview.is_empty()).take(MOST).map(one).collect();
    (!shown.is_empty()).then_some(Value::Array(shown))
}

fn one(preview: &LinkPreview) -> Value {
    let fields = [
        ("matched_url", &preview.matched_url),
        ("og:url", &preview.url),
        ("og:title", &preview.title),
        ("og:description", &preview.description),
        ("og:site_name", &preview.site),
    ];
    let known = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Value::Object(known.map(|(field, text)| (field.to_owned(), short(text).into())).collect::<Map<_, _>>())
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let mut page = LinkPreview::new("https://a.test", "https://www.a.test/");
        assert_eq!(value(&[]), None);
        assert_eq!(value(&[page.clone()]), None);
        page.title = "A".to_owned();
        let wanted =
            json!([{ "matched_url": "https://a.test", "og:url": "https://www.a.test/", "og:title": "A" }]);
        assert_eq!(value(&[page.clone()]), Some(wanted));
        page.description = "é".repeat(500);
        let written = value(&vec![page; 9]).unwrap_or_default();
        assert_eq!(written.as_array().map(Vec::len), Some(5));
        assert_eq!(written[0]["og:description"].as_str().map(|text| text.chars().count()), Some(401));
    }
}
