//! The conversions between rich text and Matrix, by cases and by properties.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

#[path = "content/any.rs"]
mod any;
#[path = "content/cases.rs"]
mod cases;
#[path = "content/events.rs"]
mod events;
#[path = "content/limits.rs"]
mod limits;
#[path = "content/round_trip.rs"]
mod round_trip;
#[path = "content/sketch.rs"]
mod sketch;
#[path = "content/split.rs"]
mod split;
