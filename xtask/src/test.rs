//! Every test there is: sets up what they need, runs them, counts them.

use crate::counts::Counts;
use crate::postgres::Postgres;
use crate::workspace::Workspace;
use crate::{api_judge, browser, judges, maubot, slack_sdks, synapse};
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Other people's programs that tests use: the variable that tells tests where each is, what is said if it is not to be had, and
/// what installs it.
type Other = (&'static str, &'static str, fn(&Workspace) -> Result<PathBuf>);
const OTHERS: [Other; 4] = [
    ("SYNAPSE_VENV", "Synapse is not there", synapse::install),
    ("MAUBOT_VENV", "maubot's tools are not there", maubot::install),
    (api_judge::VARIABLE, "schemathesis is not there", api_judge::install),
    (browser::VARIABLE, "the browser of the pages' tests is not there", browser::install),
];

/// The variable that says how many tests of a program run at the same time.
const AT_ONCE: &str = "RUST_TEST_THREADS";
/// How many do for each processor: scenarios spend most of their time waiting for programs that start, and for answers.
const PER_PROCESSOR: usize = 2;

/// What came out of a run of all tests.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Why something could not run at all, one sentence each. Each counts as one failure.
    broken: Vec<String>,
}

impl Outcome {
    /// Prints what was broken and, as the last line, the counts. Returns whether all is well.
    pub(crate) fn report(&self) -> bool {
        for sentence in &self.broken {
            println!("xtask: {sentence}");
        }
        println!("{}", self.counts);
        self.counts.failed == 0
    }

    /// Takes the value, or notes why there is none.
    fn keep<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let sentence = format!("{what}: {error:#}");
                eprintln!("xtask: {sentence}");
                self.broken.push(sentence);
                self.counts += Counts::ONE_FAILED;
                None
            }
        }
    }
}

/// Runs everything. What cannot be set up is counted as a failure, and the rest runs all the same.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut outcome = Outcome { counts: Counts::default(), broken: Vec::new() };
    if outcome.keep("the programs were not built", workspace.build()).is_none() {
        return outcome;
    }
    let sdks = outcome.keep("Slack's clients are not there", slack_sdks::install(workspace));
    let postgres = outcome.keep("PostgreSQL is not there", Postgres::start(workspace));
    let mut tests = workspace.cargo(&["test", "--workspace", "--no-fail-fast"]);
    if std::env::var_os(AT_ONCE).is_none() {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        tests.env(AT_ONCE, (processors * PER_PROCESSOR).to_string());
    }
    if let Some(postgres) = &postgres {
        tests.env("TEST_POSTGRES_URL", postgres.url());
    }
    for (variable, missing, install) in OTHERS {
        if let Some(path) = outcome.keep(missing, install(workspace)) {
            tests.env(variable, path);
        }
    }
    if let Some(counts) = outcome.keep("the tests did not run", run_counted(&mut tests)) {
        outcome.counts += counts;
    }
    drop(postgres);
    if let Some(sdks) = sdks
        && let Some(counts) = outcome.keep("the judges did not run", judges::run(workspace, &sdks))
    {
        outcome.counts += counts;
    }
    outcome
}

/// Runs `cargo test`, shows what it prints as it comes, and adds up its results.
fn run_counted(command: &mut Command) -> Result<Counts> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cargo could not be started")?;
    let mut counts = Counts::default();
    for line in BufReader::new(child.stdout.take().context("no output to read")?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        if let Some(result) = Counts::from_libtest(&line) {
            counts += result;
        }
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        println!("xtask: cargo test ended with {status}, though no test was counted as failed");
        counts += Counts::ONE_FAILED;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::run_counted;
    use crate::counts::Counts;
    use std::process::Command;

    fn shell(script: &str) -> Counts {
        run_counted(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn adds_up_several_programs() {
        let line = "echo 'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'";
        let counts = shell(&format!("{line}; echo other; {line}"));
        assert_eq!(counts, Counts { passed: 4, failed: 0, skipped: 2 });
    }

    #[test]
    fn a_run_that_breaks_is_a_failure() {
        assert_eq!(shell("exit 101"), Counts::ONE_FAILED);
    }
}
