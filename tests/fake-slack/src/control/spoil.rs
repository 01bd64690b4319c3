//! Control verbs that make things go wrong.
use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use crate::arguments::Arguments;
use crate::error::ApiError;
use crate::faults::Fault;
use crate::files::DownloadFault;
use crate::options::Mode;
use crate::socket::DisconnectReason;
use crate::workspace::Workspace;

/// `None` for a verb that is not written here.
pub(super) fn perform(slack: &Workspace, verb: &str, a: &Arguments) -> Option<Outcome> {
    let method = a.text("method").unwrap_or("*");
    let times = a.number("times").and_then(|times| u32::try_from(times).ok()).unwrap_or(1);
    let on = a.flag("on") != Some(false);
    let mut answer = json!({});
    match verb {
        "fail" => match fault(a) {
            Ok(fault) => slack.fail_next(method, fault, times),
            Err(error) => return Some(Err(error)),
        },
        "rate_limit" => slack.rate_limit_next(method, a.number("retry_after").unwrap_or(1), times),
        "spoil_downloads" => match download_fault(a) {
            Some(fault) => slack.spoil_downloads(fault, times),
            None => return Some(Err("invalid_arguments".into())),
        },
        "spoil_thumbnails" => match download_fault(a) {
            Some(fault) => slack.spoil_thumbnails(fault, times),
            None => return Some(Err("invalid_arguments".into())),
        },
        "hold_shares" => slack.hold_shares(),
        "release_shares" => slack.release_shares(),
        "delay_shares" => slack.delay_shares(times),
        "clear_faults" => slack.clear_faults(),
        "mode" => {
            slack.set_mode(if a.text("mode") == Some("quota") { Mode::Quota } else { Mode::Unbounded });
        }
        "disconnect" => {
            let reason = a.text("reason").unwrap_or("refresh_requested");
            let Some(reason) = DisconnectReason::from_word(reason) else {
                return Some(Err("invalid_arguments".into()));
            };
            match a.number("socket") {
                Some(socket_id) => slack.disconnect_socket(socket_id, reason),
                None => slack.disconnect(reason),
            }
        }
        "socket_mode" => slack.set_socket_mode(on),
        "drop_sockets" => slack.drop_sockets(),
        "silence" => slack.silence(on),
        "withhold_hello" => slack.withhold_hello(times),
        "refuse_sockets" => slack.refuse_sockets(times),
        "duplicate" => slack.duplicate_next(times),
        "hold" => slack.hold_events(),
        "release" => slack.release_events(a.flag("reversed") == Some(true)),
        "send" => {
            let Ok(Some(envelope)) = a.json("envelope") else { return Some(Err("invalid_arguments".into())) };
            answer["sent"] = slack.send_envelope(&envelope).into();
        }
        "scopes" => {
            let scopes = a.list("scopes");
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            return Some(slack.set_scopes(&token(slack, a), &scopes).map(|()| answer));
        }
        "revoke" => return Some(slack.revoke_token(&token(slack, a)).map(|()| answer)),
        "uninstall" => slack.uninstall(),
        _ => return None,
    }
    Some(Ok(answer))
}

/// The token an argument names, or the default app's bot token.
fn token(slack: &Workspace, a: &Arguments) -> String {
    a.text("token").map_or_else(|| slack.app().bot_token, str::to_owned)
}

/// `error`, `status`, `retry_after` or `body` with their value, or `fault` with one of the words `hang`,
/// `hang_after`, `drop_before`, `drop_after`.
fn fault(a: &Arguments) -> Result<Fault, ApiError> {
    if let Some(error) = a.text("error") {
        return Ok(Fault::Error(error.to_owned()));
    }
    if let Some(status) = a.number("status").and_then(|status| u16::try_from(status).ok()) {
        return Ok(Fault::Status(status));
    }
    if let Some(seconds) = a.number("retry_after") {
        return Ok(Fault::RateLimited(seconds));
    }
    if let Ok(Some(Value::String(body))) = a.json("body") {
        return Ok(Fault::Body(body));
    }
    if let Some(body) = a.text("body") {
        return Ok(Fault::Body(body.to_owned()));
    }
    match a.text("fault") {
        Some("spared") => Ok(Fault::Spared),
        Some("hang") => Ok(Fault::Hang),
        Some("hang_after") => Ok(Fault::HangAfter),
        Some("drop_before") => Ok(Fault::DropBefore),
        Some("drop_after") => Ok(Fault::DropAfter),
        _ => Err("invalid_arguments".into()),
    }
}

/// One of the words `redirect`, `login_page`, `hang`, or `redirect_to`, `status`, `retry_after`, `slow_ms`,
/// `truncate_at`, `huge` or `huge_unannounced` with their value.
fn download_fault(a: &Arguments) -> Option<DownloadFault> {
    if let Some(target) = a.text("redirect_to") {
        return Some(DownloadFault::RedirectTo(target.to_owned()));
    }
    for name in ["retry_after", "slow_ms", "truncate_at", "huge", "huge_unannounced"] {
        let Some(number) = a.number(name) else { continue };
        return Some(match name {
            "retry_after" => DownloadFault::RateLimited(number),
            "slow_ms" => DownloadFault::Slow(Duration::from_millis(number)),
            "truncate_at" => DownloadFault::Truncated(number),
            "huge" => DownloadFault::Huge(number),
            _ => DownloadFault::HugeUnannounced(number),
        });
    }
    if let Some(status) = a.number("status").and_then(|status| u16::try_from(status).ok()) {
        return Some(DownloadFault::Status(status));
    }
    match a.text("fault")? {
        "redirect" => Some(DownloadFault::Redirect),
        "login_page" => Some(DownloadFault::LoginPage),
        "hang" => Some(DownloadFault::Hang),
        _ => None,
    }
}
