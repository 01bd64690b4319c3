//! Plugins: what bots can do.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Finds, Reads};
use super::read::Params;
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::error::HostError;
use crate::host::Host;
use crate::plugin::{Descriptor, Takes};

/// Which plugin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Named {
    /// Its id.
    #[param(example = "hello")]
    id: String,
}

/// What a plugin is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugin)]
pub(super) struct Shown {
    /// By which instances name it.
    #[schema(example = "hello")]
    id: String,
    version: String,
    /// What it does, in a sentence.
    about: String,
    /// What people write to it.
    commands: Vec<Command>,
    /// The keys of its config, those at the top.
    fields: Vec<Field>,
    /// What operators can have its instances do.
    actions: Vec<Action>,
    /// Whether its instances have a web path, `/plugin/{instance}/`.
    web: bool,
    /// Whether what comes while an instance is stopped is kept for it.
    keeps: bool,
    /// Its config with all keys at their defaults, as YAML.
    default_config: Option<String>,
    /// The instances of it.
    instances: Vec<String>,
}

/// A command that people write in rooms: `!name`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Command {
    /// What stands behind the exclamation mark.
    #[schema(example = "hello")]
    name: String,
    /// What may stand behind it.
    #[schema(example = "[name]")]
    words: String,
    /// What it does, in a sentence.
    about: String,
}

/// A key of a config.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Field {
    #[schema(example = "greeting")]
    name: String,
    /// What it means, in a sentence.
    about: String,
}

/// Something that an operator can have an instance do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Action {
    #[schema(example = "status")]
    name: String,
    /// What is said to it.
    takes: Takes,
    /// What it does, in a sentence.
    about: String,
}

/// All plugins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plugins)]
pub(super) struct List {
    plugins: Vec<Shown>,
}

/// Lists plugins
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", security(("bearer" = [])),
    responses((status = 200, description = "All plugins, by their ids.", body = List), Always))]
pub(super) async fn list_plugins(State(shared): State<Shared>, _who: Signed) -> Json<List> {
    let plugins = shared.host.plugins();
    Json(List { plugins: plugins.into_iter().map(|plugin| shown(&shared.host, plugin)).collect() })
}

/// Shows a plugin
#[utoipa::path(get, path = "/api/v1/plugins/{id}", tag = "plugins", security(("bearer" = [])), params(Named),
    responses((status = 200, description = "The plugin.", body = Shown), Reads, Finds, Always))]
pub(super) async fn show_plugin(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { id }): Params<Named>,
) -> Result<Json<Shown>, Failure> {
    let plugins = shared.host.plugins();
    let plugin = plugins
        .into_iter()
        .find(|plugin| plugin.id == id)
        .ok_or_else(|| HostError::NotFound(format!("There is no plugin {id}.")))?;
    Ok(Json(shown(&shared.host, plugin)))
}

fn shown(host: &Host, plugin: &Descriptor) -> Shown {
    let commands = plugin.commands.iter().map(|command| Command {
        name: command.name.clone(),
        words: command.words.clone(),
        about: command.about.clone(),
    });
    let fields =
        plugin.fields.iter().map(|field| Field { name: field.name.clone(), about: field.about.clone() });
    let actions = plugin.actions.iter().map(|action| Action {
        name: action.name.clone(),
        takes: action.takes,
        about: action.about.clone(),
    });
    let instances = host.list().into_iter().filter(|view| view.plugin == plugin.id);
    Shown {
        id: plugin.id.clone(),
        version: plugin.version.clone(),
        about: plugin.about.clone(),
        commands: commands.collect(),
        fields: fields.collect(),
        actions: actions.collect(),
        web: plugin.web,
        keeps: plugin.keeps,
        default_config: host.default_config(&plugin.id),
        instances: instances.map(|view| view.id).collect(),
    }
}
