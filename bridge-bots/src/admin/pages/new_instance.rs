//! Making a bot.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::accounts;
use super::fault::encoded;
use super::frame::Frame;
use super::instance::config::{editor, keys};
use super::notice::Notice;
use crate::admin::Shared;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::host::manage::NewInstance;
use crate::plugin::Problem;

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    name: String,
    plugin: String,
    account: String,
    config: String,
    /// A box that is not ticked is not sent.
    enabled: Option<String>,
}

/// `GET /instances/new`; `plugin` may be chosen already.
pub(super) async fn show(
    State(shared): State<Shared>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
) -> Response {
    let wanted = Wanted { enabled: Some(String::new()), ..wanted };
    Frame::new("New bot", "/", &signed).with(&form(&shared.host, &wanted, &[], None))
}

/// `POST /instances`
pub(super) async fn make(
    State(shared): State<Shared>,
    signed: Signed,
    Form(mut wanted): Form<Wanted>,
) -> Response {
    wanted.config = wanted.config.replace("\r\n", "\n");
    let new = NewInstance {
        name: wanted.name.trim().to_owned(),
        plugin: wanted.plugin.clone(),
        account: wanted.account.clone(),
        config: wanted.config.clone(),
        enabled: wanted.enabled.is_some(),
    };
    let name = new.name.clone();
    let (problems, error) = match shared.host.create(new).await {
        Ok(_) => return Redirect::to(&Notice::Made.at(&path(&name))).into_response(),
        Err(HostError::Invalid(problems)) => (problems, None),
        // It is there and could not be started yet: its own page says more than the form.
        Err(HostError::Failed(_)) if shared.host.show(&name).is_ok() => {
            return Redirect::to(&Notice::Made.at(&path(&name))).into_response();
        }
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let content = form(&shared.host, &wanted, &problems, error.as_deref());
    Frame::new("New bot", "/", &signed).status(StatusCode::BAD_REQUEST).with(&content)
}

fn path(name: &str) -> String {
    format!("/instances/{}", encoded(name))
}

fn form(host: &Host, wanted: &Wanted, problems: &[Problem], error: Option<&str>) -> Markup {
    // The name's own problem stands at the name, all others are the config's.
    let (of_name, of_config): (Vec<_>, Vec<_>) =
        problems.iter().cloned().partition(|problem| problem.field == "name" && problem.text.contains("a-z"));
    html! {
        h1 { "New bot" }
        p.quiet { "A plugin at work for an account." }
        @if let Some(error) = error { div.wrong role="alert" { p { (error) } } }
        @if host.accounts().is_empty() {
            p.wrong { "There is no account yet. " a href="/accounts#new" { "Make one" } " first." }
        }
        form.sheet method="post" action="/instances" {
            div.field {
                label for="name" { "Name" }
                input #name type="text" name="name" value=(wanted.name) required maxlength="64" autocapitalize="none"
                    spellcheck="false" aria-describedby="name-help" aria-invalid=[(!of_name.is_empty()).then_some("true")];
                p.help #name-help { "Letters a-z, digits, and - _ . It cannot be changed later." }
                @for problem in &of_name { p.said role="alert" { "The name " (problem.text) } }
            }
            div.pair {
                div.field {
                    label for="plugin" { "Plugin" }
                    select #plugin name="plugin" required {
                        @for plugin in host.plugins() {
                            option value=(plugin.id) selected[plugin.id == wanted.plugin] { (plugin.id) }
                        }
                    }
                    p.help { a href="/plugins" { "What each of them does" } }
                }
                div.field {
                    label for="account" { "Account" }
                    (accounts::choice(host, "account", Some(&wanted.account)))
                }
            }
            h2 { "Config" }
            div.pair {
                (editor(&wanted.config, &of_config))
                @if wanted.plugin.is_empty() {
                    p.quiet { "Left empty, all keys are at their defaults. They can be changed at any time." }
                } @else {
                    (keys(host, &wanted.plugin, &of_config))
                }
            }
            div.field {
                label.check { input type="checkbox" name="enabled" value="yes" checked[wanted.enabled.is_some()]; "Start it at once" }
            }
            button.main type="submit" { "Make it" }
        }
    }
}
