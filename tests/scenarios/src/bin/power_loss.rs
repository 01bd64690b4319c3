//! Power is lost at each acknowledgement, and what is left has to hold all that was acknowledged.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::power_loss::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match power_loss::run(Options::parse()).await {
        Ok(report) => {
            println!("{report}");
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("The run failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
