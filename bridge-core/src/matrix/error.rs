//! How a call to the homeserver failed, named by what to do next.

use std::time::Duration;

use crate::error::JobError;

/// Why a call to the homeserver did not do what it should. The texts hold no URL, no token and no message text.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum MatrixError {
    /// The homeserver answered with an error.
    #[error("The homeserver refused {call} with {status} {errcode}: {message}")]
    Refused {
        /// What was asked of it, as in the metrics.
        call: &'static str,
        /// The HTTP status.
        status: u16,
        /// The Matrix error code; `M_UNKNOWN` for an answer without one.
        errcode: String,
        /// The homeserver's own words, 200 characters at most.
        message: String,
    },
    /// The homeserver asks to wait this long.
    #[error("The homeserver asks to wait {} ms.", .0.as_millis())]
    RateLimited(Duration),
    /// The call certainly had no effect: no connection, or it was one that only reads.
    #[error("The homeserver cannot be reached: {0}")]
    Unreachable(String),
    /// The call was sent, and nobody knows whether it had its effect.
    #[error("It is not known whether the homeserver did it: {0}")]
    Uncertain(String),
    /// The request could not be written or its answer not be understood.
    #[error("The homeserver's answer was not understood: {0}")]
    Malformed(String),
}

/// What to do about a [`MatrixError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Try again with back-off.
    Retry,
    /// Try again after this time.
    RetryAfter(Duration),
    /// Look whether it took place, or repeat it with the same transaction id.
    Uncertain,
    /// Trying again changes nothing.
    Permanent,
}

impl MatrixError {
    /// What to do next. A refused token counts as [`ErrorClass::Retry`], because the operator mends that and no
    /// event may be lost over it. The homeserver's own failures (5xx) are retried, those of a proxy before it
    /// (502, 504) leave open what happened.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Refused { status: 502 | 504, .. } | Self::Uncertain(_) => ErrorClass::Uncertain,
            Self::Refused { status: 401 | 408 | 500..=599, .. } | Self::Unreachable(_) => ErrorClass::Retry,
            Self::RateLimited(wait) => ErrorClass::RetryAfter(*wait),
            Self::Refused { .. } | Self::Malformed(_) => ErrorClass::Permanent,
        }
    }

    /// The Matrix error code, if the homeserver gave one.
    pub fn errcode(&self) -> Option<&str> {
        match self {
            Self::Refused { errcode, .. } => Some(errcode),
            _ => None,
        }
    }

    /// The HTTP status, if the homeserver answered with an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the homeserver says that we may not.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether the homeserver says that there is no such thing (but knows the route).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404) && self.errcode() == Some("M_NOT_FOUND")
    }

    /// Whether the homeserver does not know the route.
    pub fn is_unrecognized(&self) -> bool {
        matches!(self.status(), Some(404 | 405 | 501))
            && matches!(self.errcode(), Some("M_UNRECOGNIZED" | "M_UNKNOWN"))
    }

    /// The label of the outcome in the metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Refused { status: 500..=599, .. } => "server_error",
            Self::Refused { .. } => "refused",
            Self::RateLimited(_) => "rate_limited",
            Self::Unreachable(_) => "unreachable",
            Self::Uncertain(_) => "uncertain",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl From<MatrixError> for JobError {
    fn from(error: MatrixError) -> Self {
        match error.class() {
            ErrorClass::Retry => Self::Retry(error.to_string()),
            ErrorClass::RetryAfter(wait) => Self::RetryAfter(wait),
            ErrorClass::Uncertain => Self::Uncertain(error.to_string()),
            ErrorClass::Permanent => Self::Park(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, errcode: &str) -> MatrixError {
        MatrixError::Refused { call: "send", status, errcode: errcode.into(), message: String::new() }
    }

    #[test]
    fn each_failure_has_its_class() {
        assert_eq!(refused(403, "M_FORBIDDEN").class(), ErrorClass::Permanent);
        assert_eq!(refused(401, "M_UNKNOWN_TOKEN").class(), ErrorClass::Retry);
        assert_eq!(refused(503, "M_UNKNOWN").class(), ErrorClass::Retry);
        assert_eq!(refused(504, "M_UNKNOWN").class(), ErrorClass::Uncertain);
        assert_eq!(MatrixError::Unreachable(String::new()).class(), ErrorClass::Retry);
        let wait = Duration::from_millis(1500);
        assert_eq!(MatrixError::RateLimited(wait).class(), ErrorClass::RetryAfter(wait));
    }

    #[test]
    fn an_unknown_route_is_not_a_missing_thing() {
        assert!(refused(404, "M_UNRECOGNIZED").is_unrecognized());
        assert!(!refused(404, "M_UNRECOGNIZED").is_not_found());
        assert!(refused(404, "M_NOT_FOUND").is_not_found());
        assert!(!refused(404, "M_NOT_FOUND").is_unrecognized());
    }

    #[test]
    fn what_is_permanent_is_parked() {
        assert!(matches!(JobError::from(refused(403, "M_FORBIDDEN")), JobError::Park(_)));
        assert!(matches!(JobError::from(refused(500, "M_UNKNOWN")), JobError::Retry(_)));
    }
}
