//! `apps.connections.open`.
use serde_json::json;

use super::call::{CallContext, Outcome};

/// `apps.connections.open`: a ticket for one socket.
pub(super) fn connections_open(call: &mut CallContext<'_>) -> Outcome {
    call.need("connections:write")?;
    if !call.app.socket_mode_enabled {
        return Err("access_denied".into());
    }
    let ticket = call.workspace.sockets.issue_ticket(&call.app.id);
    let address = call.workspace.address;
    Ok(json!({ "url": format!("ws://{address}/socket/{ticket}?app_id={}", call.app.id) }))
}
