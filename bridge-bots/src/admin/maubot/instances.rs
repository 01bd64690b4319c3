//! Instances: made, changed, deleted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::asked::{Asked, Body};
use super::{failed, or_not_found, shown};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::host::Host;
use crate::host::change::Change;
use crate::host::manage::NewInstance;
use crate::host::view::InstanceView;
use crate::import::counterpart;
use crate::instance::status::Phase;

const NOT_FOUND: &str = "instance_not_found";

/// All instances.
pub(super) async fn list(_: Asked, State(shared): State<Shared>) -> Json<Value> {
    Json(shared.host.list().iter().map(|view| shown::instance(&shared.host, view)).collect())
}

/// One of them.
pub(super) async fn show(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    Ok(Json(shown::instance(&shared.host, &found(&shared.host, &id)?)))
}

/// Makes an instance, or changes one.
pub(super) async fn put(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Failure> {
    // As maubot has it: names are of small letters.
    let (host, id) = (&shared.host, id.to_lowercase());
    let (status, view) = match host.show(&id) {
        Ok((view, _)) => (StatusCode::OK, change(host, &view, &body).await?),
        Err(_) => (StatusCode::CREATED, create(host, id, &body).await?),
    };
    Ok((status, Json(shown::instance(host, &view))))
}

/// Deletes an instance, with all that it kept.
pub(super) async fn delete(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    shared.host.delete(&id.to_lowercase()).await.map_err(or_not_found(NOT_FOUND))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that there is no database.
pub(super) async fn database(
    asked: Asked,
    state: State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    database_table(asked, state, Path((id, String::new()))).await
}

/// Says that there is no table.
pub(super) async fn database_table(
    _: Asked,
    State(shared): State<Shared>,
    Path((id, _)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    found(&shared.host, &id)?;
    let text = "Instances have no databases of their own here: what they keep is in the program's, which cannot be queried.";
    Err(failed(StatusCode::NOT_FOUND, "plugin_has_no_database", text))
}

fn found(host: &Host, id: &str) -> Result<InstanceView, Failure> {
    let (view, _) = host.show(&id.to_lowercase()).map_err(or_not_found(NOT_FOUND))?;
    Ok(view)
}

async fn create(host: &Host, name: String, body: &Body) -> Result<InstanceView, Failure> {
    same_id(&name, body)?;
    let Some(plugin) = body.filled("type")? else {
        let text = format!("There is no instance {name}; to make one, send `type`, the id of a plugin.");
        return Err(failed(StatusCode::BAD_REQUEST, "plugin_type_required", text));
    };
    let Some(user) = body.filled("primary_user")? else {
        let text =
            format!("There is no instance {name}; to make one, send `primary_user`, the id of an account.");
        return Err(failed(StatusCode::BAD_REQUEST, "primary_user_required", text));
    };
    let account = primary_user(host, &user)?;
    if !host.plugins().iter().any(|known| known.id == plugin) {
        let instead =
            counterpart(&plugin).map(|ours| format!(" The one built in that does the same is {ours}."));
        let text = format!("There is no plugin {plugin}.{}", instead.unwrap_or_default());
        return Err(failed(StatusCode::NOT_FOUND, "plugin_type_not_found", text));
    }
    let config = body.text("config")?.unwrap_or_default();
    let enabled = body.flag("enabled")?.unwrap_or(true) && body.flag("started")?.unwrap_or(true);
    Ok(host.create(NewInstance { name, plugin, account, config, enabled }).await?)
}

async fn change(host: &Host, view: &InstanceView, body: &Body) -> Result<InstanceView, Failure> {
    same_id(&view.id, body)?;
    if let Some(plugin) = body.filled("type")?.filter(|plugin| *plugin != view.plugin) {
        let text = format!(
            "{} is of the plugin {} and stays so. Make a new instance of {plugin}.",
            view.id, view.plugin
        );
        return Err(Failure::bad_request(text));
    }
    let account = match body.filled("primary_user")?.filter(|user| *user != view.account) {
        Some(user) => Some(primary_user(host, &user)?),
        None => None,
    };
    let row = host.row(&view.id).map_err(or_not_found(NOT_FOUND))?;
    let change = Change {
        account,
        config: body.text("config")?.filter(|config| *config != row.config),
        enabled: wanted(
            (body.flag("enabled")?, row.enabled),
            (body.flag("started")?, view.state == Phase::Running),
        ),
    };
    host.change(&view.id, change).await.map_err(or_not_found(NOT_FOUND))
}

/// Whether it is to run from now on; none if nothing was asked. maubot has two switches, which are one here. Scripts send back
/// what they got with one thing changed, so what is other than it was counts.
fn wanted(enabled: (Option<bool>, bool), started: (Option<bool>, bool)) -> Option<bool> {
    let differs = |(asked, is): (Option<bool>, bool)| asked.filter(|asked| *asked != is);
    differs(started).or_else(|| differs(enabled))
}

/// Names are fixed: what an instance keeps, its timers and what it has said are noted under its name.
fn same_id(name: &str, body: &Body) -> Result<(), Failure> {
    if body.filled("id")?.is_none_or(|id| id.to_lowercase() == name) {
        return Ok(());
    }
    let text = format!("{name} cannot be given another name. Make a new instance and delete this one.");
    Err(Failure::bad_request(text))
}

/// The name of an account.
fn primary_user(host: &Host, user: &str) -> Result<String, Failure> {
    let row = host.account_of(user).map_err(or_not_found("primary_user_not_found"))?;
    Ok(host.account_name(&row.user_id).unwrap_or(row.user_id))
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn of_two_switches_the_one_that_was_turned_counts() {
        for (enabled, started, expected) in [
            // (asked, is)
            ((None, true), (None, true), None),
            ((Some(true), true), (Some(true), true), None),
            ((Some(false), true), (Some(true), true), Some(false)),
            ((Some(true), true), (Some(false), true), Some(false)),
            ((Some(true), false), (Some(false), false), Some(true)),
            ((Some(false), false), (Some(true), false), Some(true)),
            ((None, true), (Some(true), false), Some(true)),
        ] {
            assert_eq!(wanted(enabled, started), expected, "{enabled:?} {started:?}");
        }
    }
}
