//! Tests of the check: each mistake has its case, and a sound file has none.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Problem, Severity, check};

const SOUND: &str = r"id: slack
url: http://127.0.0.1:29400
as_token: 0a1b2c3d4e5f60718293a4b5c6d7e8f9
hs_token: f9e8d7c6b5a493827160f5e4d3c2b1a0
sender_localpart: slackbot
rate_limited: false
receive_ephemeral: true
protocols: [slack]
namespaces:
  users:
  - {exclusive: true, regex: '^@slackbot:hs\.test$'}
  - {exclusive: true, regex: '^@slack_.*:hs\.test$'}
  aliases:
  - {exclusive: true, regex: '^#slack_.*:hs\.test$'}
  rooms: []
";

/// What is found when one piece of the sound file is another; no text may quote a token.
fn found(piece: &str, instead: &str) -> Vec<Problem> {
    assert!(SOUND.contains(piece), "{piece} is not in the sound file");
    let problems = check(&SOUND.replacen(piece, instead, 1), None);
    for problem in &problems {
        let text = problem.to_string();
        assert!(text.ends_with('.') && !text.contains('\n'), "{text}");
        assert!(!text.contains("2c3d4e5f") && !text.contains("c6b5a493"), "{text}");
    }
    problems
}

/// Asserts that this change is one mistake, found at this key, and that its text says so.
#[track_caller]
fn one(severity: Severity, piece: &str, instead: &str, at: &str, says: &str) {
    let problems = found(piece, instead);
    let [problem] = &problems[..] else { panic!("not one problem: {problems:#?}") };
    assert_eq!((problem.severity, problem.at.as_str()), (severity, at), "{problem}");
    assert!(problem.text.contains(says), "{problem}");
}

#[track_caller]
fn error(piece: &str, instead: &str, at: &str, says: &str) {
    one(Severity::Error, piece, instead, at, says);
}

#[track_caller]
fn warning(piece: &str, instead: &str, at: &str, says: &str) {
    one(Severity::Warning, piece, instead, at, says);
}

#[test]
fn a_sound_file_has_no_problem() {
    assert_eq!(check(SOUND, None), []);
}

#[test]
fn a_problem_reads_as_one_sentence() {
    let problem = &found("rate_limited: false", "rate_limited: 3")[0];
    let sentence = "Error at rate_limited: it is neither true nor false; write true or false.";
    assert_eq!(problem.to_string(), sentence);
}

#[test]
fn what_is_no_yaml_is_said_without_quoting_it() {
    error("sender_localpart: ", "\t: [ as_token 0a1b2c3d4e5f ", "the file", "not YAML");
    error("id: slack", "id: slack\nid: again", "the file", "key twice");
    for text in ["", "- a\n- b\n", "just words"] {
        let problems = check(text, None);
        assert_eq!((problems.len(), problems[0].text.as_str()), (1, "it holds no keys"), "{text}");
    }
}

#[test]
fn every_missing_key_is_named_at_once() {
    let problems = check("receive_ephemeral: true\n", None);
    let at: Vec<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
    let keys = ["id", "url", "as_token", "hs_token", "sender_localpart", "rate_limited", "namespaces"];
    assert_eq!(at, keys);
    assert!(problems.iter().all(|problem| problem.text == "the key is missing"));
    error("exclusive: true, regex: '^#", "regex: '^#", "namespaces.aliases[0].exclusive", "missing");
    error(", regex: '^#slack_.*:hs\\.test$'", "", "namespaces.aliases[0].regex", "missing");
}

#[test]
fn every_wrong_type_is_named() {
    error("id: slack", "id: 7", "id", "not text");
    error("url: http://127.0.0.1:29400", "url: [a]", "url", "not text");
    error("as_token: 0a1b", "as_token: 7 # ", "as_token", "not text");
    error("hs_token: f9e8", "hs_token: null # ", "hs_token", "not text");
    error("sender_localpart: slackbot", "sender_localpart: true", "sender_localpart", "not text");
    error("rate_limited: false", "rate_limited: 'false'", "rate_limited", "neither true nor false");
    error("receive_ephemeral: true", "receive_ephemeral: 1", "receive_ephemeral", "neither true nor false");
    error("protocols: [slack]", "protocols: slack", "protocols", "not a list");
    error("protocols: [slack]", "protocols: [7]", "protocols", "not a list");
    error("rooms: []", "rooms: {}", "namespaces.rooms", "not a list");
    error("rooms: []", "rooms: [all]", "namespaces.rooms[0]", "not an entry");
    error(
        "{exclusive: true, regex: '^#",
        "{exclusive: 1, regex: '^#",
        "namespaces.aliases[0].exclusive",
        "neither",
    );
    error("'^#slack_.*:hs\\.test$'", "7", "namespaces.aliases[0].regex", "not text");
    let (head, _) = SOUND.split_once("namespaces:").unwrap();
    let problems = check(&format!("{head}namespaces: []\n"), None);
    assert_eq!((problems.len(), problems[0].at.as_str()), (1, "namespaces"));
}

