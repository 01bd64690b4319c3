//! What a config file may say, and what is said of one that is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

use super::*;

const DEFAULTS: Defaults = Defaults {
    id: "chat",
    name: "Chat",
    bot: "chatbot",
    port: 29_401,
    notes: &[("speed", "How fast.\nIn steps.")],
};

#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Own {
    speed: u8,
}

fn parse(text: &str) -> Result<Config<Own>, ConfigError> {
    Config::parse(text, Path::new("/etc/chat"), &DEFAULTS)
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = parse(text).expect_err("the text has a mistake").to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is not in {error:?}");
    }
}

const GOOD: &str = "homeserver: {url: 'http://127.0.0.1:8008', name: hs.test}\n";

#[test]
fn two_keys_are_enough() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.appservice.bot, "chatbot");
    assert_eq!(config.appservice.user_prefix, "chat_");
    assert_eq!(config.appservice.listen.to_string(), "127.0.0.1:29401");
    assert_eq!(config.appservice.registration, Path::new("/etc/chat/registration.yaml"));
    assert_eq!(config.database.url.expose(), "sqlite:/etc/chat/bridge.db");
}

#[test]
fn the_example_has_the_default_values() {
    let example = parse(&example::example(&DEFAULTS, "hs.test", "speed: 0")).unwrap();
    let bare = parse(GOOD).unwrap();
    assert_eq!(example.appservice, bare.appservice);
    assert_eq!(example.homeserver, bare.homeserver);
    assert_eq!(example.logging, bare.logging);
    assert_eq!(example.members, bare.members);
    assert_eq!(example.own, bare.own);
}

#[test]
fn the_example_explains_the_programs_own_keys() {
    let example = example::example(&DEFAULTS, "hs.test", "speed: 0\nnames:\n- speed: x");
    assert!(
        example.contains("chat:\n  # How fast.\n  # In steps.\n  speed: 0\n  names:\n  - speed: x\n"),
        "{example}"
    );
}

#[test]
fn a_level_is_a_level() {
    for good in ["info", "INFO", "off", "warn,bridge_core::queue=debug", "info, bridge_core::store=trace"] {
        assert!(parse(&format!("{GOOD}logging: {{level: '{good}'}}")).is_ok(), "{good}");
    }
    for wrong in ["loud", "info,bridge_core", "info,=debug", "bridge_core=loud", "''"] {
        refused(&format!("{GOOD}logging: {{level: {wrong:?}}}"), &["logging.level"]);
    }
}

#[test]
fn one_mistake_is_one_sentence() {
    let text = "homeserver: {urll: 'http://127.0.0.1:1', name: hs.test}";
    let error = parse(text).expect_err("a mistake");
    assert_eq!(error.0.len(), 1, "{error}");
    assert!(error.0[0].contains("urll"), "{error}");
}

