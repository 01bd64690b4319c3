//! Runs the simulation of the queue over many seeds.

use crate::process;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};

const TEST: &str = "queue::tests::simulation::as_many_as_asked";

/// Builds the tests as `cargo xtask test` does, and runs so many schedules from a seed on.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<bool> {
    let (mut schedules, mut seed) = (100_000, 1);
    for pair in args.chunks(2) {
        let [name, value] = pair else { bail!("`{}` needs a number", pair[0]) };
        let number: u64 = value.parse().with_context(|| format!("`{value}` is no whole number"))?;
        match name.as_str() {
            "--schedules" => schedules = number,
            "--seed" => seed = number,
            _ => bail!("there is no `{name}`; `--schedules` and `--seed` are there"),
        }
    }
    let mut test = workspace.cargo(&["test", "--workspace", "--lib", "--quiet", TEST, "--"]);
    test.args(["--ignored", "--exact", "--nocapture"]);
    test.env("SIMULATE_SCHEDULES", schedules.to_string()).env("SIMULATE_SEED", seed.to_string());
    process::run(&mut test)?;
    Ok(true)
}
