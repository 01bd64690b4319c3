//! Intents against the fake homeserver, in both of its profiles.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod faults;
mod rooms;

use ruma::{OwnedRoomId, OwnedTransactionId, RoomId};
use serde_json::{Value, json};
use testkit::{Fake, Homeserver, Kind, Slot};

use super::testing::app_of;
use super::{AppService, Intent, TxnKey, txn_id};
use crate::id::RemoteUserId;

const BOTH: [Kind; 2] = [Kind::FakeSynapse, Kind::FakeContinuwuity];

struct World {
    slot: Slot,
    app: AppService,
}

impl World {
    /// A slot of a homeserver.
    async fn new(kind: Kind) -> Self {
        let slot = Homeserver::lease(kind).await.unwrap();
        Self { app: app_of(&slot), slot }
    }

    /// The same appservice as after a restart: nothing is known.
    fn twin(&self) -> AppService {
        app_of(&self.slot)
    }

    fn ghost(&self, remote: &str) -> Intent {
        self.app.intent(&self.app.ghosts().user_id(&RemoteUserId::new(remote)))
    }

    async fn room(&self) -> OwnedRoomId {
        self.app.bot().create_room(super::CreateRoom::default()).await.unwrap()
    }

    fn fake(&self) -> &Fake {
        self.slot.homeserver.fake().unwrap()
    }

    /// The messages in a room as everybody sees them.
    fn messages(&self, room_id: &RoomId) -> Vec<Value> {
        let mut events = self.fake().events(room_id.as_str());
        events.retain(|event| event["type"] == "m.room.message");
        events
    }
}

fn txn(remote_id: &str, ghost: &Intent) -> OwnedTransactionId {
    let ghost = ghost.user_id().as_str();
    txn_id(&TxnKey { kind: "message", remote_id, part: "", ghost, revision: "" })
}

fn text(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body })
}
