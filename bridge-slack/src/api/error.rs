//! How a Web API call failed, and what that means for what was to be done.

use std::time::Duration;

use bridge_core::error::NetworkError;
use hyper_util::client::legacy;
use serde::Deserialize;
use slack_morphism::errors::SlackClientError;

/// A failed call, without anything of the answer's body but Slack's error code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallError {
    /// Slack answered `ok: false` with this code; `needed` comes with `missing_scope`.
    Refused { code: String, needed: Option<String> },
    /// HTTP 429; Slack names the time, or leaves it open. From [`Caller`](super::Caller) it comes only as the time that
    /// is left, and only where that is too long to be waited there.
    RateLimited(Option<Duration>),
    /// Another HTTP status than 200.
    Status(u16),
    /// No connection: the call certainly did not arrive.
    NotConnected,
    /// The connection broke before the answer was complete.
    Broken,
    /// No answer in time.
    TimedOut,
    /// An answer that is not what the method answers.
    Unreadable,
}

#[derive(Deserialize)]
struct Needed {
    needed: Option<String>,
}

impl From<SlackClientError> for CallError {
    fn from(error: SlackClientError) -> Self {
        match error {
            SlackClientError::ApiError(error) => {
                let body = error.http_response_body.as_deref().unwrap_or_default();
                let needed = serde_json::from_str::<Needed>(body).ok().and_then(|body| body.needed);
                Self::refused(error.code, needed)
            }
            SlackClientError::RateLimitError(error) => Self::RateLimited(error.retry_after),
            SlackClientError::HttpError(error) => Self::Status(error.status_code.as_u16()),
            SlackClientError::HttpProtocolError(error) => {
                let cause = error.cause.as_deref().and_then(|cause| cause.downcast_ref::<legacy::Error>());
                if cause.is_some_and(legacy::Error::is_connect) { Self::NotConnected } else { Self::Broken }
            }
            SlackClientError::ProtocolError(_) => Self::Unreadable,
            _ => Self::Broken,
        }
    }
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        match error {
            error if error.is_connect() => Self::NotConnected,
            error if error.is_timeout() => Self::TimedOut,
            error if error.is_decode() => Self::Unreadable,
            _ => Self::Broken,
        }
    }
}

impl CallError {
    /// Slack's own word for "too many" can also come with HTTP 200.
    pub(crate) fn refused(code: String, needed: Option<String>) -> Self {
        if matches!(code.as_str(), "ratelimited" | "rate_limited") {
            Self::RateLimited(None)
        } else {
            Self::Refused { code, needed }
        }
    }

    /// Slack's error code, if it gave one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// For a call that changes nothing, or can be made again freely.
    pub(crate) fn of_read(self, method: &str) -> NetworkError {
        match self {
            Self::Refused { code, needed } => of_code(method, &code, needed.as_deref()),
            Self::RateLimited(wait) => NetworkError::RateLimited(wait.unwrap_or(super::UNSAID_WAIT)),
            Self::Unreadable => NetworkError::Malformed(format!(
                "Slack's answer to {method} could not be read. Slack may have changed it."
            )),
            other => NetworkError::Transient(other.sentence(method)),
        }
    }

    /// For a call that changes something, but nothing more when it is made again.
    pub(crate) fn of_change(self, method: &str) -> NetworkError {
        match self {
            Self::Unreadable => NetworkError::Transient(self.sentence(method)),
            other => other.of_read(method),
        }
    }

    /// For a call that must not be made twice: where it is open whether it arrived, it is looked for first.
    pub(crate) fn of_post(self, method: &str) -> NetworkError {
        match &self {
            // A broken off or garbled answer, or a failure inside Slack, tells nothing about the effect. Status
            // 503 is given before anything is done.
            Self::TimedOut | Self::Broken | Self::Unreadable => {
                NetworkError::Uncertain(self.sentence(method))
            }
            Self::Status(status) if *status >= 500 && *status != 503 => {
                NetworkError::Uncertain(self.sentence(method))
            }
            Self::Refused { code, .. } if matches!(code.as_str(), "fatal_error" | "internal_error") => {
                NetworkError::Uncertain(self.sentence(method))
            }
            _ => self.of_read(method),
        }
    }

