//! What is known of a person: what the network tells, or else what the message says.

use super::{ASKED_AGAIN, believed, millis};
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::{JobError, NetworkError};
use crate::event::UserInfo;
use crate::event::remote::ShownAs;
use crate::id::RemoteUserId;
use crate::network::{Network, Session};
use crate::store::ghost::GhostRow;

impl<N: Network> Bridge<N> {
    /// What is known of a person, and since when. A person about whom the network cannot answer now holds nothing up if
    /// there is something else to show them by: they are asked about again a minute later.
    pub(super) async fn ask(
        &self,
        live: &Live<N::Session>,
        remote: &RemoteUserId,
        stored: Option<&GhostRow>,
        shown_as: Option<&ShownAs>,
    ) -> Result<(UserInfo, i64), JobError> {
        let now = self.store.clock().now_ms();
        let said = match shown_as {
            Some(shown) => Some(self.with_emoji(live, shown).await),
            None => None,
        };
        if let (Some(shown), Some(said)) = (shown_as, &said)
            && !shown.is_guess
            && shown.name.is_some()
        {
            return Ok((said.clone(), now));
        }
        let known = stored.and_then(|row| row.info.clone());
        match live.session.user_info(remote).await {
            Ok(info) => Ok((filled(info, said), now)),
            Err(error) if is_final(&error) => {
                tracing::debug!(user = %remote, %error, "the network tells nothing of a person");
                Ok((untold(known, said), now))
            }
            Err(error) if stored.is_some() || said.as_ref().is_some_and(|said| said.name.is_some()) => {
                tracing::debug!(user = %remote, %error, "a person could not be asked about; they are shown as they were");
                let info = known.clone().unwrap_or_else(|| untold(named(stored), said));
                let asked_again = millis(believed(Some(&info))) - millis(ASKED_AGAIN);
                Ok((info, now - asked_again))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the network tells of a person it said has changed.
    pub(super) async fn asked_anew(
        &self,
        live: &Live<N::Session>,
        row: &GhostRow,
    ) -> Result<UserInfo, JobError> {
        match live.session.user_info(&row.user_id).await {
            Ok(info) => Ok(filled(info, row.info.clone().filter(|info| info.is_partial))),
            Err(error) if is_final(&error) => Ok(untold(row.info.clone().or_else(|| named(Some(row))), None)),
            Err(error) => Err(error.into()),
        }
    }

    /// What a message says of its sender, with the picture of its emoji.
    async fn with_emoji(&self, live: &Live<N::Session>, shown: &ShownAs) -> UserInfo {
        let mut info = of_message(shown);
        if let (None, Some(emoji)) = (&info.avatar_url, &shown.avatar_emoji) {
            info.avatar_url = live.session.emoji_url(emoji).await.unwrap_or_default();
        }
        info
    }
}

/// What a message says of its sender.
pub(super) fn of_message(shown: &ShownAs) -> UserInfo {
    let ShownAs { name, avatar_url, is_guess, .. } = shown.clone();
    UserInfo { name, avatar_url, is_bot: !is_guess, is_partial: is_guess, ..UserInfo::default() }
}

/// Whether asking again at once would be answered alike.
fn is_final(error: &NetworkError) -> bool {
    matches!(error, NetworkError::Rejected(_) | NetworkError::Unsupported(_) | NetworkError::Malformed(_))
}

/// What the network told, with what else is said where it told nothing.
fn filled(info: UserInfo, said: Option<UserInfo>) -> UserInfo {
    let Some(said) = said else { return info };
    UserInfo { name: info.name.or(said.name), avatar_url: info.avatar_url.or(said.avatar_url), ..info }
}

/// Of whom the network tells nothing: what the message says now, before what was known.
fn untold(known: Option<UserInfo>, said: Option<UserInfo>) -> UserInfo {
    let said = said.unwrap_or_default();
    let known = known.unwrap_or_default();
    UserInfo {
        name: said.name.or(known.name),
        avatar_url: said.avatar_url.or(known.avatar_url),
        is_partial: true,
        ..known
    }
}

/// A ghost of an earlier version, as it is called.
fn named(stored: Option<&GhostRow>) -> Option<UserInfo> {
    let row = stored?;
    Some(UserInfo { name: row.name.clone(), avatar_url: row.avatar_url.clone(), ..UserInfo::default() })
}
