//! The queue's promises, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod accept;
mod fail;
mod gone;
mod lanes;
mod late;
mod letters;
mod model;
mod order;
mod probe;
mod process;
mod restart;
mod simulation;
mod standby;
mod stop;
mod trouble;
