//! Which crate may depend on which.

use super::Finding;
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What a crate may use: of ours, and what it never has.
struct Rule {
    name: &'static str,
    /// Our crates that it may use.
    ours: &'static [&'static str],
    /// Crates of others that it never uses.
    never: &'static [&'static str],
}

/// The folder whose crates have one rule, however they are called.
const PLUGINS: &str = "plugins/*";

const RULES: &[Rule] = &[
    Rule { name: "bridge-registration", ours: &[], never: &["tokio", "reqwest", "axum", "hyper", "ruma"] },
    Rule { name: "bridge-core", ours: &["bridge-registration"], never: &["slack-morphism"] },
    Rule { name: "bridge-slack", ours: &["bridge-core"], never: &["sqlx", "axum", "ruma"] },
    // It knows a site and neither Matrix nor the host that runs it.
    Rule {
        name: "bot-instagram",
        ours: &["bridge-core"],
        never: &["ruma", "sqlx", "axum", "slack-morphism"],
    },
    Rule { name: "bridge-bots", ours: &["bridge-core", "bot-instagram"], never: &["slack-morphism"] },
    Rule { name: "bridge-line", ours: &["bridge-core"], never: &["sqlx", "axum", "ruma"] },
    Rule { name: "testkit", ours: &["bridge-core", "bridge-registration"], never: &["slack-morphism"] },
    // It must not share our reading of Slack's documents.
    Rule { name: "fake-slack", ours: &[], never: &["slack-morphism"] },
    // Black box: it speaks to the programs, not to their code.
    Rule {
        name: "scenarios",
        ours: &["testkit", "fake-slack", "bridge-registration"],
        never: &["slack-morphism"],
    },
    // The programs are measured from outside; only the conversions, which are pure, from within.
    Rule { name: "benches", ours: &["testkit", "fake-slack", "bridge-core", "bridge-slack"], never: &[] },
    Rule { name: "fuzz", ours: &["bridge-core", "bridge-slack"], never: &[] },
    Rule { name: "trouble-bots", ours: &["bridge-bots", "bot-instagram"], never: &["sqlx", "axum", "ruma"] },
    Rule { name: PLUGINS, ours: &["bridge-bots"], never: &["sqlx", "axum", "ruma"] },
    Rule {
        name: "manuals",
        ours: &["bridge-core", "bridge-slack", "bridge-bots"],
        never: &["sqlx", "axum", "ruma"],
    },
    Rule { name: "xtask", ours: &[], never: &["tokio", "reqwest", "clap"] },
];

/// Checks every crate of the workspace.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut command = workspace.cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let metadata: Value = serde_json::from_str(&process::output(&mut command)?)?;
    let mut findings = dependencies(&metadata);
    for package in packages(&metadata) {
        let manifest = text(package, "manifest_path");
        let lines = fs::read_to_string(manifest).with_context(|| format!("{manifest} could not be read"))?;
        if !lines.contains("[lints]\nworkspace = true") {
            findings.push(finding(text(package, "name"), "its Cargo.toml lacks `[lints] workspace = true`"));
        }
    }
    Ok(findings)
}

fn dependencies(metadata: &Value) -> Vec<Finding> {
    let all: Vec<&str> = packages(metadata).map(|package| text(package, "name")).collect();
    let mut findings = Vec::new();
    for package in packages(metadata) {
        let name = text(package, "name");
        let place = if is_plugin(package) { PLUGINS } else { name };
        let Some(rule) = RULES.iter().find(|rule| rule.name == place) else {
            findings.push(finding(name, "has no rule: add it to RULES in xtask/src/tidy/crates.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = text(dependency, "name");
            // Tests may reach further; only what is shipped counts.
            let shipped = dependency["kind"].as_str() != Some("dev");
            let foreign = all.contains(&used) && !rule.ours.contains(&used);
            if shipped && (foreign || rule.never.contains(&used)) {
                findings.push(finding(name, &format!("never uses `{used}`")));
            }
        }
    }
    findings
}

fn is_plugin(package: &Value) -> bool {
    Path::new(text(package, "manifest_path"))
        .ancestors()
        .nth(2)
        .is_some_and(|folder| folder.ends_with("plugins"))
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn finding(name: &str, text: &str) -> Finding {
    Finding::new(name, 0, "crates", text)
}

#[cfg(test)]
mod tests {
    use super::dependencies;
    use serde_json::{Value, json};

    fn workspace(dependencies: &Value) -> Value {
        json!({ "packages": [
            { "name": "bridge-core", "dependencies": [] },
            { "name": "fake-slack", "dependencies": [{ "name": "axum", "kind": null }] },
            { "name": "bridge-slack", "dependencies": dependencies },
        ] })
    }

    #[test]
    fn allowed_dependencies() {
        let used = json!([{ "name": "bridge-core", "kind": null }, { "name": "fake-slack", "kind": "dev" }]);
        assert!(dependencies(&workspace(&used)).is_empty());
    }

    #[test]
    fn forbidden_dependencies() {
        let used = json!([{ "name": "sqlx", "kind": null }, { "name": "fake-slack", "kind": null }]);
        assert_eq!(dependencies(&workspace(&used)).len(), 2);
        let unknown = json!({ "packages": [{ "name": "novelty", "dependencies": [] }] });
        assert_eq!(dependencies(&unknown).len(), 1);
    }

    #[test]
    fn a_plugin_has_a_rule_by_its_folder() {
        let plugin = |used: &str| {
            json!({ "packages": [
                { "name": "my-bot", "manifest_path": "/hub/plugins/my-bot/Cargo.toml",
                  "dependencies": [{ "name": used, "kind": null }] },
            ] })
        };
        assert!(dependencies(&plugin("bridge-bots")).is_empty());
        assert_eq!(dependencies(&plugin("sqlx")).len(), 1);
    }
}
