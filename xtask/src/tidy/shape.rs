//! The shape of a Rust file: what it opens with, how long it and its functions are, what it is called.

use super::Finding;
use super::source::{Source, block_end};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut find = |line, rule, text: String| findings.push(Finding::new(&source.path, line, rule, text));
    if !source.text.starts_with("//! ") {
        find(1, "opening", "the first line must be a `//!` sentence that says what the file is for".into());
    }
    if source.path.ends_with("/mod.rs") {
        find(0, "mod-rs", "a module is `name.rs` beside its folder `name/`".into());
    }
    let lines = source.lines_outside_tests();
    if !source.is_test() && lines > FILE_LINES {
        find(
            0,
            "file-size",
            format!("{lines} lines; at {FILE_LINES} a file holds more than one thing: split it"),
        );
    }
    for (line, name, length) in functions(source) {
        if length > FUNCTION_LINES {
            find(
                line,
                "function-size",
                format!("`{name}` has {length} lines, at most {FUNCTION_LINES} are allowed"),
            );
        }
    }
    findings
}

/// The functions outside tests that have a body: line, name, number of lines.
fn functions(source: &Source) -> Vec<(usize, &str, usize)> {
    let mut found = Vec::new();
    let mut idents = source.idents().peekable();
    while let Some((at, word)) = idents.next() {
        // The type of a function pointer is followed by its parameters.
        let named = word == "fn" && source.code[at + 2..].starts_with(' ');
        if let (true, Some((_, name))) = (named, idents.peek())
            && !source.in_test(at)
            && let Some(end) = block_end(&source.code, at)
        {
            found.push((source.line(at), *name, source.code[at..end].lines().count()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    fn function(lines: usize) -> String {
        format!("//! A.\nfn long(\n    a: [u8; 2],\n) {{\n{}}}\n", "    call();\n".repeat(lines - 4))
    }

    #[test]
    fn a_good_file() {
        assert!(rules("a/src/b.rs", "//! A.\nfn a(f: fn(u8)) {}\n").is_empty());
        assert!(rules("a/src/b.rs", &function(60)).is_empty());
        assert!(rules("README.md", "# A").is_empty());
    }

    #[test]
    fn bad_files() {
        assert_eq!(rules("a/src/b.rs", "fn a() {}\n"), ["opening"]);
        assert_eq!(rules("a/src/b/mod.rs", "//! A.\n"), ["mod-rs"]);
        assert_eq!(rules("a/src/b.rs", &function(61)), ["function-size"]);
        assert_eq!(rules("a/src/b.rs", &format!("//! A.\n{}", "\n".repeat(400))), ["file-size"]);
    }

    #[test]
    fn tests_may_be_long() {
        let long = function(61).replace("//! A.\n", "");
        assert!(rules("a/src/b.rs", &format!("//! A.\n#[cfg(test)]\nmod tests {{\n{long}}}\n")).is_empty());
        assert!(rules("a/src/b/tests.rs", &function(500)).is_empty());
    }
}
