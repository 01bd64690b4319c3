//! Measures the release programs from outside, beside the same path without a database layer.

#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the real time, makes its own clients and tasks, and no program depends on it"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a run are far below 2^52"
)]

mod backlog;
mod bots;
mod clock;
mod convert;
mod fake;
mod figures;
mod files;
mod fsync;
mod homeserver;
mod http_client;
mod mark;
mod process;
mod relay;
mod skeleton;
mod slack;

use clap::{Parser, Subcommand};

/// Benchmark programs.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    program: Program,
}

#[derive(Debug, Subcommand)]
enum Program {
    /// Measures the Slack bridge: latency, bursts, throughput, memory, start.
    Relay(relay::Options),
    /// Measures the conversions between both sides' formats, within this program.
    Convert(convert::Options),
    /// Measures the memory that the Slack bridge takes for large files.
    Files(files::Options),
    /// Measures the start and the draining of a large backlog.
    Backlog(backlog::Options),
    /// Measures the bot host beside maubot.
    Bots(bots::Options),
    /// The bare path, which `relay` starts to compare with.
    Skeleton(skeleton::Options),
    /// The fake workspace as `relay` starts it.
    FakeSlack(fake::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().program {
        Program::Relay(options) => relay::run(options).await,
        Program::Convert(options) => convert::run(&options),
        Program::Files(options) => files::run(options).await,
        Program::Backlog(options) => backlog::run(options).await,
        Program::Bots(options) => Box::pin(bots::run(options)).await,
        Program::Skeleton(options) => skeleton::run(options).await,
        Program::FakeSlack(options) => fake::run(options).await,
    }
}
