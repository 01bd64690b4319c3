//! The bots that come with the host, one file each.

pub mod hello;

use crate::runtime::native::Plugins;

/// Adds them all.
pub(crate) fn add_all(plugins: Plugins) -> Plugins {
    plugins.with::<hello::Hello>()
}
