//! What can be done with a service, and the words of the commands that do it.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::services::{By, Service};

/// What is asked of systemd.
const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,\
                          ActiveEnterTimestamp,InactiveEnterTimestamp,StateChangeTimestamp";

/// What an operator can have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schema(as = ServiceVerb)]
pub(crate) enum Verb {
    /// Has it run
    Start,
    /// Has it not run
    Stop,
    /// Stops and starts it
    Restart,
    /// Brings it up to date, which may take long
    Update,
    /// Prints its last lines
    Logs,
}

impl Verb {
    /// All of them, as buttons stand.
    pub(crate) const ALL: [Self; 5] = [Self::Start, Self::Restart, Self::Stop, Self::Update, Self::Logs];

    /// As it stands in addresses and in the table.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Update => "update",
            Self::Logs => "logs",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }

    /// How long it may take.
    pub(crate) fn limit(self) -> Duration {
        match self {
            Self::Update => Duration::from_hours(1),
            _ => Duration::from_secs(30),
        }
    }

    /// Whether it is asked before it is done.
    pub(crate) fn is_asked(self) -> bool {
        matches!(self, Self::Stop | Self::Update)
    }
}

impl Service {
    /// What it is, for people.
    pub(crate) fn about(&self) -> String {
        let what = match (&self.unit, &self.container, &self.service) {
            (Some(unit), ..) => format!("unit {unit}"),
            (_, Some(container), _) => format!("container {container}"),
            (.., Some(service)) => format!("{service} in {}", self.compose.as_deref().unwrap_or_default()),
            _ => "by its own commands".to_owned(),
        };
        self.ssh.as_ref().map_or_else(|| what.clone(), |host| format!("{what} on {host}"))
    }

    /// The command for a verb; none if there is none.
    pub(crate) fn words(&self, verb: Verb) -> Option<Vec<String>> {
        let own = match verb {
            Verb::Start => &self.start,
            Verb::Stop => &self.stop,
            Verb::Restart => &self.restart,
            Verb::Update => &self.update,
            Verb::Logs => &self.logs,
        };
        let words = own.clone().or_else(|| self.usual(verb))?;
        Some(self.there(words))
    }

    /// The command that tells its state, for a container of this name if it is not in the config.
    pub(crate) fn state_words(&self, container: Option<&str>) -> Vec<String> {
        let words = self.state.clone().unwrap_or_else(|| match self.by {
            By::Systemd => {
                // In words that can be read, whatever the machine speaks.
                let unit = self.unit.as_deref().unwrap_or_default();
                split(&["env", "LC_ALL=C", "TZ=UTC", "systemctl", "show", PROPERTIES, "--", unit])
            }
            By::Docker => {
                let container = self.container.as_deref().or(container).unwrap_or_default();
                split(&["docker", "inspect", "--type", "container", container])
            }
            By::Command => Vec::new(),
        });
        self.there(words)
    }

    /// The command that finds the container of a service in a compose file.
    pub(crate) fn find_words(&self) -> Option<Vec<String>> {
        let (Some(file), Some(service), None) = (&self.compose, &self.service, &self.state) else {
            return None;
        };
        Some(self.there(split(&["docker", "compose", "-f", file, "ps", "-a", "-q", service])))
    }

    fn usual(&self, verb: Verb) -> Option<Vec<String>> {
        let words = match (self.by, verb) {
            (By::Command, _) | (_, Verb::Update) => return None,
            (By::Systemd, Verb::Logs) => {
                let unit = self.unit.as_deref()?;
                split(&["journalctl", "--no-pager", "-n", "100", "-u", unit])
            }
            (By::Systemd, _) => {
                split(&["systemctl", "--no-ask-password", verb.as_str(), "--", self.unit.as_deref()?])
            }
            (By::Docker, _) => {
                let more: &[&str] =
                    if verb == Verb::Logs { &["logs", "--tail", "100"] } else { &[verb.as_str()] };
                let (before, name) = match (&self.container, &self.compose) {
                    (Some(container), _) => (split(&["docker"]), container),
                    (None, Some(file)) => (split(&["docker", "compose", "-f", file]), self.service.as_ref()?),
                    _ => return None,
                };
                [before, split(more), vec![name.clone()]].concat()
            }
        };
        Some(words)
    }

    /// The command as it is run: on another machine, its shell reads the words, so each is quoted.
    fn there(&self, words: Vec<String>) -> Vec<String> {
        let Some(host) = &self.ssh else { return words };
        let ssh = split(&["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "--", host]);
        let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        [ssh, quoted].concat()
    }
}

fn split(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn words(service: &str, verb: Verb) -> Option<String> {
        let service: Service = serde_yaml::from_str(service).unwrap();
        service.words(verb).map(|words| words.join(" "))
    }

    #[test]
    fn each_kind_brings_commands_and_the_config_wins() {
        const UNIT: &str = "{ by: systemd, unit: a.service, stop: [halt, it] }";
        const STACK: &str = "{ by: docker, compose: /c.yml, service: db }";
        for (service, verb, expected) in [
            (UNIT, Verb::Start, Some("systemctl --no-ask-password start -- a.service")),
            (UNIT, Verb::Stop, Some("halt it")),
            (UNIT, Verb::Logs, Some("journalctl --no-pager -n 100 -u a.service")),
            (UNIT, Verb::Update, None),
            ("{ by: docker, container: c }", Verb::Restart, Some("docker restart c")),
            ("{ by: docker, container: c }", Verb::Logs, Some("docker logs --tail 100 c")),
            (STACK, Verb::Stop, Some("docker compose -f /c.yml stop db")),
            (STACK, Verb::Logs, Some("docker compose -f /c.yml logs --tail 100 db")),
            ("{ by: command, state: [s] }", Verb::Start, None),
        ] {
            assert_eq!(words(service, verb).as_deref(), expected, "{service} {verb:?}");
        }
        let stack: Service = serde_yaml::from_str(STACK).unwrap();
        assert_eq!(stack.find_words().unwrap().join(" "), "docker compose -f /c.yml ps -a -q db");
        assert_eq!(stack.state_words(Some("abc")).join(" "), "docker inspect --type container abc");
    }

    #[test]
    fn words_stay_words_on_another_machine() {
        let text = r#"{ by: command, ssh: ops@far, state: [s], start: [run, "a b", "it's", "$(id)"] }"#;
        let expected = r"ssh -o BatchMode=yes -o ConnectTimeout=5 -- ops@far 'run' 'a b' 'it'\''s' '$(id)'";
        assert_eq!(words(text, Verb::Start).as_deref(), Some(expected));
    }

    #[test]
    fn verbs_are_known_by_their_names() {
        for verb in Verb::ALL {
            assert_eq!(Verb::named(verb.as_str()), Some(verb));
        }
        assert_eq!(Verb::named("delete"), None);
    }
}
