//! A bot at work, for a first look: a homeserver, the program with the bot in it, and somebody who asks.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::demo::bot::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bot::run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
