//! Bot host on bridge-core: bots that live in Matrix rooms, on the same queue and server as the bridges.
//!
//! A bot is a [`Plugin`](plugin::Plugin). An instance is a plugin at work for an account, with a config of its own. A program
//! with bots of its own calls [`main_with`].

mod account;
mod admin;
mod checkup;
mod config;
mod control;
mod ctl;
mod error;
mod host;
mod import;
mod instance;
mod metrics;
mod package;
pub mod plugin;
pub mod plugins;
mod program;
mod random;
mod runtime;
mod signals;
mod store;
pub mod testing;

pub use program::{help, main, main_with};
pub use runtime::native::Plugins;
