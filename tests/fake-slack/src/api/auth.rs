//! `api.test`, `auth.test`.
use serde_json::{Value, json};

use super::call::{CallContext, Outcome};
use crate::arguments::Arguments;
use crate::state::TokenKind;

/// `api.test`, which needs no token: echoes its arguments, fails on request.
pub(super) fn test_api(arguments: &Arguments) -> Value {
    let mut body = json!({ "ok": true, "args": arguments.to_json() });
    if let Some(error) = arguments.text("error") {
        body["ok"] = false.into();
        body["error"] = error.into();
    }
    body
}

/// `auth.test`
pub(super) fn test(call: &mut CallContext<'_>) -> Outcome {
    if call.grant.kind == TokenKind::AppLevel {
        return Ok(json!({ "app_name": call.app.name, "app_id": call.app.id }));
    }
    let user = call.user()?;
    Ok(json!({
        "url": call.state.team.url(),
        "team": call.state.team.name,
        "user": user.name,
        "team_id": call.state.team.id,
        "user_id": user.id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": false,
    }))
}
