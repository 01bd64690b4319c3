//! Accepting transactions: every event in them is committed to the queue, then the homeserver is answered.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use futures_util::future::BoxFuture;
use http::header::CONTENT_LENGTH;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::nudge::NUDGE;
use super::server::{self, Shared};
use crate::cache::Cache;
use crate::failpoint;
use crate::id::DedupKey;
use crate::queue::{Delivered, InboxError, Lane, NewJob, Source};

/// How many transactions are remembered.
const REMEMBERED: usize = 1024;
/// For how long. Ids begin anew when a homeserver restarts, so only a repeat soon after may be told by its id.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// Tells the lane of a room: that of its chat, or the room's own.
pub trait RoomLanes: Send + Sync + 'static {
    /// The lane of this room's events. An error means that it cannot be told now: the transaction is refused and comes
    /// again.
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>>;

    /// An event of a lane as it is to be stored: one that may hold a secret is sealed. An error refuses the transaction.
    fn to_store(&self, lane: &Lane, event: &str) -> Result<String, InboxError> {
        let _ = lane;
        Ok(event.to_owned())
    }
}

/// What becomes of events that our own users sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnEvents {
    /// They are echoes of what we did, and dropped: what a bridge wants.
    Drop,
    /// They are accepted like all others: what bots that talk to each other want.
    Keep,
}

/// Transactions that were accepted a moment ago: a repeat is answered without looking at the events again. The id counts
/// only together with the body, because homeservers use ids again.
pub(super) struct Recent(Cache<String, [u8; 32]>);

impl Default for Recent {
    fn default() -> Self {
        Self(Cache::expiring(REMEMBERED, REMEMBERED_FOR))
    }
}

#[derive(Deserialize)]
struct Transaction<'a> {
    #[serde(borrow, default)]
    events: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    ephemeral: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "de.sorunome.msc2409.ephemeral")]
    old_ephemeral: Option<&'a RawValue>,
}

/// What has to be known of an event to queue it. Whatever is missing or of another type is `None`.
#[derive(Default)]
struct Head {
    event_id: Option<String>,
    room_id: Option<String>,
    event_type: Option<String>,
    sender: Option<String>,
}

impl Head {
    fn read(event: &RawValue) -> Self {
        #[derive(Deserialize, Default)]
        struct Fields<'a> {
            #[serde(borrow, default)]
            event_id: Option<&'a RawValue>,
            #[serde(borrow, default)]
            room_id: Option<&'a RawValue>,
            #[serde(borrow, default, rename = "type")]
            event_type: Option<&'a RawValue>,
            #[serde(borrow, default)]
            sender: Option<&'a RawValue>,
        }
        // serde would take a list for the fields in their order.
        if !event.get().starts_with('{') {
            return Self::default();
        }
        let text = |value: Option<&RawValue>| serde_json::from_str::<String>(value?.get()).ok();
        let fields: Fields<'_> = serde_json::from_str(event.get()).unwrap_or_default();
        Self {
            event_id: text(fields.event_id).filter(|id| !id.is_empty()),
            room_id: text(fields.room_id),
            event_type: text(fields.event_type),
            sender: text(fields.sender),
        }
    }
}

/// Accepts one transaction. A good answer means that all its events are committed.
pub(super) async fn accept(
    State(shared): State<Shared>,
    Path(txn_id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let result = accept_once(&shared, txn_id, request).await;
    let label = result.as_ref().map_or_else(|failure| failure.errcode, |outcome| *outcome);
    metrics::counter!("appservice_transactions_total", "result" => label).increment(1);
    result.map(|_| Json(json!({})))
}

async fn accept_once(
    shared: &server::State,
    txn_id: String,
    request: Request,
) -> Result<&'static str, Failure> {
    let body = read_body(request, shared.body_limit).await?;
    let hash: [u8; 32] = Sha256::digest(&body).into();
    let outcome = if shared.recent.0.get(&txn_id) == Some(hash) {
        "repeated"
    } else {
        let events = parse(&body)?;
        let jobs = to_jobs(shared, &events).await.map_err(|error| unavailable(shared, &error))?;
        failpoint::pass("transaction.received");
        deliver(shared, jobs).await.map_err(|error| unavailable(shared, &error))?;
        failpoint::pass("transaction.stored");
        shared.recent.0.insert(txn_id, hash);
        "ok"
    };
    shared.exchange.note_transaction();
    Ok(outcome)
}

