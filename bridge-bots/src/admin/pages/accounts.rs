//! The accounts: the bots' Matrix users, with the rooms that they are in.

use std::collections::BTreeSet;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use bridge_core::secret::Secret;
use maud::{Markup, html};
use serde::Deserialize;

use super::fault::encoded;
use super::frame::{Frame, table};
use super::instance::room_list;
use super::notice::{Done, Notice};
use super::words::count;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::config::Account;
use crate::error::HostError;
use crate::host::Host;
use crate::plugin::Problem;
use crate::store::account::AccountRow;
use crate::store::member;

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    name: String,
    displayname: String,
    avatar: String,
    /// A box that is not ticked is not sent.
    autojoin: Option<String>,
    /// Of one elsewhere.
    homeserver: String,
    token: Secret,
}

impl Wanted {
    fn account(&self) -> Account {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Account {
            displayname: given(&self.displayname),
            avatar: given(&self.avatar),
            autojoin: self.autojoin.is_some(),
            homeserver: given(&self.homeserver),
            token: given(self.token.expose()).map(Secret::new),
            ..Account::default()
        }
    }

    fn of(name: &str, row: &AccountRow) -> Self {
        Self {
            name: name.to_owned(),
            displayname: row.displayname.clone(),
            avatar: row.avatar_url.clone(),
            autojoin: row.autojoin.then(String::new),
            homeserver: row.homeserver.clone(),
            token: Secret::default(),
        }
    }
}

/// `GET /accounts`
pub(super) async fn list(
    State(shared): State<Shared>,
    signed: Signed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let wanted = Wanted { autojoin: Some(String::new()), ..Wanted::default() };
    let content = listed(&shared, &wanted, &[], None).await?;
    Ok(Frame::new("Accounts", "/accounts", &signed).notice(done.notice()).with(&content))
}

/// `POST /accounts`
pub(super) async fn make(
    State(shared): State<Shared>,
    signed: Signed,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    let name = wanted.name.trim();
    let taken = shared.host.accounts().iter().any(|row| shared.host.name_of(&row.user_id) == name);
    let (problems, error) = if taken {
        (vec![Problem::new("account", "is there already; change it on its own page.")], None)
    } else {
        match shared.host.put_account(name, &wanted.account()).await {
            Ok(_) => return Ok(Redirect::to(&Notice::AccountMade.at("/accounts")).into_response()),
            Err(HostError::Invalid(problems)) => (problems, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        }
    };
    let content = listed(&shared, &wanted, &problems, error).await?;
    Ok(Frame::new("Accounts", "/accounts", &signed).status(StatusCode::BAD_REQUEST).with(&content))
}

/// `GET /accounts/{name}`
pub(super) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let row = shared.host.found_account(&name)?;
    let content = single(&shared, &name, &row, &Wanted::of(&name, &row), &[], None).await?;
    Ok(Frame::new(&name, "/accounts", &signed).notice(done.notice()).with(&content))
}

