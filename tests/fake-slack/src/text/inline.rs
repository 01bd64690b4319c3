//! One line of wire text as `rich_text` elements: references, emoji and the four styles.
use serde_json::{Map, Value, json};

use super::{emoji, unescape};

/// The element for what stands between `<` and `>`, or `None` if that is not one of Slack's references.
pub(super) fn reference(inner: &str) -> Option<Value> {
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (inner, None),
    };
    let id =
        |text: &str| text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if let Some(user) = target.strip_prefix('@') {
        return id(user).then(|| json!({ "type": "user", "user_id": user }));
    }
    if let Some(channel) = target.strip_prefix('#') {
        return id(channel).then(|| json!({ "type": "channel", "channel_id": channel }));
    }
    if let Some(group) = target.strip_prefix("!subteam^") {
        return id(group).then(|| json!({ "type": "usergroup", "usergroup_id": group }));
    }
    if let Some(date) = target.strip_prefix("!date^") {
        let (seconds, format) = date.split_once('^')?;
        let seconds: i64 = seconds.parse().ok()?;
        return Some(json!({
            "type": "date", "timestamp": seconds, "format": format, "fallback": label.unwrap_or_default(),
        }));
    }
    if let Some(range) = target.strip_prefix('!') {
        let known = ["here", "channel", "everyone"].contains(&range);
        return known.then(|| json!({ "type": "broadcast", "range": range }));
    }
    let (scheme, _) = target.split_once(':')?;
    if !["http", "https", "mailto", "tel"].contains(&scheme) {
        return None;
    }
    let mut link = json!({ "type": "link", "url": unescape(target) });
    if let Some(label) = label {
        link["text"] = unescape(label).into();
    }
    Some(link)
}

/// The elements of one piece of text; `style` is what surrounds it.
pub(super) fn elements(text: &str, style: &Map<String, Value>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word_start = plain.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let found = match first {
            '<' => reference_at(rest),
            ':' => emoji_at(rest),
            '*' | '_' | '~' | '`' if word_start => styled_at(rest, first, style),
            _ => None,
        };
        let Some((elements, taken)) = found else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        flush(&mut plain, style, &mut out);
        for mut element in elements {
            if !style.is_empty() && element["style"].is_null() {
                element["style"] = Value::Object(style.clone());
            }
            out.push(element);
        }
        rest = &rest[taken..];
    }
    flush(&mut plain, style, &mut out);
    out
}

fn flush(plain: &mut String, style: &Map<String, Value>, out: &mut Vec<Value>) {
    if plain.is_empty() {
        return;
    }
    let mut element = json!({ "type": "text", "text": unescape(plain) });
    if !style.is_empty() {
        element["style"] = Value::Object(style.clone());
    }
    out.push(element);
    plain.clear();
}

fn reference_at(rest: &str) -> Option<(Vec<Value>, usize)> {
    let end = rest.find('>')?;
    Some((vec![reference(&rest[1..end])?], end + 1))
}

fn emoji_at(rest: &str) -> Option<(Vec<Value>, usize)> {
    let end = rest[1..].find(':')? + 1;
    let name = &rest[1..end];
    let letters =
        name.bytes().any(|b| b.is_ascii_lowercase()) || name == "+1" || name == "-1" || name == "100";
    let fine =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'+' | b'\'');
    if !letters || !name.bytes().all(fine) {
        return None;
    }
    let mut element = json!({ "type": "emoji", "name": name });
    let unicode = emoji::unicode(name);
    let toned = tone_at(&rest[end + 1..]);
    if let Some((tone, _)) = toned {
        element["skin_tone"] = tone.into();
    }
    if let Some(unicode) = unicode {
        // The five tones stand one after the other in Unicode, from U+1F3FB on.
        let tone = toned.map(|(tone, _)| format!("-{:x}", 0x1f3f9 + tone)).unwrap_or_default();
        element["unicode"] = format!("{unicode}{tone}").into();
    }
    Some((vec![element], end + 1 + toned.map_or(0, |(_, length)| length)))
}

/// The skin tone behind an emoji's name, from 2 to 6, and how many bytes it takes.
fn tone_at(rest: &str) -> Option<(u32, usize)> {
    let (tone, _) = rest.strip_prefix(":skin-tone-")?.split_once(':')?;
    let tone = tone.parse().ok().filter(|tone| (2..=6).contains(tone))?;
    Some((tone, ":skin-tone-N:".len()))
}

/// A styled run: its sign, no space inside its ends, the same sign again at a word's end, on one line.
fn styled_at(rest: &str, sign: char, style: &Map<String, Value>) -> Option<(Vec<Value>, usize)> {
    let name = match sign {
        '*' => "bold",
        '_' => "italic",
        '~' => "strike",
        _ => "code",
    };
    let body = &rest[1..];
    let line_end = body.find('\n').unwrap_or(body.len());
    let ends = |at: &usize| {
        let inner = &body[..*at];
        let after = body[*at + 1..].chars().next();
        !inner.is_empty()
            && !inner.starts_with(char::is_whitespace)
            && !inner.ends_with(char::is_whitespace)
            && after.is_none_or(|c| !c.is_alphanumeric())
    };
    let end = body[..line_end].match_indices(sign).map(|(at, _)| at).find(ends)?;
    let mut inner_style = style.clone();
    inner_style.insert(name.to_owned(), true.into());
    let inner = &body[..end];
    let found = if sign == '`' {
        vec![json!({ "type": "text", "text": unescape(inner), "style": inner_style })]
    } else {
        elements(inner, &inner_style)
    };
    Some((found, end + 2))
}
