//! The plugins: what each does, what it can be told, which bots use it.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use super::fault::encoded;
use super::frame::Frame;
use super::notice::Done;
use super::upload;
use super::words::prose;
use crate::admin::Shared;
use crate::admin::signed::Signed;
use crate::host::Host;
use crate::plugin::Descriptor;

/// `GET /plugins`
pub(super) async fn list(State(shared): State<Shared>, signed: Signed, Query(done): Query<Done>) -> Response {
    let content = listed(&shared.host, &[]);
    Frame::new("Plugins", "/plugins", &signed).notice(done.notice()).with(&content)
}

/// All plugins, and the form for another one with what was wrong with the last.
pub(super) fn listed(host: &Host, problems: &[String]) -> Markup {
    html! {
        h1 { "Plugins" }
        p.quiet { "What bots can do." }
        @if !problems.is_empty() { (upload::section(problems)) }
        @for plugin in host.plugins() { (one(host, plugin)) }
        @if problems.is_empty() { (upload::section(&[])) }
    }
}

fn one(host: &Host, plugin: &Descriptor) -> Markup {
    let head = format!("plugin-{}", plugin.id);
    let users: Vec<String> =
        host.list().into_iter().filter(|view| view.plugin == plugin.id).map(|view| view.id).collect();
    let defaults = host.default_config(&plugin.id).filter(|_| !plugin.fields.is_empty());
    html! {
        section.sheet id=(plugin.id) aria-labelledby=(head) {
            div.head {
                div {
                    h2 id=(head) { (plugin.id) " " span.quiet.small { (plugin.version) } }
                    p { (plugin.about) }
                }
                a.button href=(format!("/instances/new?plugin={}", encoded(&plugin.id))) { "New bot" span.hidden { " with " (plugin.id) } }
            }
            dl {
                dt { "Bots" }
                dd {
                    @if users.is_empty() { span.quiet { "none" } }
                    @for (index, id) in users.iter().enumerate() {
                        @if index > 0 { ", " }
                        a href=(format!("/instances/{}", encoded(id))) { (id) }
                    }
                }
                @for (index, command) in plugin.commands.iter().enumerate() {
                    dt { @if index == 0 { "Commands" } }
                    dd { code { "!" (command.name) @if !command.words.is_empty() { " " (command.words) } } " " (prose(&command.about)) }
                }
                @for (index, field) in plugin.fields.iter().enumerate() {
                    dt { @if index == 0 { "Config" } }
                    dd { code { (field.name) } " " (prose(&field.about)) }
                }
                @for (index, action) in plugin.actions.iter().enumerate() {
                    dt { @if index == 0 { "Actions" } }
                    dd { code { (action.name) } " " (prose(&action.about)) }
                }
                @if plugin.keeps { dt { "While stopped" } dd { "What comes is kept for it." } }
            }
            @if let Some(defaults) = defaults {
                details {
                    summary { "Config by default" }
                    pre tabindex="0" { (defaults.trim_end()) }
                }
            }
        }
    }
}
