//! The kinds of events, on both sides.
use clap::ValueEnum;

/// What happens; the first word says on which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
#[allow(missing_docs, reason = "their names say all there is to say")]
pub enum Kind {
    SlackMessage,
    SlackFirstMessage,
    SlackNewPerson,
    SlackEdit,
    SlackDeletion,
    SlackReaction,
    SlackReactionGone,
    SlackAnswer,
    SlackBroadcast,
    SlackFiles,
    SlackPin,
    SlackUnpin,
    SlackJoin,
    SlackLeave,
    SlackTopic,
    SlackRename,
    SlackProfile,
    SlackArchive,
    MatrixMessage,
    MatrixLongMessage,
    MatrixEdit,
    MatrixRedaction,
    MatrixReaction,
    MatrixReactionGone,
    MatrixAnswer,
    MatrixFile,
    MatrixRefused,
    MatrixTopic,
    MatrixPin,
    MatrixInvite,
    MatrixCommand,
}

impl Kind {
    /// As it is written on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether the chat has no room before it happens.
    pub(super) fn is_first(self) -> bool {
        self == Self::SlackFirstMessage
    }

    /// Whether the person of the cell is in the channel before it happens.
    pub(super) fn has_member(self) -> bool {
        !matches!(self, Self::SlackJoin | Self::MatrixInvite)
    }

    /// Whether the person of the cell has spoken before it happens.
    pub(super) fn has_spoken(self) -> bool {
        matches!(self, Self::SlackProfile | Self::SlackLeave)
    }
}