async fn read_body(request: Request, limit: usize) -> Result<axum::body::Bytes, Failure> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(Failure::TOO_LARGE);
    }
    let body: Body = request.into_body();
    // A connection that broke gets this answer too, but nobody reads it.
    to_bytes(body, limit).await.map_err(|_| Failure::TOO_LARGE)
}

fn parse(body: &[u8]) -> Result<Vec<&RawValue>, Failure> {
    let failure =
        |error: serde_json::Error| if error.is_data() { Failure::BAD_JSON } else { Failure::NOT_JSON };
    let whole: &RawValue = serde_json::from_slice(body).map_err(failure)?;
    // serde would take a list for the fields in their order.
    if !whole.get().starts_with('{') {
        return Err(Failure::BAD_JSON);
    }
    let transaction: Transaction<'_> = serde_json::from_str(whole.get()).map_err(failure)?;
    // Servers that write both keys write the same under both.
    if let Some(ephemeral) = transaction.ephemeral.or(transaction.old_ephemeral) {
        let count = serde_json::from_str::<Vec<&RawValue>>(ephemeral.get()).map_or(0, |list| list.len());
        metrics::counter!("appservice_ephemeral_total").increment(count as u64);
    }
    Ok(transaction.events.unwrap_or_default())
}

/// Makes the jobs: one per event that is not our own echo, in order.
async fn to_jobs(shared: &server::State, events: &[&RawValue]) -> Result<Vec<NewJob>, InboxError> {
    let mut jobs = Vec::with_capacity(events.len());
    // A room's events of one transaction stay together, whatever its lane is a moment later.
    let mut lanes: HashMap<String, Lane> = HashMap::new();
    for event in events {
        let head = Head::read(event);
        if is_echo(shared, &head, event) {
            metrics::counter!("appservice_events_total", "result" => "echo").increment(1);
            continue;
        }
        let lane = match &head.room_id {
            Some(room_id) => {
                if let Some(lane) = lanes.get(room_id) {
                    lane.clone()
                } else {
                    let lane = shared.lanes.lane(room_id).await?;
                    lanes.insert(room_id.clone(), lane.clone());
                    lane
                }
            }
            None => Lane::of_room(""),
        };
        let payload = shared.lanes.to_store(&lane, event.get())?;
        jobs.push(NewJob {
            lane,
            source: Source::Matrix,
            login_id: None,
            dedup: head.event_id.map_or_else(|| content_key(event), DedupKey::new),
            payload,
        });
    }
    Ok(jobs)
}

/// Whether an event is to be dropped because we sent it. Told by the sender: the transaction may come before the answer
/// to the call that sent it, so its id need not be known yet.
fn is_echo(shared: &server::State, head: &Head, event: &RawValue) -> bool {
    let Some(sender) = head.sender.as_deref() else { return false };
    let is_nudge = head.event_type.as_deref() == Some(NUDGE) && sender == shared.app.client().bot().as_str();
    if is_nudge {
        if let Some(nonce) = nonce(event) {
            shared.exchange.note_nudge(nonce);
        }
        return true;
    }
    shared.own_events == OwnEvents::Drop && shared.app.owns(sender)
}

fn nonce(event: &RawValue) -> Option<String> {
    let event: Value = serde_json::from_str(event.get()).ok()?;
    Some(event.get("content")?.get("nonce")?.as_str()?.to_owned())
}

/// An event without an id is known again by its content.
fn content_key(event: &RawValue) -> DedupKey {
    use base64::Engine as _;
    let hash = Sha256::digest(event.get().as_bytes());
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    DedupKey::new(format!("content:{hash}"))
}

async fn deliver(shared: &server::State, jobs: Vec<NewJob>) -> Result<(), InboxError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let answers = shared.inbox.deliver_all(jobs).await?;
    let known = answers.iter().filter(|answer| **answer == Delivered::Known).count();
    let accepted = answers.len() - known;
    metrics::counter!("appservice_events_total", "result" => "accepted").increment(accepted as u64);
    metrics::counter!("appservice_events_total", "result" => "known").increment(known as u64);
    Ok(())
}

/// The homeserver has to send it again, and the conduwuit family needs a push to do so.
fn unavailable(shared: &server::State, error: &InboxError) -> Failure {
    shared.exchange.suspect();
    tracing::warn!(%error, "a transaction was not accepted; the homeserver will send it again");
    Failure::UNAVAILABLE
}
