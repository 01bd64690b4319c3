//! The command framework: what commands there are, who may use them, and how a line becomes one.

pub mod catalogue;
pub mod dead_letters;
pub mod line;
pub mod time;

pub use catalogue::{Catalogue, Command, Parsed};