    /// What happened, for the log and the status page.
    pub(crate) fn sentence(&self, method: &str) -> String {
        match self {
            Self::Refused { code, .. } => format!("Slack refused {method} ({code})."),
            Self::RateLimited(_) => format!("Slack asks to wait before the next {method}."),
            Self::Status(status) => format!("Slack answered {method} with HTTP status {status}."),
            Self::NotConnected => format!("Slack could not be reached for {method}."),
            Self::Broken => format!("The connection to Slack broke during {method}."),
            Self::TimedOut => format!("Slack did not answer {method} in time."),
            Self::Unreadable => format!("Slack's answer to {method} could not be read."),
        }
    }
}

/// What Slack's error codes mean for people.
fn of_code(method: &str, code: &str, needed: Option<&str>) -> NetworkError {
    if let Some(why) = refused_credentials(code) {
        return NetworkError::BadCredentials(why.to_owned());
    }
    let sentence = match code {
        "missing_scope" => {
            return NetworkError::Rejected(missing_scope(needed.unwrap_or("of an unknown name")));
        }
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "accesslimited" => {
            return NetworkError::Transient(format!("Slack could not do {method} at this moment ({code})."));
        }
        "not_in_channel" => {
            "The bridge's app is not in this Slack channel; somebody in it has to invite the app with /invite \
             @name."
        }
        "channel_not_found" => {
            "Slack knows no such channel, or it is private and the bridge's app is not in it; somebody in it has \
             to invite the app with /invite @name."
        }
        "is_archived" => "The Slack channel is archived; nothing can be changed in it until it is restored.",
        "msg_too_long" => "The message is too long for Slack; send it in several pieces.",
        "msg_blocks_too_long" | "invalid_blocks" | "invalid_blocks_format" => {
            "Slack does not accept the message's formatting; send it in several pieces or as plain text."
        }
        "no_text" => "Slack does not accept an empty message.",
        "metadata_too_large" => {
            "Slack does not accept the message, because what is attached to it is too long."
        }
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked" => {
            "A setting of the Slack workspace or channel forbids this; an admin of the workspace can change it."
        }
        "ekm_access_denied" => {
            "The Slack workspace's admins have locked this channel with their key management."
        }
        "message_not_found" | "thread_not_found" => "The message is no longer there on Slack.",
        "cant_update_message" | "cant_delete_message" => {
            "Slack lets the bridge change only messages that the bridge itself sent."
        }
        "edit_window_closed" => {
            "The Slack workspace does not allow messages to be edited any more after so long."
        }
        "user_not_found" | "users_not_found" | "bot_not_found" => "Slack knows no such person.",
        "block_mismatch" => "Slack does not let this message be edited in this way; send a new one.",
        "invalid_name" => "Slack has no such emoji in this workspace.",
        "too_many_emoji" => "The message has as many different reactions as Slack allows.",
        "too_many_reactions" => "The app has reacted to this message as often as Slack allows.",
        "thread_locked" => "The thread is locked on Slack; nothing can be added to it.",
        "not_reactable" => "Slack allows no reactions to this message.",
        "team_access_not_granted" => {
            "The Slack app was not given access to this workspace by its organisation."
        }
        other => match of_file_code(other).or_else(|| of_chat_code(other)) {
            Some(sentence) => sentence,
            None => return NetworkError::Rejected(format!("Slack refused this ({method}: {code}).")),
        },
    };
    NetworkError::Rejected(sentence.to_owned())
}

/// What is wrong with a file.
fn of_file_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "file_not_found" | "file_deleted" => "Slack does not have the file any more.",
        "access_denied" | "file_access_denied" => "Slack does not show this file to the bridge's app.",
        "storage_limit_reached" => {
            "The Slack workspace has no room left for files; an admin of it can delete some or change its plan."
        }
        "file_uploads_disabled" | "file_uploads_except_images_disabled" => {
            "The Slack workspace does not allow this kind of file; an admin of it can change that."
        }
        "file_type_not_allowed" | "blocked_file_type" | "malware_detected" => {
            "Slack does not take this kind of file."
        }
        "file_upload_size_restricted" | "file_too_large" => "The file is too large for this Slack workspace.",
        _ => return None,
    })
}

