//! The fake workspace as an app sees it: its own HTTP and WebSocket clients, nothing shared with the server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may stop at once, and is its own supervisor"
)]

mod app;
mod bursts;
mod commands;
mod delivery;
mod events;
mod faults;
mod files;
mod history;
mod limits;
mod methods;
mod pages;
mod people;
mod rights;
mod sockets;
