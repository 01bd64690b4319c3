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