#[test]
fn every_mistake_is_named_with_its_path() {
    refused("", &["homeserver.url", "homeserver.name"]);
    refused("- a", &["sections"]);
    refused("a: [", &["not valid YAML"]);
    refused(&format!("{GOOD}homserver: 1"), &["homserver", "no such section"]);
    refused(&format!("{GOOD}appservice: {{botname: x}}"), &["appservice", "botname", "bot"]);
    refused(&format!("{GOOD}chat: {{speed: fast}}"), &["chat.speed", "whole number", "the text \"fast\""]);
    refused(&format!("{GOOD}logging: {{format: xml}}"), &["logging.format", "xml"]);
    refused(&format!("{GOOD}permissions: {{'@admin': admin}}"), &["permissions.@admin"]);
    refused(
        &format!("{GOOD}permissions: {{visitor: admin}}"),
        &["permissions.visitor", "@visitor:example.org"],
    );
    refused(&format!("{GOOD}permissions: {{'visitor:hs.test': admin}}"), &["permissions.visitor:hs.test"]);
    refused(&format!("{GOOD}permissions: {{'*': root}}"), &["permissions", "root"]);
    refused(&format!("{GOOD}database: {{url: mysql://x}}"), &["database.url", "postgres://"]);
    refused(&format!("{GOOD}appservice: {{listen: 'localhost:1'}}"), &["appservice.listen", "127.0.0.1"]);
    refused(&format!("{GOOD}appservice: {{ghost_name: x}}"), &["appservice.ghost_name"]);
    refused(
        &format!("{GOOD}appservice: {{ghost_name: '{{nmae}}'}}"),
        &["appservice.ghost_name", "{nmae}", "{handle}"],
    );
    refused(
        &format!("{GOOD}appservice: {{delivery_events: some}}"),
        &["appservice.delivery_events", "failures"],
    );
    refused(&format!("{GOOD}members: {{show: nobody}}"), &["members.show", "speakers"]);
    refused(&format!("{GOOD}members: {{limit: -1}}"), &["members.limit"]);
    refused(&format!("{GOOD}appservice: {{id: ''}}"), &["appservice.id", "chat"]);
    let public = |url: &str| format!("{GOOD}appservice: {{public_url: '{url}'}}");
    refused(&public("https://b.test/public/"), &["appservice.public_url", "https://b.test/.", "adds"]);
    refused(&public("https://b.test/chat/public"), &["appservice.public_url", "https://b.test/chat/."]);
    refused(&public("https://b.test/?a=1"), &["appservice.public_url", "question mark"]);
    refused(&public("b.test"), &["appservice.public_url", "https://b.test."]);
    refused(
        "homeserver: {url: '127.0.0.1:8008', name: hs.test}",
        &["homeserver.url", "http://127.0.0.1:8008."],
    );
    refused("homeserver: {url: 'hs.test:8448', name: hs.test}", &["homeserver.url", "https://hs.test:8448."]);
    refused("homeserver: {url: 'http://localhost:8008', name: hs.test}", &["homeserver.url", "127.0.0.1"]);
    refused("homeserver: {url: 'http://127.0.0.1:1', name: 'https://hs'}", &["homeserver.name"]);
}

#[test]
fn all_mistakes_are_named_at_once() {
    let error = parse("appservice: {listen: x}\ndatabase: {url: y}\n").expect_err("mistakes");
    assert_eq!(error.0.len(), 4, "{error}");
}

#[test]
fn a_key_that_is_not_known_hides_no_other_mistake() {
    let text = "homeserver: {urll: x, name: 'https://hs', startup_wait: long}\nappservice: {lisen: x, listen: y, bot: [1]}\n\
                database: {ulr: a, url: b}\nchat: {speed: fast, speeed: 1}\nmembers: {show: {a: 1}, limt: 3}";
    let problems = parse(text).expect_err("mistakes").0;
    let keys = [
        "urll",
        "homeserver.name",
        "homeserver.startup_wait",
        "lisen",
        "appservice.listen",
        "appservice.bot",
    ];
    for key in keys.iter().chain(&["ulr", "database.url", "chat.speed", "speeed", "members.show", "limt"]) {
        let about = problems.iter().filter(|problem| problem.contains(key)).count();
        assert!(about >= 1, "nothing is said of {key} in {problems:#?}");
    }
    assert_eq!(problems.len(), 12, "{problems:#?}");
}

#[test]
fn where_the_homeserver_calls_follows_from_two_keys() {
    for (keys, at) in [
        ("", Ok("http://127.0.0.1:29401")),
        ("listen: '10.0.0.4:5'", Ok("http://10.0.0.4:5")),
        ("listen: '0.0.0.0:5', url: 'http://bridge:29400/'", Ok("http://bridge:29400")),
        ("url: 'https://bridge.test/chat/'", Ok("https://bridge.test/chat")),
        ("listen: '0.0.0.0:5'", Err("appservice.url: missing.")),
        ("listen: '[::]:5'", Err("appservice.url: missing.")),
    ] {
        let called = parse(&format!("{GOOD}appservice: {{{keys}}}")).unwrap().appservice.called_at();
        match at {
            Ok(at) => assert_eq!(called.as_deref(), Ok(at), "{keys}"),
            Err(words) => assert!(called.unwrap_err().starts_with(words), "{keys}"),
        }
    }
    for (url, words) in [
        ("http://0.0.0.0:5", "not called"),
        ("bridge:29400", "https://bridge:29400"),
        ("http://bridge:5/?a=1", "question mark"),
        ("http://a@bridge:5", "before @"),
        ("http://localhost:5", "127.0.0.1"),
        ("ftp://bridge", "http://"),
    ] {
        refused(&format!("{GOOD}appservice: {{url: '{url}'}}"), &["appservice.url", words]);
    }
}