/// What is wrong with a change of a channel, or of who is in it.
fn of_chat_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "name_taken" => "Another Slack channel has this name already.",
        "invalid_name_maxlength" => "The name is too long for a Slack channel; 80 characters are the most.",
        "invalid_name_required" | "invalid_name_punctuation" | "invalid_name_specials" => {
            "Slack does not accept this as the name of a channel; small letters, digits, - and _ are allowed."
        }
        "not_authorized" | "user_is_restricted" | "user_is_ultra_restricted" => {
            "Slack does not let the bridge's app do this; somebody with the right to has to do it on Slack."
        }
        "too_long" => "The text is too long for Slack; a topic has 250 characters at most.",
        "method_not_supported_for_channel_type" => "Slack does not allow this in this kind of chat.",
        "cant_invite_self" | "cant_kick_self" => "The bridge's app cannot do this to itself.",
        "cant_invite" => "Slack does not let this person be invited into the channel.",
        "cant_kick_from_general" => "Nobody can be removed from the Slack workspace's general channel.",
        "ura_max_channels" | "user_team_not_in_channel" => {
            "Slack does not let this person into the channel: they are a guest, or from another workspace."
        }
        "cannot_dm_bot" => "Slack does not let an app write to another app.",
        "user_disabled" => "This person's account on Slack is switched off.",
        "user_not_visible" => "Slack does not show this person to the bridge's app.",
        "too_many_users" => "A Slack group has 8 people besides the app at most.",
        _ => return None,
    })
}

/// Why a token does not work any more, if that is what the code says.
pub(crate) fn refused_credentials(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_auth" | "not_authed" => {
            "Slack does not know the app's token; log in again with the token that the app's page shows now."
        }
        "account_inactive" => {
            "The Slack app was removed from the workspace; install it again under OAuth & Permissions, then log \
             in again with the new token."
        }
        "token_revoked" | "token_expired" => {
            "The Slack app's token was revoked; install the app again under OAuth & Permissions, then log in \
             again with the new token."
        }
        "not_allowed_token_type" => {
            "Slack does not accept this kind of token here; log in again, with the Bot User OAuth Token (xoxb-) \
             first and the app-level token (xapp-) second."
        }
        _ => return None,
    })
}

/// Names what the app must be granted, and where.
pub(crate) fn missing_scope(scopes: &str) -> String {
    format!(
        "The Slack app lacks the scope {scopes}. Add it on the app's page under OAuth & Permissions → Scopes → \
         Bot Token Scopes, then choose Reinstall."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> CallError {
        CallError::refused(code.to_owned(), None)
    }

    #[test]
    fn a_post_of_unknown_fate_is_uncertain_and_a_read_is_not() {
        for open in [CallError::TimedOut, CallError::Broken, CallError::Unreadable, CallError::Status(500)] {
            let post = open.clone().of_post("chat.postMessage");
            assert!(matches!(post, NetworkError::Uncertain(_)), "{open:?} gave {post:?}");
            assert!(!matches!(open.of_read("users.info"), NetworkError::Uncertain(_)));
        }
        for clear in [CallError::NotConnected, CallError::Status(503)] {
            assert!(matches!(clear.of_post("chat.postMessage"), NetworkError::Transient(_)));
        }
    }

    #[test]
    fn refusals_lead_to_what_helps() {
        let of = |code| refused(code).of_post("chat.postMessage");
        assert!(matches!(of("token_revoked"), NetworkError::BadCredentials(_)));
        assert!(matches!(of("not_in_channel"), NetworkError::Rejected(why) if why.contains("/invite")));
        assert!(matches!(of("service_unavailable"), NetworkError::Transient(_)));
        assert!(
            matches!(of("never_heard_of"), NetworkError::Rejected(why) if why.contains("never_heard_of"))
        );
        assert!(matches!(of("ratelimited"), NetworkError::RateLimited(_)));
    }

    #[test]
    fn a_missing_scope_is_named_with_its_place() {
        let error =
            CallError::Refused { code: "missing_scope".to_owned(), needed: Some("users:read".to_owned()) };
        let said = error.of_read("users.info").to_string();
        assert!(said.contains("users:read") && said.contains("OAuth & Permissions"), "{said}");
    }
}