/// `POST /accounts/{name}`
pub(super) async fn change(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    let row = shared.host.found_account(&name)?;
    let (problems, error) = match shared.host.put_account(&name, &wanted.account()).await {
        Ok(_) => {
            let path = format!("/accounts/{}", encoded(&name));
            return Ok(Redirect::to(&Notice::AccountChanged.at(&path)).into_response());
        }
        Err(HostError::Invalid(problems)) => (problems, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let content = single(&shared, &name, &row, &wanted, &problems, error).await?;
    Ok(Frame::new(&name, "/accounts", &signed).status(StatusCode::BAD_REQUEST).with(&content))
}

/// `POST /accounts/{name}/delete`
pub(super) async fn delete(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let row = shared.host.found_account(&name)?;
    let error = match shared.host.delete_account(&name).await {
        Ok(()) => return Ok(Redirect::to(&Notice::AccountDeleted.at("/accounts")).into_response()),
        Err(error) => Some(error.to_string()),
    };
    let content = single(&shared, &name, &row, &Wanted::of(&name, &row), &[], error).await?;
    Ok(Frame::new(&name, "/accounts", &signed).status(StatusCode::CONFLICT).with(&content))
}

/// The field of a form that chooses an account. `chosen` is a name or a full id.
pub(super) fn choice(host: &Host, id: &str, chosen: Option<&str>) -> Markup {
    html! {
        select id=(id) name="account" required {
            @for row in host.accounts() {
                @let name = host.name_of(&row.user_id);
                option value=(name) selected[chosen == Some(&name) || chosen == Some(&row.user_id)] { (row.user_id) }
            }
        }
    }
}

/// The instances that work for an account.
fn users(host: &Host, user_id: &str) -> Markup {
    let all: BTreeSet<String> =
        host.list().into_iter().filter(|view| view.account == user_id).map(|view| view.id).collect();
    html! {
        @if all.is_empty() { span.quiet { "none" } }
        @for (index, id) in all.iter().enumerate() {
            @if index > 0 { ", " }
            a href=(format!("/instances/{}", encoded(id))) { (id) }
        }
    }
}

async fn listed(
    shared: &Shared,
    wanted: &Wanted,
    problems: &[Problem],
    error: Option<String>,
) -> Result<Markup, Failure> {
    let host = &shared.host;
    let mut rows = Vec::new();
    for row in host.accounts() {
        let rooms = member::of_user(host.store(), &row.user_id).await.map_err(HostError::from)?;
        let path = format!("/accounts/{}", encoded(&host.name_of(&row.user_id)));
        rows.push(vec![
            Some(html! {
                a href=(path) { (row.user_id) }
                div.quiet.small { (row.displayname) }
                (connection(host, &row))
            }),
            Some(users(host, &row.user_id)),
            Some(html! { (count(rooms.len(), "room", "rooms")) }),
            Some(html! { @if row.autojoin { "everybody who may invite" } @else { "admins only" } }),
            Some(html! { @if row.declared { "the config file" } @else { "these pages or ctl" } }),
        ]);
    }
    Ok(html! {
        h1 { "Accounts" }
        p.quiet { "The bots' Matrix users: made in the appservice's own namespace, or signed in elsewhere." }
        @if !rows.is_empty() {
            section.sheet aria-label="Accounts" {
                (table(&count(rows.len(), "account", "accounts"), &["Account", "Bots", "Rooms", "May invite it", "Made by"], rows))
            }
        }
        section.sheet #new aria-labelledby="new-head" {
            h2 #new-head { "New account" }
            @if let Some(error) = error { div.wrong role="alert" { p { (error) } } }
            form method="post" action="/accounts" {
                div.field {
                    label for="name" { "Name" }
                    input #name type="text" name="name" value=(wanted.name) required maxlength="64" autocapitalize="none"
                        spellcheck="false" aria-describedby="name-help"
                        aria-invalid=[has(problems, "account").then_some("true")];
                    p.help #name-help { code { "helper" } " becomes " code { (host.user_id("helper")) } "." }
                    (said(problems, "account", "The name"))
                }
                (fields(wanted, problems))
                details open[!wanted.homeserver.is_empty()] {
                    summary { "An account elsewhere" }
                    p.help { "An account that is there already, on any homeserver. Without these, one is made on ours." }
                    (elsewhere(wanted, problems))
                }
                button.main type="submit" { "Make it" }
            }
        }
    })
}

async fn single(
    shared: &Shared,
    name: &str,
    row: &AccountRow,
    wanted: &Wanted,
    problems: &[Problem],
    error: Option<String>,
) -> Result<Markup, Failure> {
    let host = &shared.host;
    let rooms = member::of_user(host.store(), &row.user_id).await.map_err(HostError::from)?;
    let base = format!("/accounts/{}", encoded(name));
    Ok(html! {
        h1 { (name) }
        p.quiet { (row.user_id) ". Bots: " (users(host, &row.user_id)) "." }
        (connection(host, row))
        @if let Some(error) = error { div.wrong role="alert" { p { (error) } } }
        section.sheet aria-labelledby="profile" {
            h2 #profile { "Profile" }
            @if row.declared {
                dl {
                    dt { "Display name" } dd { (row.displayname) }
                    dt { "Picture" } dd { @if row.avatar_url.is_empty() { "none" } @else { code { (row.avatar_url) } } }
                    dt { "Takes invitations of" } dd { @if row.autojoin { "everybody who may invite" } @else { "admins only" } }
                }
                p.quiet { "The config file declares this account: change it there and start the program again." }
            } @else {
                form method="post" action=(base) {
                    (fields(wanted, problems))
                    @if row.is_outside() { (elsewhere(wanted, problems)) }
                    button.main type="submit" { "Save" }
                }
            }
        }
        section.sheet aria-labelledby="rooms" { h2 #rooms { "Rooms" } (room_list(&rooms)) }
        @if !row.declared {
            section.sheet aria-labelledby="end" {
                h2 #end { "Take out of use" }
                p { "No bot may need it any more. The Matrix user stays, and stays in its rooms." }
                form method="post" action=(format!("{base}/delete")) { button.danger type="submit" { "Take out of use" } }
            }
        }
    })
}

fn fields(wanted: &Wanted, problems: &[Problem]) -> Markup {
    html! {
        div.field {
            label for="displayname" { "Display name" }
            input #displayname type="text" name="displayname" value=(wanted.displayname) maxlength="255"
                aria-describedby="displayname-help";
            p.help #displayname-help { "Empty: the account's name." }
        }
        div.field {
            label for="avatar" { "Picture" }
            input #avatar type="text" name="avatar" value=(wanted.avatar) placeholder="mxc://example.org/abc" spellcheck="false"
                aria-describedby="avatar-help" aria-invalid=[has(problems, "avatar").then_some("true")];
            p.help #avatar-help { "An address that begins with mxc://. Empty: none." }
            (said(problems, "avatar", "The address"))
        }
        div.field {
            label.check {
                input type="checkbox" name="autojoin" value="yes" checked[wanted.autojoin.is_some()];
                span { "Everybody with the level " code { "user" } " may invite it, not admins only" }
            }
        }
    }
}

/// Where an account elsewhere is, and how its connection is.
fn connection(host: &Host, row: &AccountRow) -> Markup {
    html! {
        @if let Some(shown) = host.connection(&row.user_id) {
            div.quiet.small { "At " (row.homeserver) ": " (shown.state.as_str()) }
            @if let Some(error) = shown.error { div.wrong { p { (error) } } }
        }
    }
}

fn elsewhere(wanted: &Wanted, problems: &[Problem]) -> Markup {
    html! {
        div.field {
            label for="homeserver" { "Homeserver" }
            input #homeserver type="url" name="homeserver" value=(wanted.homeserver) placeholder="https://matrix.org"
                spellcheck="false" aria-invalid=[has(problems, "homeserver").then_some("true")];
            (said(problems, "homeserver", "The address"))
        }
        div.field {
            label for="token" { "Access token" }
            input #token type="password" name="token" value="" autocomplete="off" aria-describedby="token-help";
            p.help #token-help { "It is stored sealed and never shown. Empty: the one that is stored." }
        }
    }
}

fn has(problems: &[Problem], field: &str) -> bool {
    problems.iter().any(|problem| problem.field == field)
}

fn said(problems: &[Problem], field: &str, what: &str) -> Markup {
    html! {
        @for problem in problems.iter().filter(|problem| problem.field == field) {
            p.said role="alert" { (what) " " (problem.text) }
        }
    }
}
