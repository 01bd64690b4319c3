//! Making sure that no transaction is left behind.
//!
//! The conduwuit family tries a failed transaction again only when another event comes for us. So after our start, and
//! after an outage, the bot sends an event into a room of its own until that event has come back: then everything
//! before it has come, too. Synapse tries by itself, but after minutes; a ping makes it try now.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ruma::{OwnedRoomAliasId, OwnedRoomId, RoomId, TransactionId};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::exchange::{Exchange, Signal, wait_for};
use super::ping::ping_homeserver;
use crate::matrix::{AppService, CreateRoom, MatrixError, Reach};

/// The type of the event.
pub const NUDGE: &str = "dev.bridge.nudge";
/// Where the bot's account data names its control room.
const CONTROL_ROOM: &str = "dev.bridge.control_room";
/// How long the first nudge may take to come back; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two nudges.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait while the homeserver cannot be reached: its return is to be noticed soon.
const LONGEST_OUTAGE_WAIT: Duration = Duration::from_secs(5);
/// Which vain attempt the operator is told of: after a quarter of a minute. Where another worker has just taken over, the
/// homeserver's calls may wait so long for one that hangs.
const TELL_AT: u32 = 4;
/// The pause before something is suspected again.
const CALM: Duration = Duration::from_secs(1);

/// Nudges the homeserver after the start and whenever something may be stuck.
#[derive(Debug)]
pub struct Nudge {
    app: AppService,
    exchange: Exchange,
    room: Mutex<Option<OwnedRoomId>>,
    moved: watch::Sender<bool>,
}

impl Nudge {
    /// Prepares it; `room` is the control room, if the caller remembers it. If not, it is found in the bot's account
    /// data, or made.
    pub fn new(app: AppService, exchange: Exchange, room: Option<OwnedRoomId>) -> Self {
        let (room, moved) = (Mutex::new(room), watch::Sender::new(false));
        Self { app, exchange, room, moved }
    }

    /// The bot's own room, once it is known.
    pub fn control_room(&self) -> Option<OwnedRoomId> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether everything that the homeserver held back has come. `false` from a suspicion on until it is disproved.
    pub fn moved(&self) -> watch::Receiver<bool> {
        self.moved.subscribe()
    }

    /// Runs until it is cancelled: nudges at once, then after each [`Exchange::suspect`] and each outage. Our server has to be
    /// running.
    pub async fn run(&self, cancel: CancellationToken) {
        let _ = cancel.run_until_cancelled(self.run_forever()).await;
    }

    async fn run_forever(&self) {
        let mut reach = self.app.client().reach();
        loop {
            self.note_moved(false);
            // Boxed, because it is large and waits for most of its life.
            Box::pin(self.nudge_until_moved()).await;
            self.note_moved(true);
            tokio::select! {
                () = self.exchange.suspected() => {}
                () = outage_over(&mut reach) => {}
            }
            // A homeserver that stumbles again and again is not to be flooded.
            tokio::time::sleep(CALM).await;
        }
    }

    fn note_moved(&self, moved: bool) {
        self.exchange.note_moved(moved);
        self.moved.send_replace(moved);
    }

