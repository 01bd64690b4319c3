//! Slack's own clients against our fake Slack: what they do not accept, the fake does wrongly.

use crate::counts::Counts;
use crate::process;
use crate::slack_sdks::SlackSdks;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader, Read, copy, sink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long the fake may take until it says where it listens.
const START: Duration = Duration::from_secs(30);

/// Runs both judges, each against a fresh fake Slack, and counts their verdicts.
pub(crate) fn run(workspace: &Workspace, sdks: &SlackSdks) -> Result<Counts> {
    let sources = workspace.root.join("tests/fake-slack/judges");
    // Node looks for packages from where the script lies.
    for entry in fs::read_dir(sources.join("node"))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&file, sdks.node.join(file.file_name().unwrap_or_default()))?;
        }
    }
    let mut python = Command::new(&sdks.python);
    python.arg(sources.join("python/judge.py")).current_dir(&workspace.root);
    let mut node = Command::new("node");
    node.arg(sdks.node.join("judge.mjs")).current_dir(&sdks.node);
    let mut counts = judge(workspace, "Python", &mut python)?;
    counts += judge(workspace, "Node", &mut node)?;
    Ok(counts)
}

fn judge(workspace: &Workspace, name: &str, command: &mut Command) -> Result<Counts> {
    println!("xtask: Slack's {name} client against the fake Slack");
    let slack = FakeSlack::start(workspace)?;
    let words = process::words(command);
    let mut child = command
        .arg(&slack.address_file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{words}` could not be started"))?;
    let mut last = String::new();
    for line in BufReader::new(child.stdout.take().context("no output to read")?).lines() {
        let line = line?;
        println!("{line}");
        if !line.trim().is_empty() {
            last = line;
        }
    }
    let status = child.wait()?;
    let Some(mut counts) = Counts::from_judge(&last) else {
        println!("xtask: the {name} judge ended ({status}) without the line `N passed, M failed`");
        return Ok(Counts::ONE_FAILED);
    };
    if !status.success() && counts.failed == 0 {
        println!("xtask: the {name} judge counted no failure, but ended with {status}");
        counts += Counts::ONE_FAILED;
    }
    Ok(counts)
}

/// A running `fake-slack`; stopped when dropped.
struct FakeSlack {
    program: Child,
    address_file: PathBuf,
}

impl FakeSlack {
    fn start(workspace: &Workspace) -> Result<Self> {
        let file = workspace.program("fake-slack");
        let mut program = Command::new(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} could not be started", file.display()))?;
        let output = program.stdout.take();
        let address_file = workspace.target.join("judges/fake-slack.json");
        let slack = Self { program, address_file };
        let line = first_line(output.context("no output to read")?)?;
        fs::write(&slack.address_file, line)?;
        Ok(slack)
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Waits for the first line and goes on reading in the background, so that the program never waits for us.
fn first_line(output: impl Read + Send + 'static) -> Result<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = String::new();
        let _ = reader.read_line(&mut line);
        let _ = sender.send(line);
        let _ = copy(&mut reader, &mut sink());
    });
    let line = receiver.recv_timeout(START).unwrap_or_default();
    if serde_json::from_str::<serde_json::Value>(&line).is_err() {
        bail!("fake-slack did not print its addresses as one line of JSON within {} s", START.as_secs());
    }
    Ok(line)
}
