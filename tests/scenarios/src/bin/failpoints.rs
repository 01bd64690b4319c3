//! Kills the bridge at each point between receipt and done, and prints what became of each kind of event.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::failpoints::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match failpoints::run(Options::parse()).await {
        Ok(report) => {
            println!("{report}");
            if report.different().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("The run over the failpoints failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
