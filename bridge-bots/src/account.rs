//! Bots' Matrix users: what they are called, and which invitations they take.

use bridge_core::config::{Level, Permissions};
use bridge_core::matrix::{AppService, Intent, MatrixError};
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
        name: String::new(),
        homeserver: String::new(),
        displayname: account.displayname.clone().unwrap_or_else(|| name.to_owned()),
        avatar_url: account.avatar.clone().unwrap_or_default(),
        autojoin: account.autojoin,
        declared,
    }
}

/// The same for one elsewhere, which is called as it was unless it is to be called otherwise.
pub(crate) fn outside_row(
    user_id: String,
    name: &str,
    homeserver: &str,
    account: &Account,
    declared: bool,
) -> AccountRow {
    AccountRow {
        name: name.to_owned(),
        homeserver: homeserver.trim_end_matches('/').to_owned(),
        displayname: account.displayname.clone().unwrap_or_default(),
        ..row(user_id, name, account, declared)
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
    if account.homeserver.as_deref().is_some_and(|text| !is_homeserver(text)) {
        let text = "has to be the https address that clients use, such as https://matrix.org; http is for this machine alone.";
        problems.push(Problem::new("homeserver", text));
    }
    problems
}

/// What the file has to say of an account elsewhere, each mistake with its key.
pub(crate) fn outside_problems(account: &Account) -> Vec<Problem> {
    let is_id = |text: &String| UserId::parse(text).is_ok();
    let mut problems = Vec::new();
    match (&account.homeserver, &account.user_id, &account.token_file) {
        (None, None, None) => {}
        (None, ..) => problems.push(Problem::new(
            "homeserver",
            "is missing: `user_id` and `token_file` are for accounts elsewhere.",
        )),
        (Some(_), user_id, file) => {
            if !user_id.as_ref().is_some_and(is_id) {
                let text = "has to be the account's full id, such as @helper:matrix.org.";
                problems.push(Problem::new("user_id", text));
            }
            if file.is_none() {
                let text = "has to name a file with the account's access token.";
                problems.push(Problem::new("token_file", text));
            }
        }
    }
    problems
}

/// An https address, or one of this machine, and nothing that belongs to no address.
fn is_homeserver(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_bare && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
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
    show_profile(&intent, row).await?;
    // What comes in the meantime is noted beside this, so nothing is taken away here.
    let known = member::of_user(store, &row.user_id).await?;
    for room_id in intent.joined_rooms().await? {
        if !known.contains(&room_id.to_string()) {
            member::note(store, room_id.as_str(), &row.user_id, true).await?;
        }
    }
    Ok(())
}

/// Has the account be called and look as it is to. One elsewhere keeps what is not said.
pub(crate) async fn show_profile(intent: &Intent, row: &AccountRow) -> Result<(), MatrixError> {
    let avatar = (!row.avatar_url.is_empty()).then_some(row.avatar_url.as_str());
    if row.is_outside() && row.displayname.is_empty() && avatar.is_none() {
        return Ok(());
    }
    let profile = intent.profile(intent.user_id()).await?;
    if !row.displayname.is_empty() && profile.displayname.as_deref() != Some(row.displayname.as_str()) {
        intent.set_displayname(&row.displayname).await?;
    }
    if profile.avatar_url.as_deref() != avatar && !(row.is_outside() && avatar.is_none()) {
        intent.set_avatar_url(avatar).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_https_or_to_this_machine_alone() {
        for good in [
            "https://matrix.org",
            "https://matrix.example/base",
            "http://127.0.0.1:8008",
            "http://[::1]:8008/",
        ] {
            assert!(is_homeserver(good), "{good}");
        }
        for bad in [
            "http://matrix.org",
            "matrix.org",
            "ftp://127.0.0.1",
            "https://a:b@matrix.org",
            "https://matrix.org?x",
            "",
        ] {
            assert!(!is_homeserver(bad), "{bad}");
        }
    }
}
