//! Plugins: listed, uploaded, started anew.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::asked::Asked;
use super::{failed, or_not_found, shown};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::error::HostError;
use crate::host::Host;
use crate::host::upload::Installed;
use crate::package;
use crate::plugin::Descriptor;

type Uploaded = Result<(StatusCode, Json<Value>), Failure>;

/// All plugins.
pub(super) async fn list(_: Asked, State(shared): State<Shared>) -> Json<Value> {
    Json(shared.host.plugins().into_iter().map(|plugin| shown::plugin(&shared.host, plugin)).collect())
}

/// One of them.
pub(super) async fn show(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    Ok(Json(shown::plugin(&shared.host, found(&shared.host, &id)?)))
}

/// Takes an upload, whatever plugin it is.
pub(super) async fn upload(
    _: Asked,
    State(shared): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Uploaded {
    let installed = shared.host.upload(bytes(body)?).await;
    uploaded(&shared.host, &installed.map_err(refused)?)
}

/// Takes an upload of this plugin.
pub(super) async fn put(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Uploaded {
    let package = Host::read_package(bytes(body)?).await.map_err(refused)?;
    if let Some(manifest) = package.manifest.as_ref().filter(|manifest| manifest.id != id) {
        let text = format!("The path says {id}, the file is {}. Nothing was changed.", manifest.id);
        return Err(failed(StatusCode::BAD_REQUEST, "pid_mismatch", text));
    }
    uploaded(&shared.host, &shared.host.install(package).await.map_err(refused)?)
}

/// Refuses: what is built in stays.
pub(super) async fn delete(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    found(&shared.host, &id)?;
    if let Some(view) = shared.host.list().iter().find(|view| view.plugin == id) {
        let text = format!("The instance {} is of this plugin; delete it first.", view.id);
        return Err(failed(StatusCode::PRECONDITION_FAILED, "plugin_in_use", text));
    }
    let text =
        format!("{id} is built into the program and cannot be deleted. Without an instance it does nothing.");
    Err(failed(StatusCode::CONFLICT, "unsupported_plugin_loader", text))
}

/// Starts the plugin's instances anew, those that are to run.
pub(super) async fn reload(
    _: Asked,
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let host = &shared.host;
    found(host, &id)?;
    let runs = |name: &str| host.row(name).is_ok_and(|row| row.enabled);
    for view in host.list().iter().filter(|view| view.plugin == id && runs(&view.id)) {
        host.restart(&view.id).await.map_err(|error| {
            failed(StatusCode::INTERNAL_SERVER_ERROR, "plugin_reload_fail", format!("{}: {error}", view.id))
        })?;
    }
    Ok(Json(json!({ "success": true })))
}

fn found<'a>(host: &'a Host, id: &str) -> Result<&'a Descriptor, Failure> {
    host.plugins().into_iter().find(|plugin| plugin.id == id).ok_or_else(|| {
        or_not_found("plugin_not_found")(HostError::NotFound(format!(
            "There is no plugin {id}. GET /_matrix/maubot/v1/plugins lists those that there are."
        )))
    })
}

fn bytes(body: Result<Bytes, BytesRejection>) -> Result<Vec<u8>, Failure> {
    match body {
        Ok(bytes) => Ok(bytes.into()),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(failed(rejection.status(), "plugin_invalid", package::too_large().text))
        }
        Err(rejection) => {
            Err(failed(rejection.status(), "plugin_invalid", "The upload broke off. Try again."))
        }
    }
}

fn uploaded(host: &Host, installed: &Installed) -> Uploaded {
    let status = if installed.replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(shown::plugin(host, found(host, &installed.id)?))))
}

/// A file that is no plugin, or one that nothing here runs.
fn refused(error: HostError) -> Failure {
    let mut failure = Failure::from(error);
    match failure.status {
        StatusCode::BAD_REQUEST => failure.told.errcode = "plugin_invalid",
        StatusCode::CONFLICT => {
            (failure.status, failure.told.errcode) =
                (StatusCode::NOT_IMPLEMENTED, "unsupported_plugin_loader");
        }
        _ => {}
    }
    failure
}
