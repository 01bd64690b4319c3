//! Accounts: the bots' Matrix users.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bridge_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Changes, Conflicts, Finds, Reads, ReadsBody};
use super::read::{Body, Params};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::config::Account;
use crate::host::{Host, outside};
use crate::store::account::AccountRow;

/// Which account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// Its name: `helper` is `@bots_helper:example.org`.
    #[param(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$", example = "helper")]
    name: String,
}

/// A bot's Matrix user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct Shown {
    /// By which instances name it.
    #[schema(example = "helper")]
    name: String,
    /// Its Matrix id.
    #[schema(example = "@bots_helper:example.org")]
    user_id: String,
    /// Its display name.
    displayname: String,
    /// Its picture's `mxc://` address.
    avatar: Option<String>,
    /// Whether everybody with the level `user` may invite it, not only admins.
    autojoin: bool,
    /// Whether the config file declares it. Then it is changed there.
    declared: bool,
    /// Where it is, if it is not in the appservice's namespace.
    homeserver: Option<String>,
    /// How its connection is then.
    connection: Option<outside::Shown>,
    /// The instances that work for it.
    instances: Vec<String>,
}

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accounts)]
pub(super) struct List {
    accounts: Vec<Shown>,
}

/// What an account is to be like. What is left out has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutAccount {
    /// Its display name, without control characters; the account's name if left out.
    #[serde(default)]
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        example = "Helper"
    )]
    displayname: Option<String>,
    /// Its picture's `mxc://` address.
    #[serde(default)]
    #[schema(
        max_length = 512,
        pattern = "^mxc://[A-Za-z0-9.:-]+/[A-Za-z0-9_-]+$",
        example = "mxc://example.org/abc"
    )]
    avatar: Option<String>,
    /// Whether everybody with the level `user` may invite it, not only admins.
    #[serde(default = "yes")]
    #[schema(default = true)]
    autojoin: bool,
    /// Where it is, if it is not in the appservice's namespace: the https address that clients use. Its name is then one of this
    /// host alone. What is not said of homeserver and token stays as it was;
    /// another homeserver needs the token, too.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = r"^https://[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*(:[1-9][0-9]{0,3})?$",
        example = "https://matrix.org"
    )]
    homeserver: Option<String>,
    /// Its access token there. It is stored sealed, and never shown.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    token: Option<Secret>,
}

fn yes() -> bool {
    true
}

/// Lists accounts
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, description = "All accounts, by their ids.", body = List), Always))]
pub(super) async fn list_accounts(State(shared): State<Shared>, _who: Signed) -> Json<List> {
    let rows = shared.host.accounts();
    Json(List { accounts: rows.into_iter().map(|row| shown(&shared.host, row)).collect() })
}

/// Shows an account
#[utoipa::path(get, path = "/api/v1/accounts/{name}", tag = "accounts",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The account.", body = Shown), Reads, Finds, Always))]
pub(super) async fn show_account(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let row = shared.host.found_account(&name)?;
    Ok(Json(shown(&shared.host, row)))
}

/// Makes an account, or changes one
///
/// It is registered with the homeserver at once; name and picture follow within seconds. Of one elsewhere, that homeserver is
/// asked first whose the token is; if it does not take it, nothing changes.
#[utoipa::path(put, path = "/api/v1/accounts/{name}", tag = "accounts",
    security(("bearer" = [])), params(Named),
    request_body = PutAccount,
    responses((status = 200, description = "The account as it is now.", body = Shown),
        ReadsBody, Changes, Conflicts, Always))]
pub(super) async fn put_account(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Body(account): Body<PutAccount>,
) -> Result<Json<Shown>, Failure> {
    let PutAccount { displayname, avatar, autojoin, homeserver, token } = account;
    let account = Account { displayname, avatar, autojoin, homeserver, token, ..Account::default() };
    let row = shared.host.put_account(&name, &account).await?;
    Ok(Json(shown(&shared.host, row)))
}

/// Takes an account out of use
///
/// No instance may need it any more. The Matrix user stays, and in its rooms.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}", tag = "accounts",
    security(("bearer" = [])), params(Named),
    responses((status = 204, description = "It is no account any more."),
        Reads, Finds, Changes, Conflicts, Always))]
pub(super) async fn delete_account(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<StatusCode, Failure> {
    shared.host.delete_account(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The rooms of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rooms {
    /// Their ids.
    rooms: Vec<String>,
}

/// Lists the rooms that an account is in
#[utoipa::path(get, path = "/api/v1/accounts/{name}/rooms", tag = "accounts",
    security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The rooms, by their ids.", body = Rooms), Reads, Finds, Always))]
pub(super) async fn list_rooms(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
) -> Result<Json<Rooms>, Failure> {
    let user_id = shared.host.found_account(&name)?.user_id;
    Ok(Json(Rooms { rooms: shared.host.rooms(&user_id).await? }))
}

fn shown(host: &Host, row: AccountRow) -> Shown {
    let users = host.list().into_iter().filter(|view| view.account == row.user_id);
    Shown {
        instances: users.map(|view| view.id).collect(),
        name: host.name_of(&row.user_id),
        connection: host.connection(&row.user_id),
        homeserver: row.is_outside().then_some(row.homeserver),
        user_id: row.user_id,
        displayname: row.displayname,
        avatar: (!row.avatar_url.is_empty()).then_some(row.avatar_url),
        autojoin: row.autojoin,
        declared: row.declared,
    }
}
