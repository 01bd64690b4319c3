//! Tests of the forms a homeserver is handed the registration in.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_yaml::Value;

use crate::{Registration, generate::tests::plan};

#[test]
fn the_admin_message_is_a_command_and_the_file_in_a_code_block() {
    let made = Registration::generate(&plan()).unwrap();
    let message = made.to_admin_message().unwrap();
    let yaml = message.strip_prefix("!admin appservices register\n```yaml\n").unwrap();
    assert_eq!(Registration::from_yaml(yaml.strip_suffix("```\n").unwrap()).unwrap(), made);
}

#[test]
fn tuwunel_gets_tables_that_say_the_same() {
    let made = Registration::generate(&plan()).unwrap();
    let config = made.to_tuwunel_config().unwrap();
    let headers: Vec<&str> = config.lines().filter(|line| line.starts_with('[')).collect();
    let users = "[[global.appservice.slack.users]]";
    assert_eq!(headers, ["[global.appservice.slack]", users, users, "[[global.appservice.slack.aliases]]"]);
    let read: toml::Table = config.parse().unwrap();
    let slack = &read["global"]["appservice"]["slack"];
    assert_eq!(slack["url"].as_str(), made.url.as_deref());
    assert_eq!(slack["as_token"].as_str(), Some(made.as_token.expose()));
    assert_eq!(slack["hs_token"].as_str(), Some(made.hs_token.expose()));
    assert_eq!(slack["sender_localpart"].as_str(), Some("slackbot"));
    assert_eq!(slack["rate_limited"].as_bool(), Some(false));
    assert_eq!(slack["receive_ephemeral"].as_bool(), Some(true));
    assert_eq!(slack["protocols"][0].as_str(), Some("slack"));
    assert_eq!(slack["users"][1]["exclusive"].as_bool(), Some(true));
    assert_eq!(slack["users"][1]["regex"].as_str(), Some(r"^@slack_.*:hs\.test$"));
    assert_eq!(slack["aliases"][0]["regex"].as_str(), Some(r"^#slack_.*:hs\.test$"));
}

#[test]
fn tuwunel_has_its_own_names_for_unstable_keys() {
    let mut made = Registration::generate(&plan()).unwrap();
    let read = |made: &Registration| {
        let read: toml::Table = made.to_tuwunel_config().unwrap().parse().unwrap();
        let slack = &read["global"]["appservice"]["slack"];
        ["device_management", "msc3202_transaction_extensions"]
            .map(|key| slack.get(key).and_then(toml::Value::as_bool))
    };
    assert_eq!(read(&made), [Some(true), None]);
    made.extra.clear();
    made.extra.insert("org.matrix.msc3202".into(), Value::Bool(true));
    assert_eq!(read(&made), [None, Some(true)]);
}

#[test]
fn any_text_is_escaped_for_toml() {
    let mut made = Registration::generate(&plan()).unwrap();
    let odd = "it's \"odd\".\\ ]\n\t\u{7f}ö";
    made.id = odd.into();
    made.url = None;
    made.protocols = vec![odd.into()];
    made.namespaces.users[0].regex = odd.into();
    let read: toml::Table = made.to_tuwunel_config().unwrap().parse().unwrap();
    let table = &read["global"]["appservice"][odd];
    assert!(table.get("url").is_none());
    assert_eq!(table["protocols"][0].as_str(), Some(odd));
    assert_eq!(table["users"][0]["regex"].as_str(), Some(odd));
}
