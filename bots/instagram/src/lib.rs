//! What stands behind an Instagram link: found in a text, fetched within limits of time and size, told in words.
//!
//! The crate knows neither Matrix nor the program that uses it. Nothing here needs an Instagram account.

pub mod cache;
pub mod config;
pub mod fetch;
pub mod file;
mod html;
pub mod instagram;
pub mod links;
pub mod outcome;
pub mod post;
pub mod probe;
pub mod read;
pub mod sources;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod web;
pub mod words;

pub use instagram::{Answer, Instagram};
