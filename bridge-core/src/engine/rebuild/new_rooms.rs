//! Unties chats from rooms that are gone, once an administrator asks for it: each gets a new room then.

use std::collections::HashSet;

use crate::engine::Bridge;
use crate::engine::persist::persist;
use crate::error::JobError;
use crate::network::Network;
use crate::store::portal::PortalRow;

/// What was untied.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Untied {
    /// Chats that will get a new room.
    pub(crate) chats: usize,
    /// Chats whose room is there.
    pub(crate) kept: usize,
}

impl<N: Network> Bridge<N> {
    /// Unties every chat from its room that the bot is not in, and forgets what was shown there. If no room at all is left, the
    /// homeserver has lost its database: profiles and pictures are forgotten, too, so that they are set again. May be cut off
    /// and called again. Nothing else may work on the tables.
    pub(crate) async fn untie_lost_rooms(&self) -> Result<Untied, JobError> {
        let bot = self.app.bot();
        let ask = || async {
            bot.ensure_registered().await?;
            Ok(bot.joined_rooms().await?)
        };
        let joined: HashSet<String> =
            persist(&self.stopping, ask).await?.iter().map(ToString::to_string).collect();
        let (mut lost, mut untied) = (Vec::new(), Untied::default());
        for row in self.store.portals_with_rooms().await? {
            match &row.room_id {
                Some(room) if joined.contains(room) => untied.kept += 1,
                Some(room) => lost.push((room.clone(), row)),
                None => {}
            }
        }
        if untied.kept == 0 && !lost.is_empty() {
            self.store.forget_homeserver().await?;
        }
        for (room, row) in lost {
            // A room from which only the bot was removed would be found again by its name.
            let alias = self.alias(&row.chat);
            persist(&self.stopping, || async { Ok(bot.remove_alias(&alias).await?) }).await?;
            self.store.untie(&row.chat, &room).await?;
            self.store.put_portal(&PortalRow { room_id: None, ..row }).await?;
            untied.chats += 1;
        }
        Ok(untied)
    }
}
