//! Feeds random inputs to everything that reads what outsiders write, and says what broke.
//!
//! Inputs are made from the case files by a seeded generator, so a run can be repeated. An input whose result looks like
//! none before it is kept and changed further. A target fails by a panic, or by taking longer than [`run::MOST`].

pub mod allowed;
pub mod corpus;
pub mod mutate;
pub mod run;
pub mod target;
