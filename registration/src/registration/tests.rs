//! Tests of reading and writing the model.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::{Error, Registration, generate::tests::plan};

#[test]
fn what_is_written_is_read_back_whole() {
    let made = Registration::generate(&plan()).unwrap();
    assert_eq!(Registration::from_yaml(&made.to_yaml().unwrap()).unwrap(), made);
}

#[test]
fn a_token_does_not_print() {
    let made = Registration::generate(&plan()).unwrap();
    let printed = format!("{made:?}");
    assert!(printed.contains("as_token: Token,"), "{printed}");
    assert!(!printed.contains(made.as_token.expose()) && !printed.contains(made.hs_token.expose()));
}

#[test]
fn tokens_are_new_each_time_and_256_bits_long() {
    let made = Registration::generate(&plan()).unwrap();
    let other = Registration::generate(&plan()).unwrap();
    assert_ne!(made.as_token, made.hs_token);
    assert_ne!(made.as_token, other.as_token);
    assert_eq!(made.as_token.expose().len(), 64);
    assert!(made.as_token.expose().bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn a_missing_rate_limited_counts_as_true_like_in_synapse() {
    let yaml = Registration::generate(&plan()).unwrap().to_yaml().unwrap();
    let read = Registration::from_yaml(&yaml.replace("rate_limited: false\n", "")).unwrap();
    assert!(read.rate_limited);
}

#[test]
fn an_unreadable_registration_names_its_mistakes_but_no_token() {
    let yaml = "id: 7\nas_token: 123456789123456789\nhs_token: {a: b}\n";
    let Err(error @ Error::Broken(_)) = Registration::from_yaml(yaml) else { panic!("it was read") };
    let text = error.to_string();
    assert!(text.contains("at id: it is not text"), "{text}");
    assert!(
        text.contains("at as_token: it is not text") && text.contains("at url: the key is missing"),
        "{text}"
    );
    assert!(!text.contains("123456789"), "{text}");
}

#[test]
fn ruma_reads_the_same_registration() {
    let made = Registration::generate(&plan()).unwrap();
    let read: ruma::api::appservice::Registration = serde_yaml::from_str(&made.to_yaml().unwrap()).unwrap();
    assert_eq!((read.id, read.url), (made.id, made.url));
    assert_eq!(
        (read.as_token.as_str(), read.hs_token.as_str()),
        (made.as_token.expose(), made.hs_token.expose())
    );
    assert_eq!(read.sender_localpart, "slackbot");
    assert_eq!((read.rate_limited, read.receive_ephemeral), (Some(false), true));
    assert_eq!(read.protocols, Some(made.protocols));
    let regexes = |list: &[ruma::api::appservice::Namespace]| {
        assert!(list.iter().all(|entry| entry.exclusive));
        list.iter().map(|entry| entry.regex.clone()).collect::<Vec<_>>()
    };
    assert_eq!(regexes(&read.namespaces.users), [r"^@slackbot:hs\.test$", r"^@slack_.*:hs\.test$"]);
    assert_eq!(regexes(&read.namespaces.aliases), [r"^#slack_.*:hs\.test$"]);
    assert!(read.namespaces.rooms.is_empty());
}

#[test]
fn users_are_matched_from_the_beginning_of_their_ids() {
    let registration = Registration::generate(&crate::generate::tests::plan()).unwrap();
    let plan = crate::generate::tests::plan();
    let (prefix, server) = (&plan.user_prefix, &plan.server_name);
    assert!(registration.takes_in_user(&format!("@{prefix}u1:{server}")));
    for other in [
        format!("@other_u1:{server}"),
        format!("@{prefix}u1:elsewhere.test"),
        format!("@x@{prefix}u1:{server}"),
    ] {
        assert!(!registration.takes_in_user(&other), "{other}");
    }
}
