//! The Matrix appservice core that bridges and bots are built on.

// ── 0 words
pub mod clock;
pub mod error;
pub mod failpoint;
pub mod id;
pub mod secret;
// ── 1 pure: no async, no IO
pub mod config;
pub mod content;
pub mod event;
// ── 2 outside world
pub mod cache;
pub mod matrix;
pub mod metrics;
pub mod net_guard;
pub mod store;
pub mod task;
// ── 3 streams
pub mod appservice;
pub mod command;
pub mod network;
pub mod queue;
// ── 4 behaviour
mod engine;
// ── 5 program
pub mod service;
