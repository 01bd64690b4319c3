//! Bot host on bridge-core: bots that live in Matrix rooms, on the same queue and server as the bridges.

mod host;
mod program;

pub use program::main;
