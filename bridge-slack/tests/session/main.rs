//! The Slack side against a fake workspace: everything a session does, with the queue played by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod asking;
mod login;
mod receiving;
mod renewal;
mod sending;
mod world;
