//! Hears what happens where an account elsewhere is: what came is committed, then the next is asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use bridge_core::failpoint;
use bridge_core::id::DedupKey;
use bridge_core::matrix::{AppService, ErrorClass, Intent, MatrixError, RoomNews, Synced, TIMELINE};
use bridge_core::queue::{InboxError, NewJob, Source, retry};
use bridge_core::store::StoreError;
use ruma::{RoomId, UserId};
use serde_json::{Value, json};

use super::{Connection, State};
use crate::account;
use crate::host::{Host, lane};
use crate::store::account::AccountRow;
use crate::store::member;
use crate::store::outside::{self, Advance};

/// How long the homeserver waits for something to happen.
const POLL: Duration = Duration::from_secs(30);
/// How often a token is tried again that was not taken: it may have been replaced in its file.
const TRIED_AGAIN: Duration = Duration::from_secs(10);
/// How many pages of a room are read that came too fast for one answer.
const MOST_PAGES: usize = 20;

/// Why nothing is heard.
#[derive(Debug)]
enum Deaf {
    /// The homeserver does not take the token, or it is somebody else's: a sentence with the remedy.
    SignedOut(String),
    Matrix(MatrixError),
    /// The database, or the token's file.
    Own(String),
    /// The account is in use no longer.
    Gone,
}

impl From<MatrixError> for Deaf {
    fn from(error: MatrixError) -> Self {
        Self::Matrix(error)
    }
}

impl From<StoreError> for Deaf {
    fn from(error: StoreError) -> Self {
        Self::Own(error.0)
    }
}

impl From<InboxError> for Deaf {
    fn from(error: InboxError) -> Self {
        Self::Own(error.to_string())
    }
}

/// Goes on until the account is in use no longer.
pub(super) async fn keep(host: &Host, user_id: &str, connection: &Connection) {
    let mut failures = 0;
    loop {
        let Err(deaf) = listen(host, user_id, connection, &mut failures).await;
        failures += 1;
        let (state, why, wait) = match deaf {
            Deaf::Gone => return,
            Deaf::SignedOut(why) => (State::SignedOut, why, TRIED_AGAIN),
            Deaf::Matrix(error) => match (signed_out(&error), error.class()) {
                (Some(code), _) => (State::SignedOut, remedy(host, user_id, code), TRIED_AGAIN),
                (None, ErrorClass::RetryAfter(wait)) => (connection.shown().state, error.to_string(), wait),
                (None, _) => (State::Away, error.to_string(), retry::delay(failures)),
            },
            Deaf::Own(why) => (State::Away, why, retry::delay(failures)),
        };
        if connection.note(state, Some(why.clone()), host.now()) {
            tracing::warn!(
                account = user_id,
                reason = why,
                "nothing is heard for an account elsewhere; it is tried again"
            );
        }
        tokio::time::sleep(wait).await;
    }
}

/// The error code of an answer that says that the token is no good.
fn signed_out(error: &MatrixError) -> Option<&str> {
    error.errcode().filter(|code| {
        error.status() == Some(401)
            || matches!(*code, "M_UNKNOWN_TOKEN" | "M_USER_DEACTIVATED" | "M_USER_LOCKED")
    })
}

fn remedy(host: &Host, user_id: &str, code: &str) -> String {
    let row = host.account(user_id);
    let (name, homeserver) = row.map(|row| (row.name, row.homeserver)).unwrap_or_default();
    let place = match host.token_file(user_id) {
        Some(file) => format!("write the new token into {}", file.display()),
        None => {
            format!("give the new token to `ctl account {name} --token-file FILE` or to the account's page")
        }
    };
    format!(
        "{homeserver} does not take the token of {user_id} any more ({code}): the account was signed out. Its bots wait, and nothing \
         that came so far is lost. Sign it in again, and {place}."
    )
}

