//! The bridge at work, for a first look: a homeserver, a Slack workspace and the bridge between them, with a transcript.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::demo::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match demo::run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
