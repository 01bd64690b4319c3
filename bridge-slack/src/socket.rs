//! Socket Mode: one living connection at least, a second one before the first goes, nothing acknowledged unstored.

mod backoff;
pub(crate) mod connection;
mod envelope;
mod overlap;
mod reader;

pub(crate) use self::overlap::{Listener, listen};
