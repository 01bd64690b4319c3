//! Plugins, instances and accounts in the form in which maubot shows its own.

use serde_json::{Value, json};

use crate::host::Host;
use crate::host::view::InstanceView;
use crate::instance::status::Phase;
use crate::plugin::Descriptor;
use crate::store::account::AccountRow;

/// An instance. It has no database of its own that could be looked into.
pub(super) fn instance(host: &Host, view: &InstanceView) -> Value {
    // One that was deleted just now is shown as it was.
    let row = host.row(&view.id).ok();
    json!({
        "id": view.id,
        "type": view.plugin,
        "enabled": row.as_ref().map_or(view.state != Phase::Stopped, |row| row.enabled),
        "started": view.state == Phase::Running,
        "primary_user": view.account,
        "config": row.map(|row| row.config).unwrap_or_default(),
        "base_config": host.default_config(&view.plugin).unwrap_or_default(),
        "database": false,
        "database_interface": null,
        "database_engine": null,
    })
}

/// A plugin.
pub(super) fn plugin(host: &Host, plugin: &Descriptor) -> Value {
    json!({
        "id": plugin.id,
        "version": plugin.version,
        "instances": instances(host, |view| view.plugin == plugin.id),
        "path": "built in",
    })
}

/// An account, as a client that is always connected: there is one connection for all, and no access token of its own.
pub(super) fn client(host: &Host, row: &AccountRow) -> Value {
    json!({
        "id": row.user_id,
        "homeserver": host.homeserver(),
        "access_token": "",
        "device_id": "",
        "fingerprint": null,
        "enabled": true,
        "started": true,
        "sync": true,
        "sync_ok": true,
        "autojoin": row.autojoin,
        "online": true,
        "displayname": row.displayname,
        "avatar_url": row.avatar_url,
        "remote_displayname": row.displayname,
        "remote_avatar_url": row.avatar_url,
        "instances": instances(host, |view| view.account == row.user_id),
        "trust_state": null,
    })
}

/// The instances of which something holds.
fn instances(host: &Host, holds: impl Fn(&InstanceView) -> bool) -> Vec<Value> {
    host.list().iter().filter(|view| holds(view)).map(|view| instance(host, view)).collect()
}