#[test]
fn empty_values_are_named() {
    error("id: slack", "id: ''", "id", "empty");
    error("as_token: 0a1b", "as_token: '' # ", "as_token", "empty");
    error("hs_token: f9e8", "hs_token: ' ' # ", "hs_token", "empty");
    error("sender_localpart: slackbot", "sender_localpart: ''", "sender_localpart", "empty");
}

#[test]
fn weak_and_equal_tokens_are_named() {
    error("0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0a1b2c3d4e5f60718293a4b5c6d7e8f", "as_token", "guessed");
    error("f9e8d7c6b5a493827160f5e4d3c2b1a0", &"abc".repeat(20), "hs_token", "guessed");
    error("f9e8d7c6b5a493827160f5e4d3c2b1a0", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "hs_token", "equals");
}

#[test]
fn the_senders_name_must_be_a_matrix_name_inside_our_namespace() {
    let sender = |name: &str| found("sender_localpart: slackbot", &format!("sender_localpart: '{name}'"));
    let texts = |name: &str| sender(name).into_iter().map(|problem| problem.text).collect::<String>();
    error("sender_localpart: slackbot", "sender_localpart: otherbot", "sender_localpart", "outside");
    assert!(texts("SlackBot").contains("upper-case") && texts("SlackBot").contains("outside"));
    assert!(texts("@slackbot:hs.test").contains("cannot have"));
    assert!(texts("slackböt").contains("cannot have"));
    let bot = "{exclusive: true, regex: '^@slackbot";
    error(bot, &bot.replace("true", "false"), "sender_localpart", "outside");
}

#[test]
fn a_url_the_homeserver_cannot_or_should_not_call_is_named() {
    let at =
        |url: &str, says: &str| error("url: http://127.0.0.1:29400", &format!("url: {url}"), "url", says);
    at("null", "null");
    at("''", "empty");
    at("127.0.0.1:29400", "not a URL");
    at("unix:///run/bridge.sock", "neither http nor https");
    at("http://localhost:29400", "localhost");
    at("https://LOCALHOST", "localhost");
    at("http://127.0.0.1:0", "port");
    at("http://0.0.0.0:29400", "0.0.0.0");
    at("'http://[::]:29400'", "[::]");
    let warned = |url: &str| found("http://127.0.0.1:29400", &format!("'{url}'"));
    warning("http://127.0.0.1:29400", "http://bridge.example.org", "url", "without TLS");
    warning("http://127.0.0.1:29400", "http://93.184.216.34:29400", "url", "without TLS");
    for public in ["http://[2606:2800::1]", "http://[::ffff:93.184.216.34]"] {
        assert_eq!(warned(public)[0].severity, Severity::Warning, "{public}");
    }
    let fine =
        ["https://bridge.example.org", "http://bridge:29400", "http://10.1.2.3:1", "http://bridge.lan"];
    for url in fine.into_iter().chain(["http://[fd00::1]:29400", "http://[::1]", "http://[::ffff:10.0.0.1]"])
    {
        assert_eq!(warned(url), [], "{url}");
    }
}

#[test]
fn slowing_us_down_is_a_mistake() {
    error("rate_limited: false\n", "", "rate_limited", "missing");
    error("rate_limited: false", "rate_limited: true", "rate_limited", "is true");
}

#[test]
fn unstable_ephemeral_keys_are_named() {
    let key = "de.sorunome.msc2409.push_ephemeral";
    error("id: slack", &format!("id: slack\n{key}: true"), key, "unstable");
    error("id: slack", "id: slack\npush_ephemeral: true", "push_ephemeral", "unstable");
}

