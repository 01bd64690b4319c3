//! What was done, told once on the page after it. The address has a word for it and never the text.

use serde::Deserialize;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Notice {
    Made,
    Started,
    Stopped,
    Restarted,
    Deleted,
    Configured,
    Moved,
    AccountMade,
    AccountChanged,
    AccountDeleted,
    Retried,
    Dropped,
    Uploaded,
    SignedOut,
}

impl Notice {
    /// As it stands in an address.
    fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Deleted => "deleted",
            Self::Configured => "configured",
            Self::Moved => "moved",
            Self::AccountMade => "account-made",
            Self::AccountChanged => "account-changed",
            Self::AccountDeleted => "account-deleted",
            Self::Retried => "retried",
            Self::Dropped => "dropped",
            Self::Uploaded => "uploaded",
            Self::SignedOut => "signed-out",
        }
    }

    /// For people.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Made => "The bot was made.",
            Self::Started => "The bot was started.",
            Self::Stopped => "The bot was stopped. It stays so until somebody starts it.",
            Self::Restarted => "The bot was restarted.",
            Self::Deleted => "The bot was deleted.",
            Self::Configured => "The bot has the new config.",
            Self::Moved => "The bot has another account now.",
            Self::AccountMade => "The account was made. Invite it into a room.",
            Self::AccountChanged => "The account was changed.",
            Self::AccountDeleted => "The account is out of use. Its Matrix user stays in its rooms.",
            Self::Retried => "It will be tried again in a moment.",
            Self::Dropped => "The dead letter was dropped.",
            Self::Uploaded => "The plugin was taken.",
            Self::SignedOut => "You are signed out.",
        }
    }

    /// The path with this notice.
    pub(super) fn at(self, path: &str) -> String {
        format!("{path}?done={}", self.word())
    }
}

/// The part of an address that says what was done. What is no word of ours is nothing.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

impl Done {
    /// What was done.
    pub(super) fn notice(&self) -> Option<Notice> {
        let word = serde_json::Value::String(self.done.clone()?);
        serde_json::from_value(word).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_words_are_told() {
        let told = |word: &str| Done { done: Some(word.to_owned()) }.notice();
        assert_eq!(told("account-made"), Some(Notice::AccountMade));
        assert_eq!(told("You won! Call us."), None);
        assert_eq!(Notice::SignedOut.at("/login"), "/login?done=signed-out");
    }
}
