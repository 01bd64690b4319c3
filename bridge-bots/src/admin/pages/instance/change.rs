//! Orders to a bot: start, stop, restart, work for another account.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::Refused;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::accounts;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::frame::Frame;
use crate::admin::pages::notice::Notice;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::host::change::Change;
use crate::host::view::InstanceView;

/// The form with an account.
#[derive(Debug, Deserialize)]
pub(in crate::admin::pages) struct Wanted {
    account: String,
}

/// `POST /instances/{name}/start`
pub(in crate::admin::pages) async fn start(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let done = shared.host.start(&name).await;
    after(&shared, &signed, &name, Notice::Started, done).await
}

/// `POST /instances/{name}/stop`
pub(in crate::admin::pages) async fn stop(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let done = shared.host.stop(&name).await;
    after(&shared, &signed, &name, Notice::Stopped, done).await
}

/// `POST /instances/{name}/restart`
pub(in crate::admin::pages) async fn restart(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let done = shared.host.restart(&name).await;
    after(&shared, &signed, &name, Notice::Restarted, done).await
}

/// `POST /instances/{name}/account`
pub(in crate::admin::pages) async fn account(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    let change = Change { account: Some(wanted.account), ..Change::default() };
    let done = shared.host.change(&name, change).await;
    after(&shared, &signed, &name, Notice::Moved, done).await
}

/// To the bot's page: by a redirect when it was done, else with the reason.
async fn after(
    shared: &Shared,
    signed: &Signed,
    name: &str,
    notice: Notice,
    done: Result<InstanceView, HostError>,
) -> Result<Response, Failure> {
    match done {
        Ok(_) => Ok(Redirect::to(&notice.at(&format!("/instances/{}", encoded(name)))).into_response()),
        Err(error @ HostError::NotFound(_)) if shared.host.show(name).is_err() => Err(error.into()),
        Err(error) => {
            let refused = Refused { error: Some(error.to_string()), ..Refused::default() };
            super::page(shared, Frame::new(name, "/", signed), name, refused, None).await
        }
    }
}

/// The form that gives it another account.
pub(super) fn account_form(host: &Host, view: &InstanceView, base: &str) -> Markup {
    html! {
        p { "It works as " strong { (view.account) } "." }
        @if view.declared {
            p.quiet { "The config file says so." }
        } @else {
            form.row method="post" action=(format!("{base}/account")) {
                div.field.grow {
                    label for="account-name" { "Another account" }
                    (accounts::choice(host, "account-name", Some(&view.account)))
                }
                button type="submit" { "Change" }
            }
        }
    }
}