/// The url with its password, or the sentence; with a file and a credential of these texts.
fn with_password(keys: &str, file: Option<&str>, credential: Option<&str>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: Option<&str>| {
        text.map(|text| std::fs::write(folder.path().join(name), text).unwrap())
    };
    put("password", file);
    put(database::CREDENTIAL, credential);
    let text = format!("{GOOD}database: {{{keys}}}");
    let mut database =
        Config::<Own>::parse(&text, folder.path(), &DEFAULTS).map_err(|error| error.to_string())?.database;
    database.read_password(Some(folder.path()))?;
    Ok(database.url.expose().to_owned())
}

#[test]
fn a_password_comes_from_one_place() {
    let (bare, named) = ("url: 'postgres://u@h/d'", "url: 'postgres://u@h/d', password_file: password");
    let whole = "url: 'postgres://u:p@h/d'";
    for (keys, file, credential, url) in [
        (bare, None, None, Ok("postgres://u@h/d")),
        (whole, None, None, Ok("postgres://u:p@h/d")),
        (named, Some("from%file\n"), None, Ok("postgres://u@h/d?password=from%25file")),
        (named, Some("file"), Some("cr&d\n"), Ok("postgres://u@h/d?password=cr%26d")),
        (bare, None, Some("cred"), Ok("postgres://u@h/d?password=cred")),
        (
            "url: 'postgres:///d?host=/run', password_file: password",
            Some("a"),
            None,
            Ok("postgres:///d?host=/run&password=a"),
        ),
        (named, None, None, Err("database.password_file: ")),
        (named, Some("\n"), None, Err("is empty")),
        (whole, None, Some("cred"), Err("holds a password already")),
        (
            "url: 'postgres://u:p@h/d', password_file: password",
            Some("a"),
            None,
            Err("holds a password already"),
        ),
        (
            "url: 'postgres://u@h/d?password=p', password_file: password",
            Some("a"),
            None,
            Err("holds a password already"),
        ),
        ("password_file: password", Some("a"), None, Err("has no password")),
    ] {
        match (with_password(keys, file, credential), url) {
            (Ok(found), Ok(url)) => assert_eq!(found, url, "{keys}"),
            (Err(why), Err(words)) => {
                assert!(why.contains(words) && why.starts_with("database."), "{why}");
                assert!(!why.contains("p@h") && !why.contains("password=p"), "{why} tells it");
            }
            (found, _) => panic!("{keys} gives {found:?}"),
        }
    }
    let url = with_password(named, Some("in hiding"), None).unwrap();
    let config = parse(&format!("{GOOD}database: {{url: '{url}'}}")).unwrap();
    assert!(!format!("{:?}", config.database).contains("hiding"), "it can be printed");
}

#[test]
fn the_nearest_permission_counts() {
    let text =
        format!("{GOOD}permissions: {{'*': relay, hs.test: user, '@root:hs.test': admin, bad.test: block}}");
    let permissions = parse(&text).unwrap().permissions;
    assert_eq!(permissions.level("@root:hs.test"), Level::Admin);
    assert_eq!(permissions.level("@alice:hs.test"), Level::User);
    assert_eq!(permissions.level("@bob:elsewhere.test"), Level::Relay);
    assert_eq!(permissions.level("@eve:bad.test"), Level::Block);
    assert_eq!(parse(GOOD).unwrap().permissions.level("@alice:hs.test"), Level::Block);
}

#[test]
fn a_key_that_stands_twice_is_told_with_its_lines() {
    let first = GOOD.lines().count() + 1;
    for (section, lines) in [
        ("logging:\n  level: info\nlogging:\n  level: debug\n", [first, first + 2]),
        ("permissions:\n  \"@a:hs.test\": user\n  \"@a:hs.test\": admin\n", [first + 1, first + 2]),
    ] {
        let told = parse(&format!("{GOOD}{section}")).unwrap_err().to_string();
        assert!(
            told.contains("duplicate entry")
                && told.contains(&format!("in the lines {}, {}:", lines[0], lines[1])),
            "{told}"
        );
    }
}

#[test]
fn a_tab_is_told_where_the_reader_stumbles_over_it() {
    let told = parse(&format!("{GOOD}logging:\n\tlevel: info\n")).unwrap_err().to_string();
    assert!(told.contains("There is a tab in that line"), "{told}");
    let told = parse(&format!("{GOOD}logging: {{\n\tlevel: info\n")).unwrap_err().to_string();
    assert!(!told.contains("tab"), "{told}");
}
