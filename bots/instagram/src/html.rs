//! Reads HTML of outsiders as a stream of tags and text: no tree, so linear in time and flat in memory.
//!
//! A tokenizer for browsers compares the attributes of a tag with each other, which takes squared time, and pages carry
//! whole captions in attributes, so that large tags cannot be refused.

use std::borrow::Cow;

/// A piece of a document.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// An element begins.
    Open(&'a Element<'a>),
    /// An element ends; its name in lower case.
    Close(&'a str),
    /// Text between tags, character references replaced; that of scripts as it stands.
    Text(&'a str),
}

/// A start tag.
#[derive(Debug, Default)]
pub(crate) struct Element<'a> {
    name: String,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl Element<'_> {
    /// Its name in lower case.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An attribute's value, character references replaced; the first if it is there twice.
    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Whether it is of this class.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.attr("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|own| own == class))
    }

    /// Whether it never has an end tag, so that nobody should wait for one.
    pub(crate) fn is_void(&self) -> bool {
        let voids =
            ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];
        voids.contains(&self.name())
    }
}

/// Elements whose content is text whatever it looks like.
const RAW: &[&str] = &["script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp"];

/// Hands each piece of a document to `visit`, in order. Never fails: what is broken is read as text or left out.
pub(crate) fn read(html: &str, mut visit: impl FnMut(Piece<'_>)) {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        say(text, &mut visit);
        rest = if let Some(comment) = tag.strip_prefix("<!--") {
            after(comment, "-->")
        } else if tag.starts_with("<!") || tag.starts_with("<?") {
            after(tag, ">")
        } else if tag[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            open(&tag[1..], &mut visit)
        } else if tag.starts_with("</") {
            let end = tag.find('>').unwrap_or(tag.len());
            let name = tag[2..end].split([' ', '\t', '\n', '\r', '/']).next().unwrap_or_default();
            visit(Piece::Close(&name.to_ascii_lowercase()));
            tag.get(end + 1..).unwrap_or_default()
        } else {
            visit(Piece::Text("<"));
            &tag[1..]
        };
    }
    say(rest, &mut visit);
}

fn say(text: &str, visit: &mut impl FnMut(Piece<'_>)) {
    if !text.is_empty() {
        visit(Piece::Text(&unescape(text)));
    }
}

/// What follows the first `end`; nothing if there is none.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

/// Reads a start tag from its name on, and the content if that is raw text. Gives what follows.
fn open<'a>(tag: &'a str, visit: &mut impl FnMut(Piece<'_>)) -> &'a str {
    let name_end = tag.find(ends_name).unwrap_or(tag.len());
    let mut element = Element { name: tag[..name_end].to_ascii_lowercase(), attributes: Vec::new() };
    let Some(rest) = attributes(&tag[name_end..], &mut element.attributes) else { return "" };
    visit(Piece::Open(&element));
    if !RAW.contains(&element.name()) {
        return rest;
    }
    let end = rest.match_indices("</").map(|(at, _)| at).find(|at| {
        let after = rest.as_bytes()[at + 2..].get(..element.name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(element.name.as_bytes()))
    });
    let (text, rest) = rest.split_at(end.unwrap_or(rest.len()));
    match element.name() {
        "title" | "textarea" => say(text, visit),
        _ if text.is_empty() => {}
        _ => visit(Piece::Text(text)),
    }
    rest
}

fn ends_name(c: char) -> bool {
    c.is_ascii_whitespace() || c == '/' || c == '>'
}

/// Reads attributes to the tag's end and gives what follows; `None` if the tag does not end.
fn attributes<'a>(mut rest: &'a str, into: &mut Vec<(&'a str, Cow<'a, str>)>) -> Option<&'a str> {
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return Some(rest);
        }
        // An attribute may begin with `=`, which is then a part of its name.
        let from = rest.chars().next()?.len_utf8();
        let end = rest[from..].find(|c| ends_name(c) || c == '=').map(|at| from + at)?;
        let name = &rest[..end];
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let mut value = "";
        if let Some(given) = rest.strip_prefix('=') {
            let given = given.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let quote = given.chars().next().filter(|sign| matches!(sign, '"' | '\''));
            if let Some(quote) = quote {
                let end = given[1..].find(quote)?;
                value = &given[1..=end];
                rest = &given[end + 2..];
            } else {
                let end = given.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                (value, rest) = given.split_at(end);
            }
        }
        into.push((name, unescape(value)));
    }
}

/// The length of the longest character reference that is known.
const LONGEST_REFERENCE: usize = 10;

/// Replaces the character references that pages use: the numbers, and the few names that matter.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let near = &rest.as_bytes()[..rest.len().min(LONGEST_REFERENCE + 2)];
        let end = near.iter().position(|b| *b == b';');
        if let Some((end, character)) = end.and_then(|end| Some((end, character(&rest[1..end])?))) {
            out.push(character);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(reference: &str) -> Option<char> {
    if let Some(number) = reference.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).filter(|c| *c != '\0');
    }
    Some(match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "hellip" => '…',
        "bull" => '•',
        "middot" => '·',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::{Piece, read, unescape};
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn outline(html: &str) -> String {
        let mut out = String::new();
        read(html, |piece| match piece {
            Piece::Open(tag) => write!(out, "<{}>", tag.name()).unwrap(),
            Piece::Close(name) => write!(out, "</{name}>").unwrap(),
            Piece::Text(text) => out.push_str(text),
        });
        out
    }

    #[test]
    fn scripts_are_text_and_references_are_replaced() {
        assert_eq!(outline("<!DOCTYPE html><P>a &amp; b<br></p>"), "<p>a & b<br></p>");
        assert_eq!(outline("<script>\"<b>&amp;\"</SCRIPT >c"), "<script>\"<b>&amp;\"</script>c");
        assert_eq!(outline("<script>1</script><script>2</script>"), "<script>1</script><script>2</script>");
        assert_eq!(outline("<title>a<b>&lt;"), "<title>a<b><");
        assert_eq!(outline("a<!-- <b> -->c<!-- d"), "ac");
        assert_eq!(outline("1 < 2 <3"), "1 < 2 <3");
    }

    #[test]
    fn attributes() {
        let mut seen = Vec::new();
        read("<img class='a  B' src=\"x?a=1&amp;b=2\" alt ><hr/><a HREF=x/y =z>", |piece| {
            if let Piece::Open(tag) = piece {
                seen.push(tag.attr("src").or(tag.attr("href")).map(str::to_owned));
            }
        });
        assert_eq!(seen, [Some("x?a=1&b=2".to_owned()), None, Some("x/y".to_owned())]);
    }

    #[test]
    fn references() {
        assert_eq!(
            unescape("&#064;a &#x2022; &quot;b&quot; &unknown; & &#0; &#xD800;&"),
            "@a • \"b\" &unknown; & &#0; &#xD800;&"
        );
    }

    #[test]
    fn what_never_ends_takes_linear_time() {
        for piece in ["<a ", "<a b=\"", "<!--", "</", "&", "<script>", "<title></", "a=b "] {
            let mut pieces = 0;
            read(&format!("<x {}", piece.repeat(300_000)), |_| pieces += 1);
            read(&piece.repeat(300_000), |_| pieces += 1);
            assert!(pieces <= 900_000, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read(html in "[<>/a-c =\"'!&;#x0-9é-]{0,80}") {
            read(&html, |_| {});
        }
    }
}
