//! The layers of bridge-core: a module uses its own layer and those below it.

use super::Finding;
use super::paths::{module, used};
use super::source::Source;

const SRC: &str = "bridge-core/src/";

/// The lowest layer that may wait for something.
const FIRST_ASYNC_LAYER: usize = 2;

/// The modules, lowest layer first.
const LAYERS: &[&[&str]] = &[
    // words
    &["id", "clock", "error", "failpoint", "secret"],
    // pure: no async, no IO
    &["content", "event", "config"],
    // outside world
    &["cache", "store", "matrix", "metrics", "net_guard", "task"],
    // streams
    &["queue", "appservice", "network", "command"],
    // behaviour
    &["engine"],
    // program
    &["service"],
];

/// What a part never names, whatever the layer: the bot host uses these parts without a network or an engine,
/// and the two directions of the engine know nothing of each other.
const NEVER: &[(&str, &[&str])] = &[
    ("appservice", &["network", "engine"]),
    ("matrix", &["network", "engine"]),
    ("queue", &["network", "engine"]),
    ("command", &["network", "engine"]),
    ("service/run", &["network", "engine"]),
    ("engine/remote", &["engine/matrix"]),
    ("engine/matrix", &["engine/remote"]),
];

/// Checks one file; those outside bridge-core have no layer.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let Some(path) = source.path.strip_prefix(SRC).filter(|path| path.ends_with(".rs")) else {
        return Vec::new();
    };
    let module = module(path);
    // The root of the crate names everything, and a file of tests may.
    let Some(top) = module.first().filter(|_| !source.is_test()) else {
        return Vec::new();
    };
    let find = |at, text: String| Finding::new(&source.path, source.line(at), "layers", text);
    let Some(own) = layer(top) else {
        return vec![find(
            0,
            format!("`{top}` stands in no layer: add it to LAYERS in xtask/src/tidy/layers.rs"),
        )];
    };
    let mut findings = Vec::new();
    for path in used(source, &module).into_iter().filter(|path| !source.in_test(path.at)) {
        let target = path.segments.join("/");
        if path.segments.first().and_then(|first| layer(first)).is_some_and(|layer| layer > own) {
            findings
                .push(find(path.at, format!("`{top}` uses `{target}`, which stands in a layer above it")));
        } else if let Some(part) = never(&module.join("/"), &target) {
            findings.push(find(path.at, format!("`{part}` never names `{target}`")));
        }
    }
    let waits = source.idents().find(|(at, word)| matches!(*word, "async" | "await") && !source.in_test(*at));
    if let Some((at, word)) = waits.filter(|_| own < FIRST_ASYNC_LAYER) {
        findings.push(find(at, format!("`{word}` in a pure layer: gather before, or perform after")));
    }
    findings
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn never(module: &str, target: &str) -> Option<&'static str> {
    let within = |path: &str, folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let forbidden = |targets: &[&str]| targets.iter().any(|folder| within(target, folder));
    NEVER.iter().find(|(part, targets)| within(module, part) && forbidden(targets)).map(|(part, _)| *part)
}

#[cfg(test)]
mod tests {
    use super::{Source, check};

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(format!("bridge-core/src/{path}"), text))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn downward_and_sideways_are_good() {
        assert!(lines("engine/portal.rs", "use crate::{id::ChatId, network::Session, store};").is_empty());
        assert!(lines("event/to_matrix.rs", "use crate::content::Message;").is_empty());
        assert!(lines("lib.rs", "pub use crate::engine::Bridge;").is_empty());
        assert!(lines("service/cli.rs", "use crate::engine::Bridge;").is_empty());
        assert!(lines("queue/lane.rs", "#[cfg(test)]\nmod tests {\n    use crate::engine::x;\n}").is_empty());
    }

    #[test]
    fn upward_is_bad() {
        assert_eq!(lines("store/portal.rs", "\nuse crate::{id, engine::Bridge};"), [2]);
        assert_eq!(lines("content.rs", "use super::matrix::Intent;"), [1]);
        assert_eq!(lines("queue/worker.rs", "use super::super::network::Network;"), [1]);
    }

    #[test]
    fn parts_stay_apart() {
        assert_eq!(lines("service/run.rs", "use crate::network::Network;"), [1]);
        assert_eq!(lines("engine/remote/message.rs", "use super::super::matrix::edit;"), [1]);
        assert!(lines("engine/remote/message.rs", "use crate::matrix::Intent;").is_empty());
    }

    #[test]
    fn pure_layers_never_wait() {
        assert_eq!(lines("content/plain.rs", "fn a() {}\nasync fn b() {}"), [2]);
    }

    #[test]
    fn every_module_has_a_layer() {
        assert_eq!(lines("novelty.rs", "fn a() {}"), [1]);
    }
}
