//! Having something done with a service; what takes it away or takes long is asked first, on a page of its own.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;

use super::PLACE;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::frame::Frame;
use crate::admin::signed::Signed;
use crate::control::verb::Verb;

/// As it stands on a button.
pub(super) fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Start => "Start",
        Verb::Stop => "Stop",
        Verb::Restart => "Restart",
        Verb::Update => "Update",
        Verb::Logs => "Logs",
    }
}

/// `GET /services/{name}/{verb}`
pub(in crate::admin::pages) async fn ask(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, verb)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let verb = named(&verb)?;
    let view = shared.host.control().show(&name)?;
    let title = format!("{} {name}?", word(verb));
    let content = html! {
        h1 { (title) }
        p { (meaning(verb)) }
        p.quiet { (view.about) ", now " (view.word()) "." }
        div.row {
            form method="post" action=(format!("/services/{}/{}", encoded(&name), verb.as_str())) {
                button.danger[verb == Verb::Stop].main[verb != Verb::Stop] type="submit" { (word(verb)) " " (name) }
            }
            a.button href=(PLACE) { "Leave it" }
        }
    };
    Ok(Frame::new(title.as_str(), PLACE, &signed).with(&content))
}

/// `POST /services/{name}/{verb}`: leads to the page of the action, which goes on meanwhile.
pub(in crate::admin::pages) async fn carry_out(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, verb)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let verb = named(&verb)?;
    let id = shared.host.control().begin(&name, verb, &signed.name).await?;
    Ok(Redirect::to(&format!("/services/{}/actions/{id}", encoded(&name))).into_response())
}

fn named(verb: &str) -> Result<Verb, Failure> {
    Verb::named(verb).ok_or_else(Failure::no_such_path)
}

fn meaning(verb: Verb) -> &'static str {
    match verb {
        Verb::Start => "It is started.",
        Verb::Stop => {
            "It stays stopped until somebody starts it. What it does for people is not done meanwhile."
        }
        Verb::Restart => "It is stopped and started again.",
        Verb::Update => {
            "Its update command is run. That may take many minutes, and the service may be away for some of them. You can leave \
             the page: it goes on, and what it writes is kept."
        }
        Verb::Logs => "Its last lines are shown.",
    }
}
