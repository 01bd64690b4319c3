//! Clients: the accounts of this host.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::{failed, or_not_found, shown};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::config::Account;
use crate::host::Host;
use crate::store::account::AccountRow;

const NOT_FOUND: &str = "client_not_found";
/// What maubot has where it leaves a name or picture as it is.
const LEFT: &str = "disable";

type Answer = Result<(StatusCode, Json<Value>), Failure>;

/// All accounts.
pub(super) async fn list(_: Asked, State(shared): State<Shared>) -> Json<Value> {
    Json(shared.host.accounts().iter().map(|row| shown::client(&shared.host, row)).collect())
}

/// One of them.
pub(super) async fn show(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let row = shared.host.account_of(&id).map_err(or_not_found(NOT_FOUND))?;
    Ok(Json(shown::client(&shared.host, &row)))
}

/// Makes an account.
pub(super) async fn create(_: Asked, State(shared): State<Shared>, body: Body) -> Answer {
    let host = &shared.host;
    ours(host, &body)?;
    let Some(id) = body.filled("id")? else {
        let text = format!(
            "Send `id`, the account's name, such as {}. It needs no access token: accounts here are made by this host itself.",
            host.user_id("helper")
        );
        return Err(failed(StatusCode::BAD_REQUEST, "bad_client_access_details", text));
    };
    new(host, &id, &body).await
}

/// Changes an account, or makes one of this id.
pub(super) async fn put(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    let host = &shared.host;
    ours(host, &body)?;
    let Ok(row) = host.account_of(&id) else { return new(host, &id, &body).await };
    for key in ["enabled", "started", "sync", "online"] {
        if body.flag(key)? == Some(false) {
            let text = format!(
                "`{key}` cannot be false: accounts here have no connection of their own. Stop the instances of {} instead.",
                row.user_id
            );
            return Err(Failure::bad_request(text));
        }
    }
    let account = wanted(&body, Some(&row))?;
    let name = host.account_name(&row.user_id).unwrap_or_default();
    let row = if same(&as_config(&row), &account) { row } else { host.put_account(&name, &account).await? };
    Ok((StatusCode::OK, Json(shown::client(host, &row))))
}

/// Takes an account out of use.
pub(super) async fn delete(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let host = &shared.host;
    let row = host.account_of(&id).map_err(or_not_found(NOT_FOUND))?;
    if let Some(view) = host.list().iter().find(|view| view.account == row.user_id) {
        let text = format!("The instance {} uses this account; delete it first.", view.id);
        return Err(failed(StatusCode::PRECONDITION_FAILED, "client_in_use", text));
    }
    let name = host.account_name(&row.user_id).unwrap_or_default();
    host.delete_account(&name).await.map_err(or_not_found(NOT_FOUND))?;
    Ok(StatusCode::NO_CONTENT)
}

/// There is nothing to clear: events come from the homeserver once, by themselves.
pub(super) async fn clear_cache(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    shared.host.account_of(&id).map_err(or_not_found(NOT_FOUND))?;
    Ok(Json(json!({ "success": true })))
}

/// Says that there is no encryption.
pub(super) async fn encryption(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    shared.host.account_of(&id).map_err(or_not_found(NOT_FOUND))?;
    let text = "Bots have no keys here: in encrypted rooms they understand nothing.";
    Err(failed(StatusCode::NOT_IMPLEMENTED, "encryption_unsupported", text))
}

/// Makes an account of this name or full id.
pub(super) async fn new(host: &Host, id: &str, body: &Body) -> Answer {
    let Some(name) = host.account_name(id) else {
        let text = format!(
            "{id} is no account that this host may make. Its accounts are called {}. docs/bots-from-maubot.md says how to \
             move.",
            host.user_id("NAME")
        );
        return Err(failed(StatusCode::BAD_REQUEST, "mxid_mismatch", text));
    };
    if host.account_of(&name).is_ok() {
        let text = format!("There is an account {} already.", host.user_id(&name));
        return Err(failed(StatusCode::CONFLICT, "user_exists", text));
    }
    let row = host.put_account(&name, &wanted(body, None)?).await?;
    Ok((StatusCode::CREATED, Json(shown::client(host, &row))))
}

/// Refuses somebody else's account: a homeserver that is not ours, or an access token.
fn ours(host: &Host, body: &Body) -> Result<(), Failure> {
    let (homeserver, token) = (body.filled("homeserver")?, body.filled("access_token")?);
    let names = [host.homeserver().to_owned(), host.server_name(), format!("https://{}", host.server_name())];
    let is_foreign =
        homeserver.is_some_and(|url| !names.iter().any(|name| name == url.trim_end_matches('/')));
    if token.is_none() && !is_foreign {
        return Ok(());
    }
    let text = format!(
        "By this API the host makes its accounts itself, on {}, and takes no homeserver or access token; `bridge-bots ctl account` \
         does. Send `id`, such as {}, \
         without `homeserver` and `access_token`, and invite the new account to your rooms.",
        host.server_name(),
        host.user_id("helper")
    );
    Err(failed(StatusCode::BAD_REQUEST, "bad_client_access_details", text))
}

fn as_config(row: &AccountRow) -> Account {
    let avatar = Some(row.avatar_url.clone()).filter(|avatar| !avatar.is_empty());
    let displayname = Some(row.displayname.clone()).filter(|name| !name.is_empty());
    Account { displayname, avatar, autojoin: row.autojoin, ..Account::default() }
}

/// What the account is to be like; what is not said stays.
fn wanted(body: &Body, row: Option<&AccountRow>) -> Result<Account, Failure> {
    let is = row.map(as_config).unwrap_or_default();
    let avatar = match body.text("avatar_url")? {
        None => is.avatar,
        Some(text) if text == LEFT => is.avatar,
        Some(text) => Some(text).filter(|text| !text.is_empty()),
    };
    Ok(Account {
        displayname: body.filled("displayname")?.filter(|name| name != LEFT).or(is.displayname),
        avatar,
        autojoin: body.flag("autojoin")?.unwrap_or(is.autojoin),
        ..Account::default()
    })
}

fn same(one: &Account, other: &Account) -> bool {
    one.displayname == other.displayname && one.avatar == other.avatar && one.autojoin == other.autojoin
}