async fn listen(
    host: &Host,
    user_id: &str,
    connection: &Connection,
    failures: &mut u32,
) -> Result<std::convert::Infallible, Deaf> {
    let row = host.account(user_id).filter(AccountRow::is_outside).ok_or(Deaf::Gone)?;
    let intent = sign_in(host, &row).await?;
    connection.speak_by(intent.app().clone());
    if let Err(error) = account::show_profile(&intent, &row).await {
        // A homeserver that lets nobody choose a name is no reason to hear nothing.
        if error.class() != ErrorClass::Permanent || signed_out(&error).is_some() {
            return Err(error.into());
        }
        tracing::debug!(account = user_id, %error, "its name or picture could not be set");
    }
    loop {
        let since = outside::since(host.store(), user_id).await?;
        let from = Some(since.as_str()).filter(|since| !since.is_empty());
        let wait = if *failures > 0 { Duration::ZERO } else { POLL };
        // After a long time away an answer may be too long to be read: then less is asked for, and the rest room by room.
        let synced = match intent.sync(from, wait, TIMELINE >> (*failures).min(6)).await {
            Err(error) if from.is_some() && error.status() == Some(400) => {
                begin_anew(host, user_id, &error).await?;
                continue;
            }
            synced => synced?,
        };
        take(host, &intent, &since, &synced).await?;
        *failures = 0;
        let is_other = connection.note(State::Connected, None, host.now());
        if is_other {
            tracing::info!(
                account = user_id,
                homeserver = row.homeserver,
                "an account elsewhere is connected"
            );
        }
    }
}

/// The homeserver does not know its own place any more: it was rebuilt, or restored.
async fn begin_anew(host: &Host, user_id: &str, error: &MatrixError) -> Result<(), StoreError> {
    tracing::warn!(
        account = user_id,
        %error,
        "the homeserver does not know how far it was heard; it begins anew, and what came meanwhile is passed over"
    );
    crate::metrics::passed_over();
    let mut tx = host.store().begin().await?;
    outside::begin_anew(&mut tx, user_id).await?;
    tx.commit().await
}

/// Whoever the token is of has to be the account.
async fn sign_in(host: &Host, row: &AccountRow) -> Result<Intent, Deaf> {
    let token = host.token_of(&row.user_id).await.map_err(Deaf::Own)?;
    let user_id = <&UserId>::try_from(row.user_id.as_str());
    let user_id = user_id.map_err(|_| Deaf::Own(format!("{} is no user id.", row.user_id)))?;
    let app = AppService::of_account(&row.homeserver, user_id, token).map_err(Deaf::Own)?;
    app.client().obey(host.store().lease().clone());
    let who = app.bot().whoami().await?;
    if who != user_id {
        return Err(Deaf::SignedOut(format!(
            "The token of {user_id} is that of {who}. Give the one of {user_id}; another account needs another name."
        )));
    }
    Ok(app.bot())
}

/// Commits what came, then that it was taken. Dying in between has it come again, and it is known by its keys.
async fn take(host: &Host, intent: &Intent, since: &str, synced: &Synced) -> Result<(), Deaf> {
    let user_id = intent.user_id().as_str();
    let known: BTreeSet<String> = member::of_user(host.store(), user_id).await?.into_iter().collect();
    // The same in a repeat; an account that is made anew has not heard of any.
    let at = if since.is_empty() { &synced.next } else { since };
    let invited =
        synced.invited.iter().filter_map(|(room_id, events)| invitation(user_id, room_id, events, at));
    deliver(host, invited.collect()).await?;
    // At the first time all that is there is history.
    let news = synced.joined.iter().chain(&synced.left).filter(|_| !since.is_empty());
    // Room by room: what an account missed in hundreds of them need not be in memory at once.
    for news in news {
        let events = events_of(intent, news, since, known.contains(news.room_id.as_str())).await?;
        let jobs = events.into_iter().filter_map(|event| job(user_id, &news.room_id, event));
        deliver(host, jobs.collect()).await?;
    }
    let joined = synced.joined.iter().map(|news| news.room_id.as_str());
    let joined: Vec<&str> = joined.filter(|room_id| !known.contains(*room_id)).collect();
    let left = synced.left.iter().map(|news| news.room_id.as_str()).collect();
    Ok(outside::advance(host.store(), user_id, &Advance { from: since, to: &synced.next, joined, left })
        .await?)
}

