//! A synthetic stand-in of the site for tests: nothing of it was captured, only the keys and classes are those that public
//! projects read.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

pub mod files;
pub mod shapes;
pub mod site;

pub use site::{Part, Reply, Site};
