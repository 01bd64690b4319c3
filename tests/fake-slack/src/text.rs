//! Slack's message text: what the server makes of what people type and apps post.
mod emoji;
mod inline;
mod rich;
mod shown;

use serde_json::Value;

pub(crate) use rich::rich_text;
pub(crate) use shown::{reaction, shown};

/// What a person typed, in wire form: `&`, `<` and `>` escaped, bare addresses made links, emoji named.
/// References written as Slack writes them (`<@U…>`, `<#C…>`, `<!here>`, `<https://…|…>`) stay.
pub(crate) fn typed(text: &str) -> String {
    wire(text, false)
}

/// What an app posted, as the server keeps it: stray `&`, `<` and `>` escaped, entities left alone, bare
/// addresses made links, emoji named.
pub(crate) fn settled(text: &str) -> String {
    wire(text, true)
}

fn wire(text: &str, entities: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '<' => copy_reference(rest, &mut out).unwrap_or_else(|| push(&mut out, "&lt;", 1)),
            '>' => push(&mut out, "&gt;", 1),
            '&' => {
                let entity = ["&amp;", "&lt;", "&gt;"].into_iter().find(|e| entities && rest.starts_with(e));
                push(&mut out, entity.unwrap_or("&amp;"), entity.map_or(1, str::len))
            }
            'h' if at_word_start(&out) => {
                copy_address(rest, &mut out).unwrap_or_else(|| push(&mut out, "h", 1))
            }
            _ => match emoji::name_at(rest) {
                Some((name, length)) => {
                    let (tone, more) = emoji::tone_at(&rest[length..]);
                    push(&mut out, &format!(":{name}:{tone}"), length + more)
                }
                None => push(&mut out, &rest[..first.len_utf8()], first.len_utf8()),
            },
        };
        rest = &rest[taken..];
    }
    out
}

fn push(out: &mut String, text: &str, taken: usize) -> usize {
    out.push_str(text);
    taken
}

fn at_word_start(out: &str) -> bool {
    out.chars().next_back().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '*' | '_' | '~' | '"'))
}

/// Copies `<…>` if it is one of Slack's references; says how much was read.
fn copy_reference(rest: &str, out: &mut String) -> Option<usize> {
    let end = rest.find('>')?;
    inline::reference(&rest[1..end])?;
    Some(push(out, &rest[..=end], end + 1))
}

/// Wraps a bare web address; says how much was read.
fn copy_address(rest: &str, out: &mut String) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme))?;
    let stop = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '|' | '"');
    let end = rest.find(stop).unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches(['.', ',', ')', '!', '?', ';', ':', '*', '_', '~']);
    if address.len() <= scheme.len() {
        return None;
    }
    out.push('<');
    out.push_str(&address.replace("&amp;", "&").replace('&', "&amp;"));
    out.push('>');
    Some(address.len())
}

/// Turns the three entities back.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Gives every block that has none a `block_id`.
pub(crate) fn with_block_ids(mut blocks: Value, seed: u64) -> Value {
    for (index, block) in blocks.as_array_mut().into_iter().flatten().enumerate() {
        if block.is_object() && block["block_id"].is_null() {
            block["block_id"] = block_id(seed.wrapping_add(index as u64)).into();
        }
    }
    blocks
}

/// Five characters, as Slack's block ids.
pub(crate) fn block_id(seed: u64) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh";
    let mixed = mix(seed);
    (0..5).map(|place| char::from(LETTERS[((mixed >> (place * 5)) & 31) as usize])).collect()
}

/// An id in the form of a random UUID, made from a number that never comes twice.
pub(crate) fn uuid(seed: u64) -> String {
    let (a, b) = (mix(seed), mix(seed ^ 0x5bd1_e995_9d1b_54a5));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

/// A one-to-one mixing of 64 bits, so that following numbers look unrelated.
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_is_escaped_but_references_stay() {
        assert_eq!(typed("a < b & c > d"), "a &lt; b &amp; c &gt; d");
        assert_eq!(typed("hi <@U0BOB00001> &amp;"), "hi <@U0BOB00001> &amp;amp;");
        assert_eq!(typed("<script>"), "&lt;script&gt;");
    }

    #[test]
    fn posted_text_keeps_its_entities() {
        assert_eq!(settled("a &lt; b & c"), "a &lt; b &amp; c");
        assert_eq!(settled("<!channel> <https://a.example|x>"), "<!channel> <https://a.example|x>");
    }

    #[test]
    fn bare_addresses_become_links() {
        assert_eq!(typed("see https://a.example/x?a=1&b=2."), "see <https://a.example/x?a=1&amp;b=2>.");
        assert_eq!(typed("oh http://"), "oh http://");
    }

    #[test]
    fn emoji_are_named() {
        assert_eq!(typed("good 👍"), "good :+1:");
        assert_eq!(typed("good 👍🏽!"), "good :+1::skin-tone-4:!");
    }
}
