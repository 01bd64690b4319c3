//! Bots' Matrix users: what they are called, and which invitations they take.

use bridge_core::config::{Level, Permissions};
use bridge_core::matrix::{AppService, MatrixError};
use bridge_core::store::{Store, StoreError};
use ruma::UserId;

use crate::config::Account;
use crate::plugin::Problem;
use crate::store::account::AccountRow;
use crate::store::member;

/// The full id of an account's name: one of our namespace, or the appservice's own bot under its own name.
pub(crate) fn user_id(app: &AppService, prefix: &str, name: &str) -> String {
    let bot = app.bot().user_id().to_owned();
    if name == bot.localpart() {
        return bot.to_string();
    }
    format!("@{prefix}{name}:{}", app.client().server_name())
}

/// An account as it is stored.
pub(crate) fn row(user_id: String, name: &str, account: &Account, declared: bool) -> AccountRow {
    AccountRow {
        user_id,
        displayname: account.displayname.clone().unwrap_or_else(|| name.to_owned()),
        avatar_url: account.avatar.clone().unwrap_or_default(),
        autojoin: account.autojoin,
        declared,
    }
}

/// The longest display name, in characters; what names usually take.
const LONGEST: usize = 256;
/// The longest address of a picture, in bytes.
const LONGEST_ADDRESS: usize = 512;

/// What is wrong with an account, each with its key.
pub(crate) fn problems(account: &Account) -> Vec<Problem> {
    let is_name = |name: &String| {
        !name.is_empty() && name.chars().count() <= LONGEST && !name.chars().any(char::is_control)
    };
    let mut problems = Vec::new();
    if !account.displayname.as_ref().is_none_or(is_name) {
        let text = format!("has to be 1 to {LONGEST} characters, none of them a control character.");
        problems.push(Problem::new("displayname", text));
    }
    if !account.avatar.as_deref().is_none_or(is_mxc) {
        problems.push(Problem::new(
            "avatar",
            "has to be an mxc:// address. It looks like mxc://example.org/abc.",
        ));
    }
    problems
}

/// Matrix 1.11, client-server API, section "Matrix Content (mxc://) URIs".
fn is_mxc(address: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let parts = address.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'));
    address.len() <= LONGEST_ADDRESS
        && parts.is_some_and(|(server, id)| {
            !server.is_empty()
                && server.chars().all(|c| letter(c) || matches!(c, '.' | ':'))
                && !id.is_empty()
                && id.chars().all(|c| letter(c) || c == '_')
        })
}

/// Whether an account takes somebody's invitation.
pub(crate) fn accepts(row: &AccountRow, permissions: &Permissions, inviter: &str) -> bool {
    let wanted = if row.autojoin { Level::User } else { Level::Admin };
    permissions.level(inviter) >= wanted
}

/// Why an account could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetUpError {
    /// The homeserver.
    #[error("{0}")]
    Matrix(#[from] MatrixError),
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Sees to it that the account is there, with its name and picture, and that its rooms are known.
pub(crate) async fn set_up(app: &AppService, store: &Store, row: &AccountRow) -> Result<(), SetUpError> {
    let user_id = <&UserId>::try_from(row.user_id.as_str())
        .map_err(|_| MatrixError::Malformed("an account's id is no user id".to_owned()))?;
    let intent = app.intent(user_id);
    intent.ensure_registered().await?;
    let profile = intent.profile(user_id).await?;
    if profile.displayname.as_deref() != Some(row.displayname.as_str()) {
        intent.set_displayname(&row.displayname).await?;
    }
    let avatar = (!row.avatar_url.is_empty()).then_some(row.avatar_url.as_str());
    if profile.avatar_url.as_deref() != avatar {
        intent.set_avatar_url(avatar).await?;
    }
    // What comes in the meantime is noted beside this, so nothing is taken away here.
    let known = member::of_user(store, &row.user_id).await?;
    for room_id in intent.joined_rooms().await? {
        if !known.contains(&room_id.to_string()) {
            member::note(store, room_id.as_str(), &row.user_id, true).await?;
        }
    }
    Ok(())
}

/// Notes the rooms that the account is in, in place of those that were noted. Comes before anything is worked: an event about
/// the account would be undone.
pub(crate) async fn note_rooms(app: &AppService, store: &Store, row: &AccountRow) -> Result<(), SetUpError> {
    let user_id = <&UserId>::try_from(row.user_id.as_str())
        .map_err(|_| MatrixError::Malformed("an account's id is no user id".to_owned()))?;
    let rooms = app.intent(user_id).joined_rooms().await?;
    let mut rooms: Vec<String> = rooms.iter().map(ToString::to_string).collect();
    rooms.sort();
    if member::of_user(store, &row.user_id).await? != rooms {
        let mut tx = store.begin().await?;
        member::replace(&mut tx, &row.user_id, &rooms).await?;
        tx.commit().await?;
    }
    Ok(())
}