    async fn nudge_until_moved(&self) {
        let mut wait = FIRST_WAIT;
        for attempt in 1_u32.. {
            let nudged = tokio::select! {
                nudged = Box::pin(self.nudge_once(wait)) => nudged,
                // It is back after an outage, and answers calls from before it late or never.
                () = self.exchange.hurried() => {
                    wait = FIRST_WAIT;
                    continue;
                }
            };
            match nudged {
                Ok(true) => {
                    tracing::debug!(attempt, "the homeserver's transactions come in");
                    return;
                }
                Ok(false) if attempt == TELL_AT && self.exchange.is_to_be_told() => tracing::warn!(
                    "The homeserver takes our events but sends us none; check the url in its registration of us."
                ),
                Ok(false) => tracing::debug!(attempt, "the nudge has not come back yet"),
                Err(error) => {
                    // Once per outage is enough for the log.
                    if attempt == 1 && self.exchange.is_to_be_told() {
                        tracing::warn!(%error, "the homeserver could not be nudged; trying until it can");
                    }
                    let pause = tokio::time::sleep(wait.min(LONGEST_OUTAGE_WAIT));
                    tokio::select! { () = pause => {}, () = self.exchange.hurried() => wait = FIRST_WAIT }
                }
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Sends one nudge and waits this long for it. The ping goes out beside it: it is what Synapse needs, and must
    /// not hold up the other where it hangs.
    async fn nudge_once(&self, wait: Duration) -> Result<bool, MatrixError> {
        let nonce = TransactionId::new();
        let mut signals = self.exchange.subscribe();
        let seen = Signal::Nudge(nonce.to_string());
        let nudged = async {
            self.send(&nonce).await?;
            Ok(tokio::time::timeout(wait, wait_for(&mut signals, |signal| *signal == seen)).await.is_ok())
        };
        let pinged = async {
            if let Err(error) = ping_homeserver(&self.app, &self.exchange).await {
                tracing::debug!(%error, "the homeserver did not ping us");
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { moved = nudged => moved, () = pinged => Ok(false) }
    }

    async fn send(&self, nonce: &TransactionId) -> Result<(), MatrixError> {
        let bot = self.app.bot();
        let room_id = self.ensure_room().await?;
        let content = json!({ "nonce": nonce });
        match bot.send(&room_id, NUDGE, &content, nonce, None).await {
            Err(error) if is_room_lost(&error) => {
                // The homeserver lost its database, or the bot was thrown out.
                tracing::info!("the bot's control room is gone; making a new one");
                bot.remove_alias(&self.alias()).await?;
                let room_id = self.make_room().await?;
                bot.send(&room_id, NUDGE, &content, nonce, None).await.map(|_| ())
            }
            answer => answer.map(|_| ()),
        }
    }

    async fn ensure_room(&self) -> Result<OwnedRoomId, MatrixError> {
        if let Some(room_id) = self.control_room() {
            return Ok(room_id);
        }
        let remembered = self.app.bot().account_data(CONTROL_ROOM).await?;
        let remembered = remembered.as_ref().and_then(|data| data.get("room_id")?.as_str());
        match remembered.and_then(|room_id| RoomId::parse(room_id).ok()) {
            Some(room_id) => {
                self.remember(&room_id);
                Ok(room_id)
            }
            None => self.make_room().await,
        }
    }

    /// Makes the room under an alias, so that one that was made before a crash, and noted nowhere, is found again.
    async fn make_room(&self) -> Result<OwnedRoomId, MatrixError> {
        let bot = self.app.bot();
        let room = CreateRoom { name: Some("Bridge control room".to_owned()), ..CreateRoom::default() };
        let room_id = bot.create_room_at(&self.alias(), room).await?.room_id;
        self.remember(&room_id);
        bot.set_account_data(CONTROL_ROOM, &json!({ "room_id": room_id })).await?;
        Ok(room_id)
    }

    fn alias(&self) -> OwnedRoomAliasId {
        self.app.ghosts().own_alias("control room")
    }

    fn remember(&self, room_id: &RoomId) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room_id.to_owned());
    }
}

/// Homeservers answer a send into a room they don't know, or that the bot is not in, with any of these.
fn is_room_lost(error: &MatrixError) -> bool {
    match error {
        MatrixError::Refused { status: 403 | 404, .. } => true,
        MatrixError::Refused { status: 500, message, .. } => message.contains("unknown version"),
        _ => false,
    }
}

/// Waits for the end of an outage that was not seen before.
async fn outage_over(reach: &mut watch::Receiver<Reach>) {
    let seen = reach.borrow_and_update().recoveries;
    if reach.wait_for(|reach| reach.recoveries != seen).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
