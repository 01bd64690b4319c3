//! The project's own commands: `cargo xtask <verb>`. Continuous integration calls these and nothing else.
#![allow(
    clippy::disallowed_methods,
    reason = "a program of the build: it reads the environment and the real clock"
)]
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the repository's own files, named in lower case"
)]

mod api_judge;
mod browser;
mod ci;
mod counts;
mod crashes;
mod debian;
mod demo;
mod deny;
mod deploy;
mod dist;
mod fuzz;
mod generate;
mod judges;
mod layout;
mod maubot;
mod postgres;
mod process;
mod python;
mod simulate;
mod slack_sdks;
mod synapse;
mod test;
mod tidy;
mod tool;
mod workspace;

use anyhow::{Context, Result, bail};
use std::process::ExitCode;
use workspace::Workspace;

const HELP: &str = "\
cargo xtask <verb>

  test        set up what is missing, then run every test; the last line counts them
  demo        show the bridge at work beside a real Synapse [--once] [--homeserver URL]
  demo-bot    show a bot at work beside a real Synapse: a folder of plugins/ [--once] [--say TEXT] [--help]
  ci          everything that must be green, in order: this is what continuous integration runs
  tidy        check the rules of the repository (size of files, layers, words, migrations)
  generate    write docs/generated, registration/examples and the list of migrations anew
  synapse     install the homeserver of the tests under target/synapse
  maubot      install maubot's own tools of the tests under target/maubot
  slack-sdks  install Slack's own clients of the tests under target/judges
  api-judge   have schemathesis make up calls of the bots' API from its document
  browser     install what the tests of the bots' pages need under target/browser, and chromium where it is ours to do
  fuzz        feed random inputs to what reads outsiders' words: TARGET or all [--seconds N] [--seed N]
  soak        random talk under kills and faults, both sides compared [--minutes N] [--seed S] [--help]
  failpoints  kill the bridge at each point between receipt and done, both sides compared [--help]
  power-loss  cut the power at each acknowledgement, and see that all of it is on the disk [--help]
  simulate    the queue's decisions in runs that follow from a seed [--schedules N] [--seed S]
  layout      watch which functions the programs run, and write build/layout.txt anew
  dist        make a release: programs, man pages, completions, packages, checksums [--profile dev] [--help]
  deploy      check what is in deploy/: units, containers, Nix files, alerts, dashboard, scripts
  postgres    run a throw-away PostgreSQL until Ctrl-C, or while a command runs [-- COMMAND]
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The verbs that tell more of themselves when they are asked.
const HELP_OF_THEIR_OWN: [&str; 6] = ["demo-bot", "dist", "failpoints", "postgres", "power-loss", "soak"];

/// The verbs that are not told anything else.
const WORDLESS: [&str; 12] = [
    "test",
    "ci",
    "tidy",
    "generate",
    "synapse",
    "maubot",
    "slack-sdks",
    "api-judge",
    "browser",
    "deploy",
    "layout",
    "help",
];

/// Runs one verb; `false` when it ran to its end and something in it was not good.
fn run(args: &[String]) -> Result<bool> {
    let Some((verb, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(false);
    };
    if !HELP_OF_THEIR_OWN.contains(&verb.as_str()) && rest.iter().any(|word| word == "--help" || word == "-h")
    {
        println!("{}", about(verb)?);
        return Ok(true);
    }
    if WORDLESS.contains(&verb.as_str()) && !rest.is_empty() {
        bail!("`{verb}` takes no words, and was given `{}`", rest.join(" "));
    }
    let workspace = Workspace::find()?;
    match verb.as_str() {
        "test" => Ok(test::run(&workspace).report()),
        "demo" => demo::run(&workspace, rest),
        "demo-bot" => demo::run_bot(&workspace, rest),
        "ci" => Ok(ci::run(&workspace)),
        "tidy" => tidy::run(&workspace),
        "generate" => generate::run(&workspace).map(|()| true),
        "synapse" => synapse::install(&workspace).map(|_| true),
        "maubot" => maubot::install(&workspace).map(|_| true),
        "slack-sdks" => slack_sdks::install(&workspace).map(|_| true),
        "api-judge" => api_judge::run(&workspace).map(|()| true),
        "browser" => browser::install(&workspace).map(|_| true),
        "fuzz" => fuzz::run(&workspace, rest),
        "soak" | "failpoints" => crashes::run(&workspace, verb, rest),
        "power-loss" => crashes::run(&workspace, "power_loss", rest),
        "simulate" => simulate::run(&workspace, rest),
        "deploy" => deploy::run(&workspace),
        "layout" => layout::run(&workspace),
        "dist" => dist::run(&workspace, rest),
        "postgres" => postgres::run(&workspace, rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(true)
        }
        _ => bail!("there is no verb `{verb}`; `cargo xtask help` lists them"),
    }
}

/// What the list of verbs says of one.
fn about(verb: &str) -> Result<&'static str> {
    let found = HELP.lines().find(|line| line.split_whitespace().next() == Some(verb));
    found.map(str::trim).with_context(|| format!("there is no verb `{verb}`; `cargo xtask help` lists them"))
}
