//! Programs: command line, set-up, running and stopping.

mod backup;
pub mod bridge;
pub mod check;
pub mod cli;
pub mod common;
pub mod doctor;
pub mod ground;
pub mod health;
pub mod init;
mod journal;
mod letters;
mod login;
mod logins;
mod pictures;
mod public_files;
mod rebuild;
pub mod run;
pub mod status;
pub mod telemetry;
mod upgrade;

pub use bridge::main;
pub use ground::Ground;
