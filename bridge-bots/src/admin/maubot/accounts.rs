//! `mbc auth`: makes accounts. There is one homeserver, ours.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::{clients, failed};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::host::Host;

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct How {
    update_client: String,
    sso: String,
}

impl How {
    fn is_yes(word: &str) -> bool {
        matches!(word.to_lowercase().as_str(), "1" | "true" | "yes")
    }
}

/// The homeserver, by its name, with its address.
pub(super) async fn servers(_: Asked, State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ shared.host.server_name(): shared.host.homeserver() }))
}

/// Makes an account of this name in our namespace. It has no password, and nobody gets a token for it.
pub(super) async fn register(
    _: Asked,
    State(shared): State<Shared>,
    Path(server): Path<String>,
    Query(how): Query<How>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let host = &shared.host;
    expect_server(host, &server)?;
    if How::is_yes(&how.sso) {
        let text = "Accounts are made by their name alone; leave `sso` out.";
        return Err(failed(StatusCode::BAD_REQUEST, "registration_no_sso", text));
    }
    let Some(name) = body.filled("username")? else {
        let text = "Send `username`, the name of the account.";
        return Err(failed(StatusCode::BAD_REQUEST, "username_or_password_missing", text));
    };
    // Somebody who writes the whole local part means the account of that name.
    let full = format!("@{name}:{}", host.server_name());
    let name = host.account_name(&full).unwrap_or(name);
    let (status, Json(client)) = clients::new(host, &name, &Body(serde_json::Map::new())).await?;
    if How::is_yes(&how.update_client) {
        return Ok((status, Json(client)));
    }
    let answer = json!({
        "user_id": client["id"], "home_server": host.server_name(), "access_token": "", "device_id": "",
    });
    Ok((StatusCode::OK, Json(answer)))
}

/// Refuses: there is nothing to log into.
pub(super) async fn login(
    _: Asked,
    State(shared): State<Shared>,
    Path(server): Path<String>,
) -> Result<Json<Value>, Failure> {
    expect_server(&shared.host, &server)?;
    let text = "This host makes its accounts itself and logs into none, so it needs no password. `mbc auth --register` makes an \
                account.";
    Err(failed(StatusCode::FORBIDDEN, "login_unsupported", text))
}

fn expect_server(host: &Host, server: &str) -> Result<(), Failure> {
    if server == host.server_name() {
        return Ok(());
    }
    let text = format!("{server} is not the homeserver of this host; that is {}.", host.server_name());
    Err(failed(StatusCode::NOT_FOUND, "server_not_found", text))
}
