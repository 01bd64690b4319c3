//! Slack's emoji names and the Unicode sequences behind them, from a table made by `emoji/generate.py`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use bridge_core::content::Emoji;

/// One line a name, sorted by name: `name`, tab, sequence, and for a second name of an emoji tab and `=`.
const TABLE: &str = include_str!("emoji/table.txt");

/// Where the lines of first names begin, sorted by their sequences: the only part that takes memory (about 15 KB,
/// once a message with an emoji has been written).
static BY_SEQUENCE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut at = 0_usize;
    let mut starts = Vec::new();
    for line in TABLE.split_inclusive('\n') {
        if !line.ends_with("=\n") {
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        at += line.len();
    }
    starts.sort_by(|a, b| order(line_at(*a).1, line_at(*b).1));
    starts
});

/// The sequence of a name such as `wave` or `wave::skin-tone-2`, without the outer colons.
pub fn sequence(name: &str) -> Option<&'static str> {
    let bytes = TABLE.as_bytes();
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = bytes[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            bytes[middle..].iter().position(|byte| *byte == b'\n').map_or(TABLE.len(), |at| middle + at + 1);
        let (found, sequence) = fields(&TABLE[start..end]);
        match name.cmp(found) {
            Ordering::Equal => return Some(sequence),
            Ordering::Less => high = start,
            Ordering::Greater => low = end,
        }
    }
    None
}

/// The name of a sequence, without colons. Variation selectors do not count: people and programs leave them out.
pub fn name(sequence: &str) -> Option<&'static str> {
    let found = BY_SEQUENCE.binary_search_by(|start| order(line_at(*start).1, sequence)).ok()?;
    Some(line_at(BY_SEQUENCE[found]).0)
}

/// The emoji of a name as reactions give it: a workspace's own if it is in no list. A skin tone that the emoji does not
/// come in is left out. `None` for what is no name.
pub fn read(name: &str) -> Option<Emoji> {
    let name = name.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).unwrap_or(name);
    let base = name.split_once("::").map_or(name, |(base, _)| base);
    if let Some(sequence) = sequence(name).or_else(|| sequence(base)) {
        return Some(Emoji::Unicode(sequence.to_owned()));
    }
    is_name(base).then(|| Emoji::Custom { name: base.to_owned(), url: None })
}

/// Whether the text could be the name of an emoji, also of a workspace's own.
pub fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .chars()
            .all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '_' | '-' | '+' | '\''))
}

fn order(a: &str, b: &str) -> Ordering {
    a.chars().filter(|c| *c != '\u{fe0f}').cmp(b.chars().filter(|c| *c != '\u{fe0f}'))
}

fn line_at(start: u32) -> (&'static str, &'static str) {
    let rest = &TABLE[start as usize..];
    fields(rest.split_inclusive('\n').next().unwrap_or_default())
}

fn fields(line: &'static str) -> (&'static str, &'static str) {
    let mut fields = line.trim_end_matches('\n').split('\t');
    (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bridge_core::content::Emoji;

    use super::{TABLE, is_name, name, read, sequence};

    #[test]
    fn every_name_is_found_and_every_first_name_comes_back() {
        let (mut names, mut toned) = (0, 0);
        for line in TABLE.lines() {
            let mut fields = line.split('\t');
            let (short, emoji) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            assert_eq!(sequence(short), Some(emoji), "{short}");
            assert!(is_name(&short.replace("::", "")), "{short}");
            if fields.next().is_none() {
                assert_eq!(name(emoji), Some(short));
                assert_eq!(name(&emoji.replace('\u{fe0f}', "")), Some(short));
            } else {
                assert!(name(emoji).is_some_and(|first| first != short));
            }
            if short.contains("::") { toned += 1 } else { names += 1 }
        }
        assert_eq!((names, toned), (1972, 2020));
        // It is part of the program and read in place.
        assert!(TABLE.len() < 200_000);
    }

    #[test]
    fn unknown_ones() {
        for unknown in ["", "no_such_emoji", "wave\t", "a\n", "zzzz", "wave::skin-tone-7", "=", "\u{1f44b}"] {
            assert_eq!(sequence(unknown), None, "{unknown:?}");
        }
        for unknown in ["", "a", "wave", "\u{fe0f}", "\u{1f44b}\u{1f44b}"] {
            assert_eq!(name(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn every_name_of_a_reaction_is_an_emoji() {
        for line in TABLE.lines() {
            let mut fields = line.split('\t');
            let (short, emoji) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            let expected = Some(Emoji::Unicode(emoji.to_owned()));
            assert_eq!(read(short), expected, "{short}");
            assert_eq!(read(&format!(":{short}:")), expected, "{short}");
        }
        let own = |name: &str| Some(Emoji::Custom { name: name.to_owned(), url: None });
        assert_eq!(read("party_parrot"), own("party_parrot"));
        assert_eq!(read("party_parrot::skin-tone-2"), own("party_parrot"));
        // A tone that there is not.
        assert_eq!(read("tada::skin-tone-2"), read("tada"));
        for none in ["", ":", "::", "A", "a b", "wave\n", "::skin-tone-2"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn names_that_another_list_has_wrong() {
        assert_eq!(sequence("satellite"), Some("\u{1f6f0}\u{fe0f}"));
        assert_eq!(sequence("umbrella"), Some("\u{2602}\u{fe0f}"));
        assert_eq!(sequence("snowman"), Some("\u{2603}\u{fe0f}"));
        assert_eq!(sequence("email"), Some("\u{2709}\u{fe0f}"));
        assert_eq!(sequence("flag-de"), Some("\u{1f1e9}\u{1f1ea}"));
        assert_eq!(name("\u{2602}"), Some("umbrella"));
    }
}