#[test]
fn a_regex_that_does_not_compile_is_named_with_the_reason() {
    let at = "namespaces.aliases[0].regex";
    error("'^#slack_.*:hs\\.test$'", "'^#slack_(:hs\\.test$'", at, "unclosed group");
    error("'^#slack_.*:hs\\.test$'", "'^#(?!x).*:hs\\.test$'", at, "look-around");
    error("'^#slack_.*:hs\\.test$'", "'^#slack_\\w{900}:hs\\.test$'", at, "exceeds size limit");
    error("'^#slack_.*:hs\\.test$'", "'^#slack_.*x.{18}:hs\\.test$'", at, "too large to be judged");
}

#[test]
fn a_regex_not_bound_to_us_or_our_server_is_named() {
    let (ghosts, alias) = ("namespaces.users[1].regex", "namespaces.aliases[0].regex");
    let users = "'^@slack_.*:hs\\.test$'";
    error(users, "'^@slack_.*$'", ghosts, "any server");
    error(users, "'^@slack_.*:.*$'", ghosts, "any server");
    error("'^#slack_.*:hs\\.test$'", "'^#slack_.*$'", alias, "any server");
    error("'^#slack_.*:hs\\.test$'", "'^#.*:hs\\.test$'", alias, "everybody");
    warning(users, "'@slack_.*:hs\\.test'", ghosts, "anywhere in an id");
    warning("'^#slack_.*:hs\\.test$'", "'^#slack_.*:hs\\.test'", alias, "anywhere in an id");
    for nobody in
        ["'^slack_.*:hs\\.test$'", "'^@Slack_.*:hs\\.test$'", "'^@slack_.*:$'", "'^#slack_.*:hs\\.test$'"]
    {
        error(users, nobody, ghosts, "no id that can be made");
    }
    for everybody in ["'^.*$'", "'^@.*:hs\\.test$'", "'^@.+$'"] {
        let problems = found(users, everybody);
        assert!(problems.iter().any(|problem| problem.at == ghosts && problem.text.contains("everybody")));
    }
}

#[test]
fn only_watching_everybody_is_a_warning() {
    let watching = "rooms: [{exclusive: false, regex: '^!.*$'}]";
    warning("rooms: []", watching, "namespaces.rooms[0].regex", "everybody");
    let one_room = "rooms: [{exclusive: true, regex: '^!abcdef:hs\\.test$'}]";
    assert_eq!(found("rooms: []", one_room), []);
}

#[test]
fn namespaces_that_overlap_are_named_with_an_id_in_both() {
    let at = "namespaces.users[1].regex";
    error("'^@slack_.*:hs", "'^@slack.*:hs", at, "(both take in @slackbot:hs.test)");
    error("'^@slack_.*:hs", "'^@[r-t]l?.*bot.*_?:hs", at, "@slackbot:hs.test");
    let third = "  aliases:";
    let overlapping = "  - {exclusive: true, regex: '^@.*_u1:hs\\.test$'}\n  aliases:";
    let problems = found(third, overlapping);
    assert!(
        problems
            .iter()
            .any(|problem| problem.text.contains("users[1].regex (both take in @slack_u1:hs.test)"))
    );
    let shared = overlapping.replace("exclusive: true", "exclusive: false");
    assert!(found(third, &shared).iter().all(|problem| !problem.text.contains("overlaps")));
}

#[test]
fn every_mistake_of_a_bad_file_is_named_at_once() {
    let bad = SOUND.replace("127.0.0.1", "localhost").replace("rate_limited: false", "rate_limited: true");
    let bad = bad.replace("^@slack_.*:hs\\.test$", "^@(").replace("id: slack\n", "");
    let at: Vec<String> = check(&bad, None).into_iter().map(|problem| problem.at).collect();
    assert_eq!(at, ["id", "url", "rate_limited", "namespaces.users[1].regex"]);
}

#[cfg(unix)]
#[test]
fn a_file_others_can_read_is_named() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let file = tempfile::NamedTempFile::new().unwrap();
    for (mode, count) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o604, 1), (0o602, 1)] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(check(SOUND, Some(file.path())).len(), count, "{mode:o}");
    }
    let gone = file.path().with_extension("gone");
    assert_eq!(check(SOUND, Some(&gone))[0].at, "the file");
}
