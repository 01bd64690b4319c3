//! Signing in without a password: the bot sends an admin a link that is good once.

use bridge_core::matrix::{CreateRoom, MatrixError};
use bridge_core::secret::Secret;
use bridge_core::store::StoreError;
use bridge_core::task;
use ruma::{OwnedRoomId, RoomId, TransactionId, UserId};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Shared;
use super::sessions::Kind;
use crate::error::HostError;

/// Held while it is looked for somebody's room and one is made, so that two wishes make one.
static ONE: Mutex<()> = Mutex::const_new(());

/// How large the state of a direct chat may be, in bytes; one with more has more people in it.
const LARGEST_STATE: usize = 256 * 1024;

/// Why a link could not be sent.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("{0}")]
    Matrix(#[from] MatrixError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Host(#[from] HostError),
    #[error("there is no address for links: bots.admin.listen and public_url are both empty")]
    NoAddress,
}

/// Sends a link to whoever may sign in by one. Returns at once, so that nobody learns from the time it takes who may.
pub(super) fn send_later(shared: &Shared, mxid: &str) {
    let Some(stamp) = shared.stamp(mxid).filter(|_| mxid.starts_with('@')) else {
        tracing::warn!("a link to sign in was asked for by somebody who is no admin; nothing was sent");
        return;
    };
    let Ok(person) = UserId::parse(mxid) else { return };
    let shared = shared.clone();
    task::spawn("send a link to sign in", async move {
        if let Err(error) = send(&shared, &person, &stamp).await {
            tracing::error!(%person, %error, "the link to sign in could not be sent; ask for another one");
        }
    });
}

async fn send(shared: &Shared, person: &UserId, stamp: &str) -> Result<(), LinkError> {
    let address = shared.config.address().ok_or(LinkError::NoAddress)?;
    let room = direct_chat(shared, person).await?;
    let code = shared.sessions.begin(person.as_str(), stamp, Kind::Link).await?;
    let bot = shared.host.app().bot();
    bot.send(&room, "m.room.message", &message(&address, &code), &TransactionId::new(), None).await?;
    tracing::info!(%person, "a link to sign in was sent");
    Ok(())
}

/// Words for a person, with the code behind a `#`: browsers keep that to themselves.
fn message(address: &str, code: &Secret) -> Value {
    let (minutes, code) = (Kind::Link.life().as_secs() / 60, code.expose());
    let text = format!(
        "Sign in to the bots' pages: {address}/login/link#{code}\n\nThe link is good once, for {minutes} minutes. If you did \
         not ask for it, do nothing.\n\nWithout script in the browser, open {address}/login/link and paste this code: {code}"
    );
    json!({ "msgtype": "m.text", "body": text })
}

/// The person's direct chat with the bot: the one that is known, unless one of the two has left it or others are there, who would
/// read the link.
async fn direct_chat(shared: &Shared, person: &UserId) -> Result<OwnedRoomId, LinkError> {
    let _one = ONE.lock().await;
    let (store, bot) = (shared.host.store(), shared.host.app().bot());
    if let Some(known) = store.management_room_of(person.as_str()).await? {
        if let Ok(room) = RoomId::parse(&known)
            && are_alone_together(shared, &room, person).await?
        {
            return Ok(room);
        }
        store.forget_management_room(&known).await?;
    }
    bot.ensure_registered().await?;
    let wanted = CreateRoom {
        name: Some("Bots".to_owned()),
        is_direct: true,
        is_federated: true,
        invite: vec![person.to_owned()],
        // Whoever else came would read the links.
        power_levels: Some(json!({ "invite": 100 })),
        ..CreateRoom::default()
    };
    let room = bot.create_room(wanted).await?;
    store.put_management_room(room.as_str(), person.as_str()).await?;
    Ok(room)
}

/// Whether the bot is in the room, the person is or is invited, and nobody else is either.
async fn are_alone_together(shared: &Shared, room: &RoomId, person: &UserId) -> Result<bool, MatrixError> {
    let bot = shared.host.app().bot();
    let state = match bot.full_state(room, LARGEST_STATE).await {
        Ok(Some(state)) => state,
        Ok(None) => return Ok(false),
        // Whoever was never in a room is told so.
        Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut there: Vec<String> = state.iter().filter_map(|event| member(event.get())).collect();
    there.sort_unstable();
    let mut expected = [bot.user_id().as_str(), person.as_str()];
    expected.sort_unstable();
    Ok(there == expected)
}

/// Who is or may come into a room, by one of its state events.
fn member(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    let membership = event.pointer("/content/membership").and_then(Value::as_str);
    let is_there =
        event["type"] == "m.room.member" && matches!(membership, Some("join" | "invite" | "knock"));
    event["state_key"].as_str().filter(|_| is_there).map(str::to_owned)
}
