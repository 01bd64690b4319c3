//! Sees to many members of a room at once, but few at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;
use ruma::RoomId;

use super::ended;
use crate::engine::Bridge;
use crate::engine::persist::persist;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::UserInfo;
use crate::id::{ChatKey, RemoteUserId};
use crate::network::Network;

/// Members that are seen to at the same time. A homeserver makes a room's events one after the other: more at once would
/// only stand before what somebody says there.
const AT_ONCE: usize = 4;

/// Who goes and who comes.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) gone: Vec<RemoteUserId>,
    pub(super) new: Vec<RemoteUserId>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Member {
    /// Somebody left the chat.
    Gone(RemoteUserId),
    /// Somebody is in the chat, with what the network told of them just now, if it did.
    New(RemoteUserId, Option<Box<UserInfo>>),
}

impl<N: Network> Bridge<N> {
    /// Sees to all of them. One with whom it will never succeed is passed over; the error says that the others are not
    /// done.
    pub(super) async fn see_to(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        room: &RoomId,
        members: Vec<Member>,
    ) -> Result<(), JobError> {
        let left = Mutex::new(VecDeque::from(members));
        let hands = (0..AT_ONCE).map(|_| async {
            loop {
                let next = left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(member) = next else { return Ok(()) };
                if live.stop.is_cancelled() {
                    return Err(ended());
                }
                let seen_to = persist(&live.stop, || self.see_to_one(live, chat, room, &member)).await;
                if let Err(error) = seen_to {
                    if error.is_tried_again() {
                        return Err(error);
                    }
                    tracing::debug!(user = %member.user(), %error, "a member of a chat is passed over");
                }
            }
        });
        try_join_all(hands).await.map(drop)
    }
}

impl Member {
    fn user(&self) -> &RemoteUserId {
        match self {
            Self::Gone(user) | Self::New(user, _) => user,
        }
    }
}
