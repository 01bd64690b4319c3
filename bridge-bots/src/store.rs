//! The host's own tables, beside the core's in one database.

pub(crate) mod account;
pub(crate) mod instance;
pub(crate) mod kept;
pub(crate) mod kv;
pub(crate) mod maubot;
pub(crate) mod member;
pub(crate) mod outside;
pub(crate) mod service_action;
pub(crate) mod session;
pub(crate) mod timer;

use bridge_core::store::migrate::Component;

/// What stands below `migrations/bots`.
pub(crate) const TABLES: &[Component] =
    &[Component { name: "bots", migrations: || sqlx::migrate!("../migrations/bots") }];

#[cfg(test)]
mod tests;
