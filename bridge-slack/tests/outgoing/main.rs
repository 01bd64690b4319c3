//! What a Matrix event's content becomes on Slack, by cases and by properties.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

#[allow(dead_code, reason = "its comparisons are used where it stands")]
#[path = "../../../bridge-core/tests/content/any.rs"]
mod any;
mod cases;
mod judge;
mod properties;
mod world;
