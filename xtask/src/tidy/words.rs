//! Words that have no place: unfinished code, `localhost`, sleeping tests, Slack in the core.

use super::Finding;
use super::source::{Source, line_of};

/// Macros that mark unfinished work.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(addresses(source));
    findings.extend(slack_in_core(source));
    for (at, word) in source.idents() {
        let find = |rule, text: String| Finding::new(&source.path, source.line(at), rule, text);
        if UNFINISHED.contains(&word) && source.code[at + word.len()..].starts_with("!(") {
            findings.push(find("unfinished", format!("`{word}!` marks unfinished work")));
        }
        if sleeps(source, at, word) && (is_scenario(source) || source.in_test(at)) {
            findings.push(find("sleep", "a test waits for a condition, not for a while".into()));
        }
    }
    findings
}

/// `localhost` may mean another address than the one that is listened on. Prose may speak of it.
fn addresses(source: &Source) -> Vec<Finding> {
    const WORD: &str = "localhost";
    if [".md", ".lock", "package-lock.json", super::allow::FILE].iter().any(|end| source.path.ends_with(end))
    {
        return Vec::new();
    }
    let places = source.text.match_indices(WORD);
    let text = "say 127.0.0.1: the name may resolve to something else";
    places.map(|(at, _)| Finding::new(&source.path, line_of(&source.text, at), WORD, text)).collect()
}

fn slack_in_core(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("bridge-core/src/") {
        return Vec::new();
    }
    let lower = source.text.to_ascii_lowercase();
    let text = "the core never names a network";
    lower
        .match_indices("slack")
        .map(|(at, _)| Finding::new(&source.path, line_of(&lower, at), "network-name", text))
        .collect()
}

/// A call of `sleep`, under whatever path; a method or a definition of that name is something else.
fn sleeps(source: &Source, at: usize, word: &str) -> bool {
    let before = source.code[..at].trim_end();
    let called = source.code[at + word.len()..].starts_with('(');
    word == "sleep" && called && !before.ends_with('.') && !before.ends_with("fn")
}

fn is_scenario(source: &Source) -> bool {
    source.path.starts_with("tests/scenarios/src/")
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn good_words() {
        assert!(
            rules("a/src/b.rs", "//! todo!( is not allowed.\nfn a() { tokio::time::sleep(d).await; }")
                .is_empty()
        );
        assert!(rules("README.md", "never localhost").is_empty());
        assert!(rules("bridge-slack/src/a.rs", "struct Slack;").is_empty());
    }

    #[test]
    fn bad_words() {
        assert_eq!(
            rules("a/src/b.rs", "fn a() { todo!() }\nfn b() { dbg!(1); }"),
            ["unfinished", "unfinished"]
        );
        assert_eq!(
            rules("deploy/a.yaml", concat!("url: http://local", "host:1")),
            [concat!("local", "host")]
        );
        assert_eq!(rules("bridge-core/src/a.rs", "//! Like Slack.\n"), ["network-name"]);
    }

    #[test]
    fn tests_do_not_sleep() {
        let sleeping = "fn a() { std::thread::sleep(d); sleep(d).await; clock.sleep(d); }";
        assert_eq!(rules("tests/scenarios/src/a.rs", sleeping), ["sleep", "sleep"]);
        assert_eq!(rules("a/src/b/tests.rs", sleeping), ["sleep", "sleep"]);
        assert_eq!(rules("tests/testkit/src/wait.rs", sleeping), [""; 0]);
    }
}
