//! The image and the files for Compose: the specification, and what holds for ours beside it.

use super::{files, text};
use crate::workspace::Workspace;
use crate::{process, python};
use anyhow::{Result, bail};
use std::process::Command;

/// The reader of the Compose Specification.
const PACKAGES: &[&str] = &["compose-spec==0.2.1", "pyyaml==6.0.3"];

/// Checks the image's recipe and the files for Compose.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let recipe = text(&workspace.root.join("deploy/compose/Dockerfile"))?;
    let toolchain = text(&workspace.root.join("rust-toolchain.toml"))?;
    let wrong = mistakes(&recipe, &toolchain);
    if !wrong.is_empty() {
        bail!("Dockerfile: {}", wrong.join("; "));
    }
    let venv = workspace.target.join("tools/compose");
    python::environment(&venv, PACKAGES, &PACKAGES.join(" "))?;
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(workspace.root.join("deploy/tests/compose.py"));
    process::run(command.args(files(workspace, "deploy/compose", ".yml")?))
}

/// What is wrong with the image's recipe, in sentences.
fn mistakes(recipe: &str, toolchain: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines: Vec<&str> = recipe.lines().filter(|line| !line.starts_with('#')).collect();
    let of = |word: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(word));
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap_or_default();
    if !recipe.contains(&format!("rust:{}-", channel.trim_matches('"'))) {
        wrong.push(format!("it builds with another Rust than {channel} of rust-toolchain.toml"));
    }
    let stages: Vec<&str> =
        of("FROM ").filter_map(|from| from.split_once(" AS ")).map(|(_, name)| name).collect();
    for from in of("COPY --from=").filter_map(|rest| rest.split(' ').next()) {
        if !stages.contains(&from) {
            wrong.push(format!("it copies from {from}, which is no stage"));
        }
    }
    for program in ["bridge-slack", "bridge-bots"] {
        let stage =
            recipe.split("\nFROM ").find(|stage| stage.starts_with(&format!("ground AS {program}\n")));
        let has = |text: &str| stage.is_some_and(|stage| stage.contains(text));
        if !has(&format!("ENTRYPOINT [\"/usr/local/bin/{program}\"]")) || !has("HEALTHCHECK ") || has("USER")
        {
            wrong.push(format!(
                "the stage {program} lacks its program, its health, or the user of its ground"
            ));
        }
    }
    let ground = recipe.split("\nFROM ").find(|stage| stage.contains(" AS ground\n"));
    if !ground.is_some_and(|stage| stage.contains("\nUSER 65532:65532\n")) {
        wrong.push("the ground of both runs as root".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::mistakes;

    const GOOD: &str = include_str!("../../../deploy/compose/Dockerfile");
    const RUST: &str = include_str!("../../../rust-toolchain.toml");

    #[test]
    fn a_good_recipe() {
        assert!(mistakes(GOOD, RUST).is_empty(), "{:?}", mistakes(GOOD, RUST));
    }

    #[test]
    fn bad_recipes() {
        let bad = [
            ("USER 65532", "USER 0"),
            ("rust:", "rust:9"),
            ("--from=build", "--from=gone"),
            ("HEALTHCHECK", "#"),
        ];
        for (from, to) in bad {
            assert!(!mistakes(&GOOD.replace(from, to), RUST).is_empty(), "{to}");
        }
    }
}
