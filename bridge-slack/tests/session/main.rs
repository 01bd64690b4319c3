//! The Slack side against a fake workspace: everything a session does, with the queue played by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod asking;
mod changing;
mod channels;
mod fetching;
mod files;
mod login;
mod people;
mod reacting;
mod receiving;
mod renewal;
mod replying;
mod sending;
mod world;