/// Commits what came of a room.
async fn deliver(host: &Host, jobs: Vec<NewJob>) -> Result<(), InboxError> {
    if jobs.is_empty() {
        return Ok(());
    }
    failpoint::pass("outside.received");
    host.parts().inbox.deliver_all(jobs).await?;
    failpoint::pass("outside.stored");
    Ok(())
}

/// What is new in a room, the oldest first, without what was before the account came.
async fn events_of(
    intent: &Intent,
    news: &RoomNews,
    since: &str,
    is_known: bool,
) -> Result<Vec<Value>, Deaf> {
    let read =
        |event: &serde_json::value::RawValue| serde_json::from_str::<Value>(event.get()).unwrap_or_default();
    let mut events: Vec<Value> = news.events.iter().map(|event| read(event)).collect();
    let came =
        |events: &[Value]| events.iter().rposition(|event| is_arrival(event, intent.user_id().as_str()));
    let mut gap = news.gap.clone();
    for _ in 0..MOST_PAGES {
        if !is_known && came(&events).is_some() {
            break;
        }
        let Some(from) = gap.take() else { break };
        let (older, next) = match intent.messages_between(&news.room_id, &from, since).await {
            // This room says no more, such as one that the account was banned from: the others must not wait for it.
            Err(error) if error.class() == ErrorClass::Permanent && signed_out(&error).is_none() => {
                gap = Some(from);
                break;
            }
            page => page?,
        };
        let older = older.iter().rev().map(|event| read(event));
        events = older.chain(events).collect();
        gap = next;
    }
    if !is_known && let Some(at) = came(&events) {
        return Ok(events.split_off(at + 1));
    }
    if gap.is_some() {
        tracing::warn!(
            account = intent.user_id().as_str(),
            room = news.room_id.as_str(),
            taken = events.len(),
            "more happened in a room than is read at once; what is older was passed over"
        );
        crate::metrics::passed_over();
    }
    Ok(events)
}

/// Whether an event is that the account came into the room, and not only a change of its name.
fn is_arrival(event: &Value, user_id: &str) -> bool {
    let membership = |content: &Value| content["membership"] == "join";
    event["type"] == "m.room.member"
        && event["state_key"] == user_id
        && membership(&event["content"])
        && !membership(&event["unsigned"]["prev_content"])
}

/// An event as the host works it: in a lane of the account and the room, so that it reaches the account's bots and no others.
fn job(user_id: &str, room_id: &RoomId, mut event: Value) -> Option<NewJob> {
    let event_id = event["event_id"].as_str()?.to_owned();
    event["room_id"] = room_id.as_str().into();
    Some(new_job(user_id, room_id, &event_id, &event))
}

/// Invitations come without most of their fields.
fn invitation(
    user_id: &str,
    room_id: &RoomId,
    events: &[Box<serde_json::value::RawValue>],
    at: &str,
) -> Option<NewJob> {
    let mut events = events.iter().filter_map(|event| serde_json::from_str::<Value>(event.get()).ok());
    let is_own = |event: &Value| event["type"] == "m.room.member" && event["state_key"] == user_id;
    let sender = events.rfind(is_own)?["sender"].as_str()?.to_owned();
    let event = json!({
        "type": "m.room.member", "room_id": room_id, "sender": sender, "state_key": user_id,
        "content": { "membership": "invite" },
    });
    Some(new_job(user_id, room_id, &format!("invited {room_id} {at}"), &event))
}

fn new_job(user_id: &str, room_id: &RoomId, key: &str, event: &Value) -> NewJob {
    NewJob {
        lane: lane::of_account(user_id, room_id.as_str()),
        source: Source::Matrix,
        login_id: None,
        dedup: DedupKey::new(format!("{user_id}|{key}")),
        payload: event.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_ones_name_is_no_arrival() {
        let event = |before: &str, state_key: &str| {
            json!({
                "type": "m.room.member", "state_key": state_key, "content": { "membership": "join" },
                "unsigned": { "prev_content": { "membership": before } },
            })
        };
        assert!(is_arrival(&event("invite", "@a:x"), "@a:x"));
        assert!(!is_arrival(&event("join", "@a:x"), "@a:x"));
        assert!(!is_arrival(&event("invite", "@b:x"), "@a:x"));
    }
}
