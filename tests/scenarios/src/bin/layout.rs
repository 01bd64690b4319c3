//! Watches which functions the programs run, and writes them down for the linker.
use std::process::ExitCode;

use clap::Parser as _;
use scenarios::layout::{self, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match layout::run(Options::parse()).await {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("The functions could not be told: {error:#}");
            ExitCode::FAILURE
        }
    }
}
