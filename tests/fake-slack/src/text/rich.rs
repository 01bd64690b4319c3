//! Wire text as the `rich_text` block that comes with it: paragraphs, quotes, lists, code.
use serde_json::{Map, Value, json};

use super::{block_id, inline, unescape};

/// What a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Text,
    Quote,
    Bullet,
    Ordered,
}

/// The `blocks` of a message with this wire text.
pub(crate) fn rich_text(wire: &str, seed: u64) -> Value {
    let mut elements = Vec::new();
    for (index, part) in wire.split("```").enumerate() {
        let closed = wire.matches("```").count() >= index + usize::from(index % 2 == 1);
        if index % 2 == 1 && closed {
            let code = unescape(part.trim_matches('\n'));
            elements.push(json!({
                "type": "rich_text_preformatted", "border": 0, "elements": [{ "type": "text", "text": code }],
            }));
        } else if index % 2 == 1 {
            lines(&format!("```{part}"), &mut elements);
        } else {
            lines(part, &mut elements);
        }
    }
    json!([{ "type": "rich_text", "block_id": block_id(seed), "elements": elements }])
}

/// Splits plain lines into runs of the same kind.
fn lines(text: &str, out: &mut Vec<Value>) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return;
    }
    let mut run: Vec<&str> = Vec::new();
    let mut kind = Line::Text;
    for line in text.split('\n') {
        let (this, inner) = sort(line);
        if this != kind && !run.is_empty() {
            finish(kind, &run, out);
            run.clear();
        }
        kind = this;
        run.push(inner);
    }
    finish(kind, &run, out);
}

fn sort(line: &str) -> (Line, &str) {
    if let Some(inner) = line.strip_prefix("&gt; ").or_else(|| line.strip_prefix("&gt;")) {
        return (Line::Quote, inner);
    }
    if let Some(inner) = line.strip_prefix("• ") {
        return (Line::Bullet, inner);
    }
    if let Some((number, inner)) = line.split_once(". ")
        && !number.is_empty()
        && number.len() < 4
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        return (Line::Ordered, inner);
    }
    (Line::Text, line)
}

fn finish(kind: Line, run: &[&str], out: &mut Vec<Value>) {
    let plain = Map::new();
    let section =
        |text: &str| json!({ "type": "rich_text_section", "elements": inline::elements(text, &plain) });
    match kind {
        Line::Text => out.push(section(&run.join("\n"))),
        Line::Quote => out.push(json!({
            "type": "rich_text_quote", "elements": inline::elements(&run.join("\n"), &plain),
        })),
        Line::Bullet | Line::Ordered => out.push(json!({
            "type": "rich_text_list",
            "style": if kind == Line::Bullet { "bullet" } else { "ordered" },
            "indent": 0,
            "border": 0,
            "elements": run.iter().map(|line| section(line)).collect::<Vec<_>>(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(wire: &str) -> Value {
        rich_text(wire, 1)[0]["elements"].clone()
    }

    #[test]
    fn styles_and_references() {
        let expected = json!([{ "type": "rich_text_section", "elements": [
            { "type": "text", "text": "hi " },
            { "type": "user", "user_id": "U0BOB00001" },
            { "type": "text", "text": " " },
            { "type": "text", "text": "a & b", "style": { "bold": true } },
            { "type": "text", "text": " " },
            { "type": "emoji", "name": "tada", "unicode": "1f389" },
        ]}]);
        assert_eq!(elements("hi <@U0BOB00001> *a &amp; b* :tada:"), expected);
    }

    #[test]
    fn quotes_lists_and_code() {
        let found = elements("&gt; said\n• one\n• two\n```let x;\n```");
        let kinds: Vec<&str> = found.as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
        assert_eq!(kinds, ["rich_text_quote", "rich_text_list", "rich_text_preformatted"]);
        assert_eq!(found[1]["elements"].as_array().unwrap().len(), 2);
        assert_eq!(found[2]["elements"][0]["text"], "let x;");
    }

    #[test]
    fn signs_inside_words_are_text() {
        let expected = json!([{ "type": "rich_text_section", "elements": [
            { "type": "text", "text": "snake_case_name 2*3*4" },
        ]}]);
        assert_eq!(elements("snake_case_name 2*3*4"), expected);
    }
}
