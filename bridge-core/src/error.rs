//! What went wrong, named by what to do next.

use std::time::Duration;

/// How a call to the remote network failed. Each variant leads to one behaviour of the engine.
///
/// The texts must never hold a token or message text: they are logged and stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The network did not answer, or failed on its side. The call had certainly **no** effect, or may be
    /// repeated freely: the job is retried with back-off.
    #[error("{0}")]
    Transient(String),
    /// It is unknown whether a call with an effect took place (timeout, connection lost after sending).
    /// Before the job is tried again, [`Session::find_sent`](crate::network::Session::find_sent) is asked.
    #[error("{0}")]
    Uncertain(String),
    /// The network asks to wait. The job is tried again after exactly this time; never counted as a failure.
    #[error("the network asks to wait {} s", .0.as_secs())]
    RateLimited(Duration),
    /// Like [`NetworkError::RateLimited`], in the middle of a message of several parts, some of which were sent by this
    /// very call. Before the job is tried again,
    /// [`Session::find_sent`](crate::network::Session::find_sent) is asked which.
    #[error("the network asks to wait {} s in the middle of a message", .0.as_secs())]
    Interrupted(Duration),
    /// The network will never accept this. The sentence is shown to the person who sent the message.
    #[error("{0}")]
    Rejected(String),
    /// The network takes the message but for its file, which is too large or for which there is no room. Nothing was sent. The
    /// file is named by an address instead, where the operator offers such; else this is like
    /// [`NetworkError::Rejected`].
    #[error("{0}")]
    FileRefused(String),
    /// The login's credentials no longer work. The login stops and its owner is told this sentence.
    #[error("{0}")]
    BadCredentials(String),
    /// The network has no such feature. Shown to the person as "… is not supported".
    #[error("{0} is not supported here")]
    Unsupported(&'static str),
    /// The answer could not be understood: our mistake or a change on the network's side. The job is parked.
    #[error("{0}")]
    Malformed(String),
}

impl NetworkError {
    /// For an answer that can be done without: none instead of a failure. Being told to wait is no failure, and stays.
    pub(crate) fn or_none<T>(answer: Result<T, Self>) -> Result<Option<T>, Self> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(wait @ Self::RateLimited(_)) => Err(wait),
            Err(_) => Ok(None),
        }
    }

    /// The same failure of a call that may have had its effect nevertheless: [`NetworkError::Transient`] becomes
    /// [`NetworkError::Uncertain`], all others stay.
    #[must_use]
    pub fn or_uncertain(self) -> Self {
        match self {
            Self::Transient(why) => Self::Uncertain(why),
            other => other,
        }
    }
}

/// What becomes of a job that a handler could not finish.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JobError {
    /// Try again later with back-off and jitter; the lane waits, other lanes do not.
    #[error("{0}")]
    Retry(String),
    /// Like [`JobError::Retry`], but an effect may have happened: the next attempt looks for it first.
    #[error("{0}")]
    Uncertain(String),
    /// Try again after exactly this time.
    #[error("told to wait {} ms", .0.as_millis())]
    RetryAfter(Duration),
    /// Like [`JobError::RetryAfter`], but a part of the effect has happened: the next attempt looks for it first.
    #[error("told to wait {} ms, with a part done", .0.as_millis())]
    ResumeAfter(Duration),
    /// Give up and tell the person why, in this sentence.
    #[error("{0}")]
    Reject(String),
    /// Give up and keep the payload as a dead letter for the operator, with this reason.
    #[error("{0}")]
    Park(String),
}

impl JobError {
    /// Whether the job is tried again; if not, it is given up.
    pub fn is_tried_again(&self) -> bool {
        matches!(self, Self::Retry(_) | Self::Uncertain(_) | Self::RetryAfter(_) | Self::ResumeAfter(_))
    }
}

impl From<NetworkError> for JobError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Uncertain(why) => Self::Uncertain(why),
            NetworkError::RateLimited(wait) => Self::RetryAfter(wait),
            NetworkError::Interrupted(wait) => Self::ResumeAfter(wait),
            NetworkError::Rejected(why) | NetworkError::FileRefused(why) => Self::Reject(why),
            // With bad credentials the supervisor stops the login; the message waits for a working one.
            NetworkError::Transient(why) | NetworkError::BadCredentials(why) => Self::Retry(why),
            NetworkError::Unsupported(what) => Self::Reject(format!("{what} is not supported here.")),
            NetworkError::Malformed(why) => Self::Park(why),
        }
    }
}
