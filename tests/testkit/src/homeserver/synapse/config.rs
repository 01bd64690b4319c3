//! Synapse's configuration for tests: everything in one folder, free registration, no limits.
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::Result;
use crate::homeserver::fake::SERVER_NAME;

/// The file of its database, in its folder.
pub(crate) const DATABASE: &str = "homeserver.db";

/// Writes the configuration file, and at the first time the signing key; answers the file's path.
pub(crate) fn write(folder: &Path, port: u16, registrations: &[&Path]) -> Result<PathBuf> {
    let key = folder.join("signing.key");
    if !key.exists() {
        let seed = STANDARD_NO_PAD.encode(rand::random::<[u8; 32]>());
        std::fs::write(&key, format!("ed25519 a_test {seed}\n"))?;
    }
    let path = folder.join("homeserver.yaml");
    std::fs::write(&path, serde_yaml::to_string(&content(folder, port, registrations))?)?;
    Ok(path)
}

fn content(folder: &Path, port: u16, registrations: &[&Path]) -> Value {
    let unlimited = json!({ "per_second": 100_000, "burst_count": 100_000 });
    json!({
        "server_name": SERVER_NAME,
        "listeners": [{
            "port": port, "type": "http", "tls": false, "bind_addresses": ["127.0.0.1"],
            "resources": [{ "names": ["client", "federation"], "compress": false }],
        }],
        "database": { "name": "sqlite3", "args": { "database": folder.join(DATABASE) } },
        "media_store_path": folder.join("media"),
        "signing_key_path": folder.join("signing.key"),
        "macaroon_secret_key": "not secret, a test",
        "form_secret": "not secret either",
        "report_stats": false,
        "trusted_key_servers": [],
        "suppress_key_server_warning": true,
        "federation_domain_whitelist": [],
        "enable_registration": true,
        "enable_registration_without_verification": true,
        // The default costs a quarter of a second of one core for every registration and login.
        "bcrypt_rounds": 4,
        "app_service_config_files": registrations,
        "experimental_features": {
            "msc2409_to_device_messages_enabled": true, "msc3202_transaction_extensions": true,
            "msc3983_appservice_otk_claims": true, "msc3984_appservice_key_query": true,
        },
        "rc_message": unlimited, "rc_registration": unlimited,
        "rc_login": { "address": unlimited, "account": unlimited, "failed_attempts": unlimited },
        "rc_joins": { "local": unlimited, "remote": unlimited },
        "rc_joins_per_room": unlimited,
        "rc_invites": { "per_room": unlimited, "per_user": unlimited, "per_issuer": unlimited },
        "rc_room_creation": unlimited,
    })
}
