//! Reads a Matrix message body into rich text.

mod line;
mod link;
mod tokens;
mod tree;

use super::{Block, Lookup, RichText, Span};

/// Reads a message. The formatted body is used where there is one that can be read; one that is far larger than
/// an event can be, or shows nothing, is passed over for the plain body. Ids that `lookup` knows become mentions
/// of the remote network. Never fails: what is not understood is left out or becomes text.
pub fn read(body: &str, formatted: Option<&str>, lookup: &Lookup) -> RichText {
    formatted
        .and_then(|html| tokens::read(html, tree::Tree::new(lookup)))
        .map(tree::Tree::finish)
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| read_plain(body, lookup))
}

/// The full Matrix ids, aliases and event ids that a message links to, each once, so that they can be looked up before
/// [`read`] is called.
pub fn mentioned(body: &str, formatted: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let nothing_known = Lookup::default();
    let text = read(body, formatted, &nothing_known);
    text.each_span(&mut |span| {
        if let Span::Mention { mention, .. } = span {
            found.extend(link::matrix_ids(mention));
        }
    });
    if formatted.is_none() {
        found.extend(
            body.split_whitespace().filter_map(|word| link::matrix_ids(&link::mention(bare(word).1)?)),
        );
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(id.clone()));
    found
}

/// The plain body of a reply without the quotation that older programs put before it (lines that begin with
/// `> `, the first with the sender's id in angle brackets, then an empty line).
pub fn strip_reply_fallback(body: &str) -> &str {
    if !(body.starts_with("> <@") || body.starts_with("> * <@")) {
        return body;
    }
    let mut rest = body;
    while rest.starts_with("> ") || rest.starts_with(">\n") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

/// Plain text is left as it is, but for addresses of known Matrix users and rooms.
fn read_plain(body: &str, lookup: &Lookup) -> RichText {
    if body.trim().is_empty() {
        return RichText::default();
    }
    let mut text = RichText::plain(body);
    if !body.contains("matrix.to") && !body.contains("matrix:") {
        return text;
    }
    for block in &mut text.blocks {
        if let Block::Paragraph(spans) = block {
            let mut read = Vec::with_capacity(spans.len());
            for span in spans.drain(..) {
                match span {
                    Span::Text { text, .. } => plain_words(&mut read, &text, lookup),
                    other => read.push(other),
                }
            }
            *spans = read;
        }
    }
    text
}

/// A word without the signs of the sentence around it, which stand before and after.
fn bare(word: &str) -> (&str, &str, &str) {
    let inner = word.trim_start_matches(['(', '[', '{', '<', '"', '\'']);
    let address = inner.trim_end_matches([' ', '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '\'']);
    (&word[..word.len() - inner.len()], address, &inner[address.len()..])
}

fn plain_words(spans: &mut Vec<Span>, text: &str, lookup: &Lookup) {
    for word in text.split_inclusive(' ') {
        let (before, address, after) = bare(word);
        match link::mention(address).and_then(|mention| link::known(&mention, lookup)) {
            Some(mention) => {
                Span::text(before).push_onto(spans);
                spans.push(link::named(mention, address.to_owned(), address, super::Style::default()));
                Span::text(after).push_onto(spans);
            }
            None => Span::text(word).push_onto(spans),
        }
    }
}
