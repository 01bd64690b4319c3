//! A day of talk under kills and faults, and both sides compared in full at its end.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::soak::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match soak::run(Options::parse()).await {
        Ok(report) => {
            println!("{report}");
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("The soak failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
