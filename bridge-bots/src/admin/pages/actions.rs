//! What a plugin lets operators do with a bot, each with a button and what is said to it.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::fault::encoded;
use super::frame::Frame;
use super::instance::{self, Refused};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::host::view::InstanceView;
use crate::plugin::descriptor::{Action, Takes};

/// What an action said. It may be long and is of this moment, so it is shown at once and stands in no address.
#[derive(Debug)]
pub(super) struct Answer {
    action: String,
    input: String,
    text: Result<String, String>,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    input: String,
}

/// `POST /instances/{name}/actions/{action}`
pub(super) async fn carry_out(
    State(shared): State<Shared>,
    signed: Signed,
    Path((name, action)): Path<(String, String)>,
    Form(said): Form<Said>,
) -> Result<Response, Failure> {
    let input = said.input.trim().to_owned();
    let text = match shared.host.act(&name, &action, &input).await {
        Ok(text) => Ok(text),
        Err(HostError::NotFound(why)) => return Err(HostError::NotFound(why).into()),
        Err(HostError::Invalid(problems)) => Err(problems
            .iter()
            .map(|problem| format!("This {}", problem.text))
            .collect::<Vec<_>>()
            .join("\n")),
        Err(error) => Err(error.to_string()),
    };
    let answer = Answer { action, input, text };
    instance::page(&shared, Frame::new(&name, "/", &signed), &name, Refused::default(), Some(&answer)).await
}

/// The section of the bot's page; nothing for a plugin without actions.
pub(super) fn section(host: &Host, view: &InstanceView, rooms: &[String], answer: Option<&Answer>) -> Markup {
    let known = host.plugins().into_iter().find(|plugin| plugin.id == view.plugin);
    let actions = known.map(|plugin| plugin.actions.as_slice()).unwrap_or_default();
    html! {
        @if !actions.is_empty() {
            section.sheet aria-labelledby="actions" {
                h2 #actions { "Actions" }
                @for action in actions {
                    (form(view, action, rooms, answer.filter(|answer| answer.action == action.name)))
                }
            }
        }
    }
}

fn form(view: &InstanceView, action: &Action, rooms: &[String], answer: Option<&Answer>) -> Markup {
    let path = format!("/instances/{}/actions/{}", encoded(&view.id), encoded(&action.name));
    let id = format!("action-{}", action.name);
    let said = answer.map(|answer| answer.input.as_str()).unwrap_or_default();
    let is_wrong = answer.is_some_and(|answer| answer.text.is_err());
    html! {
        form.field.action method="post" action=(path) {
            @match action.takes {
                Takes::Nothing => {
                    p { (action.about) }
                    button type="submit" { (action.name) }
                }
                Takes::Text => {
                    label for=(id) { (action.about) }
                    div.row {
                        input.grow id=(id) type="text" name="input" value=(said) required spellcheck="false"
                            aria-invalid=[is_wrong.then_some("true")];
                        button type="submit" { (action.name) }
                    }
                }
                Takes::Room => {
                    label for=(id) { (action.about) }
                    @if rooms.is_empty() {
                        p.quiet { "The account is in no room yet." }
                    } @else {
                        div.row {
                            select.grow id=(id) name="input" {
                                @for room in rooms { option value=(room) selected[room == said] { (room) } }
                            }
                            button type="submit" { (action.name) }
                        }
                    }
                }
            }
            @match answer.map(|answer| &answer.text) {
                Some(Ok(text)) => pre.answer role="status" tabindex="0" autofocus aria-label="What it says" { (text) },
                Some(Err(why)) => div.wrong role="alert" { @for line in why.lines() { p { (line) } } },
                None => {}
            }
        }
    }
}
