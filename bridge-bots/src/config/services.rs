//! Section `bots.services`: what the control page shows and the commands that its buttons run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::name_problem;
use crate::plugin::Problem;

/// The section: services by the names under which they are shown.
pub(crate) type Services = BTreeMap<String, Service>;

/// What runs a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// A unit of systemd.
    Systemd,
    /// A container of Docker, by its name or as a service of a compose file.
    Docker,
    /// Whatever the commands of the config say.
    Command,
}

/// A service. A command is a list of words, and no shell reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "`service` is the word of compose files")]
pub(crate) struct Service {
    /// What runs it.
    pub(crate) by: By,
    /// The unit, `by: systemd`.
    #[serde(default)]
    pub(crate) unit: Option<String>,
    /// The container, `by: docker`.
    #[serde(default)]
    pub(crate) container: Option<String>,
    /// The compose file in which it is `service`, in place of `container`.
    #[serde(default)]
    pub(crate) compose: Option<String>,
    /// Its name in the compose file.
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// The machine on which the commands run: `user@host`.
    #[serde(default)]
    pub(crate) ssh: Option<String>,
    /// An address that tells its health: the document of a program of ours, or anything that answers 200 while all is well.
    #[serde(default)]
    pub(crate) health: Option<Url>,
    /// Prints how it is.
    #[serde(default)]
    pub(crate) state: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) start: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) stop: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) restart: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) update: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) logs: Option<Vec<String>>,
}

impl Service {
    /// Each command with its key.
    fn given(&self) -> [(&'static str, Option<&Vec<String>>); 6] {
        [
            ("state", self.state.as_ref()),
            ("start", self.start.as_ref()),
            ("stop", self.stop.as_ref()),
            ("restart", self.restart.as_ref()),
            ("update", self.update.as_ref()),
            ("logs", self.logs.as_ref()),
        ]
    }

    /// Each name of something with its key.
    fn names(&self) -> [(&'static str, Option<&String>); 5] {
        [
            ("unit", self.unit.as_ref()),
            ("container", self.container.as_ref()),
            ("compose", self.compose.as_ref()),
            ("service", self.service.as_ref()),
            ("ssh", self.ssh.as_ref()),
        ]
    }
}

/// What is wrong with the section, each with its key.
pub(crate) fn problems(services: &Services) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, service) in services {
        let field = format!("bots.services.{name}");
        problems.extend(name_problem(&field, name));
        let below = |(key, text): (&str, String)| Problem::new(format!("{field}.{key}"), text);
        problems.extend(of_kind(service).into_iter().map(below));
        problems.extend(of_names(service).into_iter().map(below));
        problems.extend(of_commands(service).into_iter().map(below));
    }
    problems
}

/// What is missing for its kind, and what belongs to another.
fn of_kind(service: &Service) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    let has = |key: &str| service.names().iter().any(|(name, value)| *name == key && value.is_some());
    let wanted: &[&str] = match service.by {
        By::Systemd => &["unit"],
        By::Docker if has("compose") || has("service") => &["compose", "service"],
        By::Docker => &["container"],
        By::Command => &[],
    };
    for key in wanted.iter().filter(|key| !has(key)) {
        let text = match *key {
            "unit" => "is missing: the unit's name, such as bridge-slack.service.",
            "container" => {
                "is missing: the container's name; or give `compose`, a file, and `service`, its name there."
            }
            "compose" => "is missing: the compose file in which `service` stands.",
            _ => "is missing: the service's name in the compose file.",
        };
        problems.push((*key, text.to_owned()));
    }
    for key in ["unit", "container", "compose", "service"] {
        if has(key) && !wanted.contains(&key) {
            let by = if key == "unit" { "systemd" } else { "docker, with either `container` or `compose`" };
            problems.push((key, format!("does not belong here: it is for `by: {by}`.")));
        }
    }
    if service.by == By::Command && service.state.is_none() {
        let text = "is missing: with `by: command`, the command that prints `state|started at|restarts`.";
        problems.push(("state", text.to_owned()));
    }
    problems
}

