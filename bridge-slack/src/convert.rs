//! Slack's formats and the core's, both ways; everything here is pure.

pub mod address;
pub mod attachments;
pub mod blocks;
pub mod blocks_write;
pub mod decode;
pub mod emoji;
pub mod encode;
pub mod file_source;
pub mod files;
pub mod flatten;
pub mod mrkdwn_read;
pub mod mrkdwn_write;
pub mod permalink;
pub mod scope;
pub mod spans;
pub mod topic;
pub mod wire;

pub use decode::{Own, decode};
pub use encode::{Options, Piece, Post, Standing, Upload, encode};
pub use file_source::SlackFile;
pub use scope::scope_and_dedup;

#[cfg(test)]
mod cases;
