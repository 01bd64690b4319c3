//! Slack's formats and the core's, both ways; everything here is pure.

pub mod address;
pub mod attachments;
pub mod blocks;
pub mod blocks_write;
pub mod decode;
pub mod emoji;
pub mod encode;
pub mod flatten;
pub mod mrkdwn_read;
pub mod mrkdwn_write;
pub mod permalink;
pub mod scope;
pub mod spans;
pub mod wire;

pub use decode::{Own, decode};
pub use encode::{Options, Post, encode};
pub use scope::scope_and_dedup;

#[cfg(test)]
mod cases;
