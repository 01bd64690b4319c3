//! Everything that must be green, in order, with the time each step took.

use crate::counts::Counts;
use crate::workspace::Workspace;
use crate::{crashes, demo, deny, deploy, dist, generate, process, test, tidy};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// What came out of one step.
struct Step {
    name: &'static str,
    good: bool,
    took: Duration,
}

/// Runs all steps, also after a failure, so that one run shows all that is wrong.
pub(crate) fn run(workspace: &Workspace) -> bool {
    let mut steps = Vec::new();
    let mut counts = Counts::default();
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step(&mut steps, "fmt", || process::run(&mut workspace.cargo(&["fmt", "--all", "--check"])));
    step(&mut steps, "clippy", || process::run(&mut workspace.cargo(&clippy)));
    step(&mut steps, "tidy", || good(tidy::run(workspace)?, "the rules above are not kept"));
    step(&mut steps, "generate", || generated_is_fresh(workspace));
    step(&mut steps, "deny", || deny::run(workspace));
    step(&mut steps, "deploy", || {
        good(deploy::run(workspace)?, "the files for operators are not as they should be")
    });
    step(&mut steps, "dist", || dist::check(workspace));
    step(&mut steps, "doc", || {
        let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    step(&mut steps, "test", || {
        let outcome = test::run(workspace);
        counts = outcome.counts;
        good(outcome.report(), "there are failed tests")
    });
    step(&mut steps, "soak", || crashes::short_soaks(workspace));
    step(&mut steps, "demo", || process::run(&mut demo::prepare(workspace, &["--once".to_owned()])?));
    println!("{}", table(&steps));
    println!("{counts}");
    steps.iter().all(|step| step.good)
}

fn step(steps: &mut Vec<Step>, name: &'static str, work: impl FnOnce() -> Result<()>) {
    println!("── {name}");
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    if let Err(error) = &result {
        println!("xtask: {error:#}");
    }
    println!("── {name}: {} in {:.1} s", word(result.is_ok()), took.as_secs_f64());
    steps.push(Step { name, good: result.is_ok(), took });
}

fn generated_is_fresh(workspace: &Workspace) -> Result<()> {
    let outdated = generate::outdated(workspace)?;
    if !outdated.is_empty() {
        bail!("run `cargo xtask generate` and commit what it writes: {}", outdated.join(", "));
    }
    Ok(())
}

fn good(good: bool, sentence: &str) -> Result<()> {
    if good { Ok(()) } else { bail!("{sentence}") }
}

fn word(good: bool) -> &'static str {
    if good { "good" } else { "FAILED" }
}

fn table(steps: &[Step]) -> String {
    let total: Duration = steps.iter().map(|step| step.took).sum();
    let mut lines: Vec<String> = steps
        .iter()
        .map(|step| format!("{:<10} {:<6} {:>8.1} s", step.name, word(step.good), step.took.as_secs_f64()))
        .collect();
    lines.push(format!("{:<10} {:<6} {:>8.1} s", "all", "", total.as_secs_f64()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Step, step, table};
    use anyhow::bail;

    #[test]
    fn goes_on_after_a_failure() {
        let mut steps: Vec<Step> = Vec::new();
        step(&mut steps, "one", || bail!("broken"));
        step(&mut steps, "two", || Ok(()));
        assert_eq!(steps.iter().map(|step| step.good).collect::<Vec<_>>(), [false, true]);
        assert!(table(&steps).contains("one        FAILED"));
    }
}
