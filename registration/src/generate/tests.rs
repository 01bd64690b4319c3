//! Tests of making a registration, new and over an older one.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use regex::Regex;
use serde_yaml::Value;

use crate::{Error, Plan, Problem, Registration, check};

/// The plan most tests begin with.
pub(crate) fn plan() -> Plan {
    Plan {
        id: "slack".into(),
        bot_localpart: "slackbot".into(),
        user_prefix: "slack_".into(),
        alias_prefix: Some("slack_".into()),
        server_name: "hs.test".into(),
        address: ([127, 0, 0, 1], 29400).into(),
        url: None,
        protocols: vec!["slack".into()],
    }
}

fn refused(plan: &Plan) -> Vec<Problem> {
    match Registration::generate(plan) {
        Err(Error::Broken(problems)) => problems,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_bot_is_the_sender_and_ours_alone() {
    let made = Registration::generate(&plan()).unwrap();
    assert_eq!(made.sender_localpart, "slackbot");
    assert_eq!(made.url.as_deref(), Some("http://127.0.0.1:29400"));
    assert!(!made.rate_limited && made.receive_ephemeral);
    assert!(made.namespaces.users[0].exclusive);
    let bot = Regex::new(&made.namespaces.users[0].regex).unwrap();
    assert!(bot.is_match("@slackbot:hs.test"));
    assert!(!bot.is_match("@slackbot:hs-test") && !bot.is_match("@slackbot:hs.test.evil.org"));
}

#[test]
fn synapse_is_asked_to_let_ghosts_own_devices() {
    let yaml = Registration::generate(&plan()).unwrap().to_yaml().unwrap();
    assert!(yaml.contains("io.element.msc4190: true"), "{yaml}");
    assert!(!yaml.contains("msc2409"), "{yaml}");
}

#[test]
fn a_plan_that_cannot_work_is_refused_with_the_reason() {
    let upper = refused(&Plan { bot_localpart: "SlackBot".into(), ..plan() });
    assert!(upper.iter().any(|problem| problem.at == "sender_localpart"), "{upper:?}");
    let inside = refused(&Plan { bot_localpart: "slack_bot".into(), ..plan() });
    assert!(inside[0].text.contains("overlaps"), "{inside:?}");
    let upper_ghosts = refused(&Plan { user_prefix: "Slack_".into(), ..plan() });
    assert_eq!(upper_ghosts[0].at, "namespaces.users[1].regex");
    let everybody = refused(&Plan { user_prefix: String::new(), ..plan() });
    assert!(everybody.iter().any(|problem| problem.text.contains("everybody")), "{everybody:?}");
    let nowhere = refused(&Plan { server_name: String::new(), ..plan() });
    assert_eq!(nowhere[0].at, "namespaces.users[0].regex");
    let no_port = refused(&Plan { address: ([127, 0, 0, 1], 0).into(), ..plan() });
    assert_eq!(no_port[0].at, "url");
}

#[test]
fn an_address_of_its_own_goes_before_that_listened_at() {
    let url = "http://bridge.internal:29400".to_owned();
    let made = Registration::generate(&Plan { url: Some(url.clone()), ..plan() }).unwrap();
    assert_eq!(made.url, Some(url));
    let uncallable = refused(&Plan { url: Some("http://0.0.0.0:29400".into()), ..plan() });
    assert_eq!(uncallable[0].at, "url");
}

#[test]
fn regenerating_follows_the_plan_and_keeps_what_is_not_ours() {
    let mut old = Registration::generate(&plan()).unwrap();
    old.id = "older".into();
    old.url = Some("http://localhost:1".into());
    old.extra.insert("de.sorunome.msc2409.push_ephemeral".into(), Value::Bool(true));
    old.extra.insert("org.example.note".into(), Value::from("ours"));
    let new = Plan { server_name: "other.test".into(), ..plan() };
    let made = Registration::regenerate(old.clone(), &new, true).unwrap();
    assert_eq!((made.id.as_str(), &made.as_token, &made.hs_token), ("older", &old.as_token, &old.hs_token));
    assert_eq!(made.url.as_deref(), Some("http://127.0.0.1:29400"));
    assert_eq!(made.namespaces.users[0].regex, r"^@slackbot:other\.test$");
    assert_eq!(made.extra.keys().collect::<Vec<_>>(), ["io.element.msc4190", "org.example.note"]);
    let renewed = Registration::regenerate(old.clone(), &new, false).unwrap();
    assert_eq!(renewed.id, "older");
    assert_ne!(renewed.as_token, old.as_token);
    assert_ne!(renewed.hs_token, old.hs_token);
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (
        "[a-zA-Z0-9][a-zA-Z0-9 :#\"'._-]{0,12}",
        "[a-z0-9.=/+-]{1,12}",
        "[a-z0-9.=/+-]{1,8}_",
        proptest::option::of("[a-z0-9._+-]{0,8}_"),
        "([a-z0-9][a-z0-9-]{0,10}(\\.[a-z0-9-]{1,8}){0,2}|\\[2001:db8::[0-9a-f]{1,4}\\])(:[1-9][0-9]{0,3})?",
        1..=u16::MAX,
        proptest::collection::vec("\\PC{0,8}", 0..3),
    )
        .prop_map(|(id, bot_localpart, user_prefix, alias_prefix, server_name, port, protocols)| Plan {
            address: ([127, 0, 0, 1], port).into(),
            ..Plan { id, bot_localpart, user_prefix, alias_prefix, server_name, protocols, ..plan() }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_generated_passes_its_own_check(plan in any_plan()) {
        let made = Registration::generate(&plan).unwrap();
        let yaml = made.to_yaml().unwrap();
        prop_assert_eq!(check(&yaml, None), Vec::<Problem>::new());
        prop_assert_eq!(Registration::from_yaml(&yaml).unwrap(), made);
    }

    #[test]
    fn the_namespaces_hold_our_names_and_no_others(plan in any_plan(), rest in "[a-z0-9._]{0,9}") {
        let made = Registration::generate(&plan).unwrap();
        let ghosts = Regex::new(&made.namespaces.users[1].regex).unwrap();
        let ghost = format!("@{}{rest}:{}", plan.user_prefix, plan.server_name);
        prop_assert!(ghosts.is_match(&ghost));
        let bot = format!("@{}:{}", plan.bot_localpart, plan.server_name);
        let elsewhere = format!("{ghost}.evil.org");
        let other_name = format!("@x{}", &ghost[1..]);
        for foreign in [bot, elsewhere, other_name] {
            prop_assert!(!ghosts.is_match(&foreign), "{}", foreign);
        }
    }

    #[test]
    fn regenerating_keeps_id_and_tokens(old in any_plan(), new in any_plan()) {
        let old = Registration::generate(&old).unwrap();
        let made = Registration::regenerate(old.clone(), &new, true).unwrap();
        prop_assert_eq!((&made.id, &made.as_token, &made.hs_token), (&old.id, &old.as_token, &old.hs_token));
        prop_assert_eq!(made.sender_localpart, new.bot_localpart);
    }
}