fn of_names(service: &Service) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    for (key, name) in service.names() {
        let is_wrong = |name: &String| {
            name.is_empty()
                || name.starts_with('-')
                || name.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if name.is_some_and(is_wrong) {
            let text = "has to be a name without spaces that does not begin with a hyphen, or it would be read as an option.";
            problems.push((key, text.to_owned()));
        }
    }
    if service.health.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
        problems.push(("health", "has to begin with http:// or https://.".to_owned()));
    }
    problems
}

fn of_commands(service: &Service) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    for (key, words) in service.given() {
        let Some(words) = words else { continue };
        if words.first().is_none_or(|word| word.trim().is_empty()) {
            let text =
                "is an empty command: write the program and its words as a list, or leave the key out.";
            problems.push((key, text.to_owned()));
        } else if words.iter().any(|word| word.contains('\0')) {
            problems.push((key, "has a zero byte in a word, which no program can be handed.".to_owned()));
        } else if let Some(other) = same(service, key, words) {
            let text =
                format!("has the same words as `{other}`, so one of the two does not do what it is called.");
            problems.push((key, text));
        }
    }
    problems
}

/// A command that has to differ and has the same words. Each pair is told once, at `stop` or `state`.
fn same(service: &Service, key: &str, words: &[String]) -> Option<&'static str> {
    if !matches!(key, "stop" | "state") {
        return None;
    }
    let others = service.given().into_iter();
    let mut others = others.filter(|(other, _)| *other != key && (key == "state" || *other != "state"));
    others.find_map(|(other, given)| given.is_some_and(|given| given.as_slice() == words).then_some(other))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn told(text: &str) -> Vec<String> {
        problems(&serde_yaml::from_str(text).unwrap()).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn each_kind_takes_its_own_keys() {
        let text = "
            slack: { by: systemd, unit: bridge-slack.service, health: 'http://127.0.0.1:29400/health' }
            far: { by: systemd, unit: x.service, ssh: ops@far, update: [systemctl, start, update@x.service] }
            synapse: { by: docker, container: synapse }
            stack: { by: docker, compose: /srv/stack/compose.yml, service: db }
            own: { by: command, state: [own, state], start: [own, up], stop: [own, down], restart: [own, up] }";
        assert_eq!(told(text), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_named_with_their_keys() {
        for (text, expected) in [
            ("new: { by: command, state: [a] }", "bots.services.new: has to be a name"),
            ("a: { by: systemd }", "bots.services.a.unit: is missing"),
            ("a: { by: docker }", "bots.services.a.container: is missing"),
            ("a: { by: docker, compose: f }", "bots.services.a.service: is missing"),
            ("a: { by: docker, service: f }", "bots.services.a.compose: is missing"),
            (
                "a: { by: docker, service: f, compose: f, container: c }",
                "bots.services.a.container: does not belong here",
            ),
            ("a: { by: systemd, unit: u, container: c }", "bots.services.a.container: does not belong here"),
            ("a: { by: command }", "bots.services.a.state: is missing"),
            ("a: { by: command, state: [] }", "bots.services.a.state: is an empty command"),
            ("a: { by: systemd, unit: u, update: ['', x] }", "bots.services.a.update: is an empty command"),
            ("a: { by: systemd, unit: '--now' }", "bots.services.a.unit: has to be a name without spaces"),
            ("a: { by: systemd, unit: u, ssh: '-oProxyCommand=x' }", "bots.services.a.ssh: has to be a name"),
            ("a: { by: systemd, unit: u, health: 'file:///x' }", "bots.services.a.health: has to begin"),
            (
                "a: { by: command, state: [x], stop: [y], start: [y] }",
                "bots.services.a.stop: has the same words as `start`",
            ),
            (
                "a: { by: command, state: [y], stop: [y] }",
                "bots.services.a.state: has the same words as `stop`",
            ),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
        }
    }

    #[test]
    fn an_unknown_kind_and_a_command_in_one_text_are_refused() {
        for text in [
            "a: { by: runit }",
            "a: { by: systemd, unit: u, start: 'rm -rf x' }",
            "a: { unit: u }",
            "a: { by: systemd, units: u }",
        ] {
            assert!(serde_yaml::from_str::<Services>(text).is_err(), "{text}");
        }
    }
}
