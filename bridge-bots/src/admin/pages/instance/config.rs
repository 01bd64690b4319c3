//! The config of a bot: edited as text, with the plugin's keys beside it and mistakes where they are.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::Refused;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::pages::fault::encoded;
use crate::admin::pages::frame::Frame;
use crate::admin::pages::notice::Notice;
use crate::admin::pages::words::prose;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::host::view::InstanceView;
use crate::plugin::Problem;

/// Up to how many lines a default config is shown at once.
const SHORT: usize = 14;

/// The form.
#[derive(Debug, Deserialize)]
pub(in crate::admin::pages) struct Wanted {
    config: String,
}

/// `POST /instances/{name}/config`
pub(in crate::admin::pages) async fn put(
    State(shared): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    // Browsers send line ends as two characters (HTML standard, section 4.10.21).
    let config = wanted.config.replace("\r\n", "\n");
    let refused = match shared.host.configure(&name, &config).await {
        Ok(_) => {
            let path = Notice::Configured.at(&format!("/instances/{}", encoded(&name)));
            return Ok(Redirect::to(&path).into_response());
        }
        Err(HostError::Invalid(problems)) => Refused { problems, ..Refused::default() },
        Err(HostError::NotFound(why)) => return Err(HostError::NotFound(why).into()),
        Err(error) => Refused { error: Some(error.to_string()), ..Refused::default() },
    };
    let refused = Refused { config: Some(config), ..refused };
    super::page(&shared, Frame::new(&name, "/", &signed), &name, refused, None).await
}

/// The section of the bot's page.
pub(super) fn section(host: &Host, view: &InstanceView, config: &str, refused: &Refused) -> Markup {
    let text = refused.config.as_deref().unwrap_or(config);
    html! {
        section.sheet aria-labelledby="config-head" {
            h2 #config-head { "Config" }
            @if view.declared {
                p { "The config file declares this bot: change it there and start the program again." }
                @if config.trim().is_empty() { p.quiet { "All keys are at their defaults." } } @else { pre { (config) } }
                (keys(host, &view.plugin, &[]))
            } @else {
                form method="post" action=(format!("/instances/{}/config", encoded(&view.id))) {
                    div.pair {
                        (editor(text, &refused.problems))
                        (keys(host, &view.plugin, &refused.problems))
                    }
                    button.main type="submit" { "Save" }
                    span.help { " A bot that runs is started anew with it." }
                }
            }
        }
    }
}

/// The text, with what is wrong in it.
pub(in crate::admin::pages) fn editor(text: &str, problems: &[Problem]) -> Markup {
    let rows = (text.lines().count() + 2).clamp(10, 30);
    html! {
        div.field {
            label for="config" { "Config, as YAML or JSON" }
            textarea #config name="config" rows=(rows) spellcheck="false" autocapitalize="none" aria-describedby="config-said"
                autofocus[!problems.is_empty()]
                aria-invalid=[(!problems.is_empty()).then_some("true")] {
                // A parser drops the first line break (HTML standard, section 13.1.2.5).
                "\n" (text)
            }
            div #config-said {
                @if problems.is_empty() {
                    p.help { "Empty: all keys are at their defaults." }
                } @else {
                    div.wrong role="alert" {
                        p { "Nothing was changed:" }
                        ul { @for problem in problems { li { (named(problem)) } } }
                    }
                }
            }
        }
    }
}

fn named(problem: &Problem) -> Markup {
    html! { @if !problem.field.is_empty() { code { (problem.field) } ": " } (problem.text) }
}

/// The plugin's keys with what they mean and what is wrong with them, and what they are by default.
pub(in crate::admin::pages) fn keys(host: &Host, plugin: &str, problems: &[Problem]) -> Markup {
    let fields =
        host.plugins().into_iter().find(|known| known.id == plugin).map(|known| known.fields.as_slice());
    let fields = fields.unwrap_or_default();
    let defaults = host.default_config(plugin).filter(|text| text.trim() != "{}");
    html! {
        div.field {
            @if !fields.is_empty() {
                h3.first { "Keys" }
                dl.keys {
                    @for field in fields {
                        dt { code { (field.name) } }
                        dd {
                            (prose(&field.about))
                            @for problem in problems.iter().filter(|problem| top(&problem.field) == field.name) {
                                p.said { (problem.text) }
                            }
                        }
                    }
                }
            }
            @if let Some(defaults) = defaults {
                details open[defaults.lines().count() <= SHORT] {
                    summary { "By default" }
                    pre tabindex="0" role="group" aria-label="The config with all keys at their defaults" { (defaults.trim_end()) }
                }
            } @else {
                p.quiet { "This plugin has no settings." }
            }
        }
    }
}

/// The key at the top of a field's path.
fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}
