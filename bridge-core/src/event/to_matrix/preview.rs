//! Writes what is known of linked pages, in the form of MSC4095 as clients read it today.

use serde_json::{Map, Value};

use crate::content::LinkPreview;

/// The field of an event's content.
pub const PREVIEWS: &str = "com.beeper.linkpreviews";
/// More are not shown by anybody.
const MOST: usize = 5;
/// Longer texts are cut, in characters.
const LONGEST: usize = 400;
/// A longer address is left out, in bytes: cut, it would be another one.
const LONGEST_ADDRESS: usize = 2_048;

/// The field's value, as many previews as `most` bytes of JSON hold; none without anything to show.
pub(super) fn value(previews: &[LinkPreview], most: usize) -> Option<Value> {
    let mut length = 0;
    let shown: Vec<Value> = previews
        .iter()
        .filter(|preview| !preview.is_empty())
        .filter_map(one)
        .take(MOST)
        .take_while(|preview| {
            length += preview.to_string().len() + 1;
            length < most
        })
        .collect();
    (!shown.is_empty()).then_some(Value::Array(shown))
}

fn one(preview: &LinkPreview) -> Option<Value> {
    let matched = preview.matched_url.as_str();
    if matched.len() > LONGEST_ADDRESS {
        return None;
    }
    // Clients open this one.
    let page = [preview.url.as_str(), matched].into_iter().find(|address| is_page(address));
    let fields = [
        ("matched_url", matched.to_owned()),
        ("og:url", page.unwrap_or_default().to_owned()),
        ("og:title", short(&preview.title)),
        ("og:description", short(&preview.description)),
        ("og:site_name", short(&preview.site)),
    ];
    let known = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Some(Value::Object(known.map(|(field, text)| (field.to_owned(), text.into())).collect::<Map<_, _>>()))
}

/// Whether an address leads to a page on the web.
fn is_page(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    address.len() <= LONGEST_ADDRESS && matches!(scheme.as_deref(), Some("http" | "https"))
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
        assert_eq!(value(&[], 60_000), None);
        assert_eq!(value(&[page.clone()], 60_000), None);
        page.title = "A".to_owned();
        let wanted =
            json!([{ "matched_url": "https://a.test", "og:url": "https://www.a.test/", "og:title": "A" }]);
        assert_eq!(value(&[page.clone()], 60_000), Some(wanted));
        page.description = "é".repeat(500);
        let written = value(&vec![page.clone(); 9], 60_000).unwrap_or_default();
        assert_eq!(written.as_array().map(Vec::len), Some(5));
        assert_eq!(written[0]["og:description"].as_str().map(|text| text.chars().count()), Some(401));
        let fewer = value(&vec![page; 9], 2_500).unwrap_or_default();
        assert_eq!(fewer.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn addresses_are_whole_and_lead_to_pages() {
        let shown = |matched: &str, url: &str| {
            let page = LinkPreview { title: "A".to_owned(), ..LinkPreview::new(matched, url) };
            value(&[page], 60_000).map(|shown| shown[0].clone())
        };
        let long = format!("https://a.test/{}", "a".repeat(1_000));
        assert_eq!(
            shown(&long, &long),
            Some(json!({ "matched_url": long, "og:url": long, "og:title": "A" }))
        );
        let longer = long.repeat(3);
        assert_eq!(shown(&longer, "https://a.test"), None);
        for elsewhere in [longer.as_str(), "javascript:alert(1)", "JavaScript://a.test", "a.test"] {
            let wanted =
                json!({ "matched_url": "HTTPS://a.test", "og:url": "HTTPS://a.test", "og:title": "A" });
            assert_eq!(shown("HTTPS://a.test", elsewhere), Some(wanted));
        }
        assert_eq!(shown("a.test", "x:y"), Some(json!({ "matched_url": "a.test", "og:title": "A" })));
    }
}
