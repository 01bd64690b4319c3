//! How a Web API call failed, and what that means for what was to be done.

mod code;

use std::time::Duration;

use bridge_core::error::NetworkError;
use hyper_util::client::legacy;
use serde::Deserialize;
use slack_morphism::errors::SlackClientError;

use self::code::of_code;
pub(crate) use self::code::{missing_scope, refused_credentials};

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

impl CallError {
    /// The label of the outcome in the metrics.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::RateLimited(_) => "rate_limited",
            Self::Status(_) => "server_error",
            Self::NotConnected => "unreachable",
            Self::Broken | Self::TimedOut => "uncertain",
            Self::Unreadable => "malformed",
        }
    }
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
