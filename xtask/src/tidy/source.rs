//! One tracked file, as the checks see it.

use std::ops::Range;

/// A text file with, for Rust, what is code in it.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments, strings and characters blanked out; same lines and columns. Empty unless Rust.
    pub(crate) code: String,
    /// Byte ranges of `code` that are compiled for tests only.
    tests: Vec<Range<usize>>,
}

impl Source {
    /// Reads a file's text; whether it is Rust is told by the path.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let is_rust = path.ends_with(".rs");
        let code = if is_rust { blank(&text) } else { String::new() };
        let tests = test_ranges(&code);
        Self { path, text, code, tests }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A file of tests: `tests.rs`, or in a crate's or module's `tests/`. The folder `tests/` at the top holds
    /// crates, which are none.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.split('/').skip(1).any(|folder| folder == "tests")
    }

    /// Whether a place in the code is a test's.
    pub(crate) fn in_test(&self, at: usize) -> bool {
        self.is_test() || self.tests.iter().any(|range| range.contains(&at))
    }

    /// The number of the line a place is on, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(&self.code, at)
    }

    /// How many lines are not a test's.
    pub(crate) fn lines_outside_tests(&self) -> usize {
        let in_tests: usize = self.tests.iter().map(|range| self.code[range.clone()].lines().count()).sum();
        self.text.lines().count() - in_tests
    }

    /// Every identifier in the code, with its place.
    pub(crate) fn idents(&self) -> impl Iterator<Item = (usize, &str)> {
        idents(&self.code)
    }
}

/// The number of the line a place is on, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every identifier, with its place.
pub(crate) fn idents(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_ident)?;
        let end = code[start..].find(|c| !is_ident(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the block that begins at or after `from` ends, just after its brace; `None` when a `;` comes first.
pub(crate) fn block_end(code: &str, from: usize) -> Option<usize> {
    let mut braces = 0_usize;
    let mut nested = 0_usize;
    for (offset, c) in code[from..].char_indices() {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested = nested.saturating_sub(1),
            ';' if braces == 0 && nested == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(from + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn test_ranges(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (start, _) in code.match_indices(MARK) {
        if ranges.last().is_some_and(|last| last.contains(&start)) {
            continue;
        }
        if let Some(end) = block_end(code, start + MARK.len()) {
            ranges.push(start..end);
        }
    }
    ranges
}

/// Blanks comments, strings and characters. Every replaced byte becomes a space, so places stay the same.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = at + not_code(&bytes[at..], at > 0 && is_ident(char::from(bytes[at - 1])));
        if end > at {
            code.extend(bytes[at..end].iter().map(|&byte| if byte == b'\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            let byte = bytes[at];
            code.push(if byte.is_ascii() { char::from(byte) } else { '_' });
            at += 1;
        }
    }
    code
}

/// The length of the comment, string or character that begins here, or 0.
fn not_code(rest: &[u8], after_ident: bool) -> usize {
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => comment(rest),
        [b'"', ..] => string(rest),
        [b'r', b'"' | b'#', ..] if !after_ident => raw_string(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !after_ident => raw_string(rest, 2),
        [b'\'', b'\\', _, tail @ ..] => tail.iter().position(|&byte| byte == b'\'').map_or(0, |end| end + 4),
        [b'\'', tail @ ..] => character(tail),
        _ => 0,
    }
}

/// A character of one to four bytes; a lifetime has no closing quote.
fn character(tail: &[u8]) -> usize {
    let length = match tail.first() {
        Some(byte) if byte.is_ascii() => 1,
        _ => tail.iter().take(4).position(|&byte| byte == b'\'').unwrap_or(0),
    };
    if length > 0 && tail.get(length) == Some(&b'\'') { length + 2 } else { 0 }
}

fn comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A raw string; 0 for a raw identifier (`r#type`).
fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let marks = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    if rest.get(prefix + marks) != Some(&b'"') {
        return 0;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', marks)).collect();
    let body = prefix + marks + 1;
    let end = rest[body..].windows(close.len()).position(|window| window == close);
    end.map_or(rest.len(), |end| body + end + close.len())
}

#[cfg(test)]
mod tests {
    use super::{Source, blank};

    #[test]
    fn blanks_what_is_not_code() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y{", 'z')"#, "f(       ,    )"),
            (r##"r#"{"# r#type"##, "       r#type"),
            ("&'a str '{' '\\n' '\\u{41}'", "&'a str                  "),
            ("'é' x", "     x"),
        ];
        for (text, code) in cases {
            assert_eq!(blank(text), code, "{text}");
        }
    }

    #[test]
    fn knows_what_is_test() {
        let text = "//! A.\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let source = Source::new("bridge-core/src/a.rs", text);
        assert_eq!(source.lines_outside_tests(), 2);
        assert!(!source.in_test(10));
        assert!(source.in_test(text.len() - 5));
        assert!(Source::new("bridge-core/src/a/tests.rs", "").is_test());
        assert!(Source::new("bridge-core/tests/a.rs", "").is_test());
        assert!(!Source::new("tests/testkit/src/a.rs", "").is_test());
    }

    #[test]
    fn a_test_module_in_its_own_file_is_no_range() {
        let source = Source::new("a/src/b.rs", "//! A.\n#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert_eq!(source.lines_outside_tests(), 4);
    }
}
