//! The tables, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

pub(crate) mod engine;
mod known;
mod opening;
mod sealed;
mod statements;
mod tables;
