//! Looks at the files: config, registration, key.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bridge_registration::{Plan, Registration, Severity};

use super::finding::Finding;
use crate::config::Config;
use crate::service::check::is_open_to_others;
use crate::service::ground::{expect_agreement, seal};

/// What is said of a config that was read.
pub(super) fn config(path: &Path) -> Finding {
    if is_open_to_others(path) {
        return Finding::look(
            "config",
            format!("{} is complete, and every user of this machine can read it.", path.display()),
            format!("Close it: chmod o-rwx {}", path.display()),
        );
    }
    Finding::fine("config", format!("{} is complete.", path.display()))
}

/// What is said of one that was not: each mistake by itself.
pub(super) fn mistakes(sentences: &str) -> Vec<Finding> {
    let sentences = sentences.lines().filter(|line| !line.trim().is_empty());
    sentences.map(|sentence| Finding::mistake("config", sentence)).collect()
}

/// Looks at the registration file and gives it, if it can be read.
pub(super) fn registration<S>(config: &Config<S>, plan: &Plan) -> (Vec<Finding>, Option<Registration>) {
    const PART: &str = "registration";
    let path = &config.appservice.registration;
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = format!("There is no registration file {}.", path.display());
            let remedy = "Make it with the verb `registration`, give it to the homeserver, and restart that. If there was one, \
                          put it back, or correct appservice.registration.";
            return (vec![Finding::bad(PART, what, remedy)], None);
        }
        Err(error) => {
            let what = format!("{} could not be read ({error}).", path.display());
            return (vec![Finding::bad(PART, what, "Let the program's user read it.")], None);
        }
    };
    let problems = bridge_registration::check(&text, Some(path));
    let Ok(registration) = Registration::from_yaml(&text) else {
        let sentences = problems.iter().filter(|problem| problem.severity == Severity::Error);
        return (sentences.map(|problem| Finding::mistake(PART, problem.to_string())).collect(), None);
    };
    let mut findings: Vec<Finding> = problems
        .iter()
        .map(|problem| {
            Finding::look(PART, format!("At {}: {}.", problem.at, problem.text), sentence(&problem.remedy))
        })
        .collect();
    if let Err(why) = expect_agreement(config, &registration) {
        findings.insert(0, Finding::mistake(PART, why));
    } else if let Some(what) = differences(&registration, plan) {
        findings.push(Finding::look(PART, what, AGAIN));
    }
    if findings.is_empty() {
        findings.push(Finding::fine(PART, format!("{} fits the config.", path.display())));
    }
    (findings, Some(registration))
}

/// What to do where the registration is an older one than the config.
pub(super) const AGAIN: &str = "Run the verb `registration`, give the file to the homeserver again, and restart that. If the homeserver is \
                     to call another address than `listen`, write that into appservice.url before.";

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(['.']).collect()
}

/// Whether the homeserver is told to call elsewhere than the config has it.
pub(super) fn has_another_url(registration: &Registration, plan: &Plan) -> bool {
    let meant = registration.clone().regenerate(plan, true);
    meant.is_ok_and(|meant| meant.url != registration.url)
}

/// What a registration says otherwise than the config would have it, in a sentence that quotes no token.
pub(crate) fn differences(registration: &Registration, plan: &Plan) -> Option<String> {
    let meant = registration.clone().regenerate(plan, true).ok()?;
    if registration.url != meant.url {
        let url = |url: &Option<String>| url.clone().unwrap_or_else(|| "nothing".to_owned());
        return Some(format!(
            "The registration's url is {}, and by the config it would be {} (appservice.url, else appservice.listen).",
            url(&registration.url),
            url(&meant.url)
        ));
    }
    let pairs = [
        ("namespaces", registration.namespaces == meant.namespaces),
        ("protocols", registration.protocols == meant.protocols),
        ("rate_limited", registration.rate_limited == meant.rate_limited),
        ("receive_ephemeral", registration.receive_ephemeral == meant.receive_ephemeral),
    ];
    let keys: Vec<&str> = pairs.iter().filter(|(_, is_same)| !is_same).map(|(key, _)| *key).collect();
    (!keys.is_empty())
        .then(|| format!("The registration says otherwise than the config under {}.", keys.join(", ")))
}

/// Looks at the key that seals credentials.
pub(super) fn key<S>(config: &Config<S>) -> Finding {
    const PART: &str = "key";
    match seal(config) {
        Err(why) => Finding::mistake(PART, why),
        Ok(None) => Finding::look(
            PART,
            "No key is set (secret.key_file): credentials are stored unsealed, and whoever reads the database can use them.",
            "Make one with `openssl rand -hex 32`, name its file there, and log in again.",
        ),
        Ok(Some(_)) => match config.secret.key_file.as_deref().filter(|file| is_open_to_others(file)) {
            Some(file) => Finding::look(
                PART,
                format!("The key {} can be read by every user of this machine.", file.display()),
                format!("Close it: chmod o-rwx {}", file.display()),
            ),
            None => Finding::fine(PART, "The key is there."),
        },
    }
}

/// Whether this runs as the user that owns the program's files: root sees what the program cannot.
pub(super) fn user(file: &Path) -> Option<Finding> {
    let owner = std::fs::metadata(file).ok()?.uid();
    let own = rustix::process::geteuid().as_raw();
    // What belongs to root here was made by mistake, and is told where it is in the way.
    (owner != own && owner != 0).then(|| {
        Finding::look(
            "user",
            format!(
                "{} belongs to user {owner}, and this runs as user {own}, who may see more or less.",
                file.display()
            ),
            format!("Ask again as the program's user: sudo -u '#{owner}' …"),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn plan() -> Plan {
        Plan {
            id: "paper".into(),
            bot_localpart: "paperbot".into(),
            user_prefix: "paper_".into(),
            alias_prefix: Some("paper_".into()),
            server_name: "hs.test".into(),
            address: ([127, 0, 0, 1], 29_400).into(),
            url: None,
            protocols: vec!["paper".into()],
        }
    }

    #[test]
    fn a_registration_that_says_otherwise_is_told_by_its_keys() {
        let good = Registration::generate(&plan()).unwrap();
        assert_eq!(differences(&good, &plan()), None);
        let moved = differences(&good, &Plan { url: Some("http://bridge:1".into()), ..plan() }).unwrap();
        assert!(moved.contains("http://127.0.0.1:29400") && moved.contains("http://bridge:1"), "{moved}");
        let limited = Registration { rate_limited: true, protocols: Vec::new(), ..good.clone() };
        let told = differences(&limited, &plan()).unwrap();
        assert!(told.ends_with("under protocols, rate_limited."), "{told}");
        let other = differences(&good, &Plan { server_name: "other.test".into(), ..plan() }).unwrap();
        assert!(other.contains("namespaces"), "{other}");
        for told in [moved, told, other] {
            assert!(!told.contains(good.as_token.expose()) && !told.contains(good.hs_token.expose()));
        }
    }

    #[test]
    fn each_mistake_of_the_config_is_a_line() {
        let found = mistakes("homeserver.url: missing. Give it.\ndatabase.url: wrong. Mend it.\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], Finding::mistake("config", "database.url: wrong. Mend it."));
    }

    #[test]
    fn a_remedy_is_a_sentence() {
        assert_eq!(sentence("use https, or a private address"), "Use https, or a private address.");
    }
}
