//! The bots that come with the host, one file each.

pub mod echo;
pub mod hello;
pub mod instagram;
pub mod react;
pub mod reminder;

use crate::runtime::native::Plugins;

/// Adds them all.
pub(crate) fn add_all(plugins: Plugins) -> Plugins {
    plugins
        .with::<hello::Hello>()
        .with::<echo::Echo>()
        .with::<instagram::InstagramBot>()
        .with::<react::React>()
        .with::<reminder::Reminder>()
}
