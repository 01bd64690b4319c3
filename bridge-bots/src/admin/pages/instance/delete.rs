//! Deleting a bot: asked on a page of its own, because it cannot be undone.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;

use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::frame::Frame;
use crate::admin::pages::notice::Notice;
use crate::admin::signed::Signed;

/// `GET /instances/{name}/delete`
pub(in crate::admin::pages) async fn ask(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let (view, _) = shared.host.show(&name)?;
    let base = format!("/instances/{}", encoded(&name));
    let content = html! {
        h1 { "Delete " (name) "?" }
        p { "The bot is stopped, and its config and all that it keeps are deleted. That cannot be undone. The account "
            (view.account) " stays." }
        div.row {
            form method="post" action=(format!("{base}/delete")) { button.danger type="submit" { "Delete " (name) } }
            a.button href=(base) { "Keep it" }
        }
    };
    Ok(Frame::new(format!("Delete {name}"), "/", &signed).with(&content))
}

/// `POST /instances/{name}/delete`
pub(in crate::admin::pages) async fn carry_out(
    State(shared): State<Shared>,
    _signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    shared.host.delete(&name).await?;
    Ok(Redirect::to(&Notice::Deleted.at("/")).into_response())
}
