//! The program: one fake workspace until it is told to stop.
use std::io::Write as _;

use clap::{Parser, ValueEnum};
use fake_slack::{FakeSlack, Mode, Options};

/// A Slack workspace on 127.0.0.1, for tests, measurements and demonstrations.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Whether Slack's rate limits are enforced.
    #[arg(long, value_enum, default_value_t = Limits::Unbounded)]
    mode: Limits,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Limits {
    Unbounded,
    Quota,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mode = match arguments.mode {
        Limits::Unbounded => Mode::Unbounded,
        Limits::Quota => Mode::Quota,
    };
    let slack = FakeSlack::start(Options { port: arguments.port, mode, ..Options::default() })?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", slack.describe())?;
    stdout.flush()?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        outcome = tokio::signal::ctrl_c() => outcome?,
    }
    slack.stop();
    Ok(())
}
