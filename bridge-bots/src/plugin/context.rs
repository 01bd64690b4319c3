//! All that a plugin sees of the world: its account, its memory, its timers, its log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bridge_core::clock::Clock;
use bridge_core::matrix::{TxnKey, txn_id};
use bridge_core::store::Store;
use serde_json::{Value, json};

use super::PluginError;
use super::act::{Act, Voice};
use super::database::{Database, Pool};
use super::event::{Event, Timer};
use crate::instance::log::Log;
use crate::store::{kv, timer};

pub use crate::instance::log::Severity;

/// What belongs to an instance, whatever it is told of.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) instance_id: String,
    pub(crate) account: String,
    pub(crate) store: Store,
    pub(crate) voice: Arc<dyn Voice>,
    pub(crate) log: Log,
    /// Its own database, if its plugin asks for one.
    pub(crate) database: Option<Database>,
    /// Tells whoever waits for the next timer that there may be a sooner one.
    pub(crate) timers_changed: Arc<tokio::sync::Notify>,
}

/// What a plugin may do, in answer to one event. Each effect has a key made of the instance, the event and its place among the
/// effects, so that a repeat after a crash does nothing twice.
#[derive(Debug)]
pub struct PluginContext {
    own: Own,
    /// What it answers.
    origin: String,
    part: String,
    next: AtomicU32,
}

impl PluginContext {
    pub(crate) fn new(own: Own, origin: String) -> Self {
        Self { own, origin, part: String::new(), next: AtomicU32::new(0) }
    }

    /// The instance's name.
    pub fn instance(&self) -> &str {
        &self.own.instance_id
    }

    /// The account's full id.
    pub fn account(&self) -> &str {
        &self.own.account
    }

    /// The clock that [`PluginContext::now_ms`] reads, for what outlives one event.
    pub fn clock(&self) -> Clock {
        self.own.store.clock().clone()
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.own.store.clock().now_ms()
    }

    /// The same, for effects whose number or order may differ at another try: they are told apart by this name and their order
    /// under it.
    #[must_use]
    pub fn under(&self, name: &str) -> Self {
        Self {
            own: self.own.clone(),
            origin: self.origin.clone(),
            part: format!("{}/{name}", self.part),
            next: AtomicU32::new(0),
        }
    }

    /// Writes a line into the instance's log. It must not hold what people said.
    pub fn log(&self, severity: Severity, text: impl Into<String>) {
        self.own.log.write(self.now_ms(), severity, text.into());
    }

    // ── the account

    /// Sends any event. Gives its id.
    pub async fn send(&self, room_id: &str, kind: &str, content: Value) -> Result<String, PluginError> {
        let (room_id, kind) = (room_id.to_owned(), kind.to_owned());
        self.perform(Act::Send { room_id, kind, content }).await
    }

    /// Says something as bots do: as a notice, which bots do not answer. Gives the event's id.
    pub async fn say(&self, room_id: &str, text: &str) -> Result<String, PluginError> {
        self.send(room_id, "m.room.message", notice(text)).await
    }

    /// Answers a message with a notice, in its thread if it is in one. Gives the event's id.
    pub async fn reply(&self, event: &Event, text: &str) -> Result<String, PluginError> {
        self.reply_with(event, notice(text)).await
    }

    /// The same with the content of any message, which has to be an object. Gives the event's id.
    pub async fn reply_with(&self, event: &Event, mut content: Value) -> Result<String, PluginError> {
        content["m.relates_to"] = answering(event);
        self.send(&event.room_id, "m.room.message", content).await
    }

    /// Reacts to an event. Gives the reaction's id.
    pub async fn react(&self, event: &Event, key: &str) -> Result<String, PluginError> {
        let relation = json!({ "rel_type": "m.annotation", "event_id": event.id, "key": key });
        self.send(&event.room_id, "m.reaction", json!({ "m.relates_to": relation })).await
    }

    /// Changes a message of the account's own. Gives the edit's id.
    pub async fn edit(&self, room_id: &str, event_id: &str, text: &str) -> Result<String, PluginError> {
        let mut content = notice(&format!("* {text}"));
        content["m.new_content"] = notice(text);
        content["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": event_id });
        self.send(room_id, "m.room.message", content).await
    }

    /// Takes an event back. Gives the redaction's id.
    pub async fn redact(
        &self,
        room_id: &str,
        event_id: &str,
        reason: Option<&str>,
    ) -> Result<String, PluginError> {
        let (room_id, event_id) = (room_id.to_owned(), event_id.to_owned());
        self.perform(Act::Redact { room_id, event_id, reason: reason.map(str::to_owned) }).await
    }

    /// Uploads a file. Gives its `mxc://` address.
    pub async fn upload(
        &self,
        content: Vec<u8>,
        content_type: &str,
        name: Option<&str>,
    ) -> Result<String, PluginError> {
        let (content_type, name) = (content_type.to_owned(), name.map(str::to_owned));
        self.perform(Act::Upload { content, content_type, name }).await
    }

    /// Uploads a file of this machine's disk, of this many bytes, without holding it in memory. Gives its `mxc://` address.
    pub async fn upload_file(
        &self,
        path: &Path,
        size: u64,
        content_type: &str,
        name: Option<&str>,
    ) -> Result<String, PluginError> {
        let (content_type, name) = (content_type.to_owned(), name.map(str::to_owned));
        self.perform(Act::UploadFile { path: path.to_owned(), size, content_type, name }).await
    }

    /// How long an uploaded file may be, in bytes, as the homeserver said at the start; without a limit if it did not.
    pub fn upload_limit(&self) -> u64 {
        self.own.voice.upload_limit()
    }

    /// Shows the account as typing for this long, or no longer.
    pub async fn typing(&self, room_id: &str, time: Option<Duration>) -> Result<(), PluginError> {
        self.perform(Act::Typing { room_id: room_id.to_owned(), time }).await.map(drop)
    }

    /// Marks a room as read up to an event.
    pub async fn read(&self, event: &Event) -> Result<(), PluginError> {
        let (room_id, event_id) = (event.room_id.clone(), event.id.clone());
        self.perform(Act::Read { room_id, event_id }).await.map(drop)
    }

    // ── other people

    /// Whether somebody may change the settings of a room that the account is in: has its level `state_default`, or made a
    /// room whose makers stand above the levels. Asks the homeserver.
    pub async fn may_change_room(&self, room_id: &str, user_id: &str) -> Result<bool, PluginError> {
        self.own.voice.may_change_room(room_id, user_id).await
    }

    /// Whether somebody is an admin of the host, by its `permissions`.
    pub fn is_admin(&self, user_id: &str) -> bool {
        self.own.voice.is_admin(user_id)
    }

    // ── memory

    /// What the instance keeps under a name.
    pub async fn value(&self, name: &str) -> Result<Option<String>, PluginError> {
        Ok(kv::find(&self.own.store, &self.own.instance_id, name).await?)
    }

    /// What the instance keeps under names that begin so, by name.
    pub async fn values(&self, beginning: &str) -> Result<Vec<(String, String)>, PluginError> {
        Ok(kv::list(&self.own.store, &self.own.instance_id, beginning).await?)
    }

    /// Keeps a value in place of what stood under the name. It is on disk when this returns.
    pub async fn put(&self, name: &str, value: &str) -> Result<(), PluginError> {
        Ok(kv::put(&self.own.store, &self.own.instance_id, name, Some(value)).await?)
    }

    /// Takes a value away.
    pub async fn forget(&self, name: &str) -> Result<(), PluginError> {
        Ok(kv::put(&self.own.store, &self.own.instance_id, name, None).await?)
    }

    /// The instance's own database, which outlives restarts and goes with the instance. A connection may be used as long as an
    /// event may take; then what runs on it is cut off. Fails if the descriptor does not ask for one.
    pub fn database(&self) -> Result<&Pool, PluginError> {
        let no_database =
            || PluginError::Fault("it uses a database and its descriptor asks for none".to_owned());
        Ok(self.own.database.as_ref().ok_or_else(no_database)?.pool())
    }

    // ── timers

    /// Has [`Plugin::on_timer`](super::Plugin::on_timer) called at a time, once, whatever is stopped or dies until then; late if
    /// the instance is stopped at that time. Another one of the same name is replaced. Name it after the event that asks for
    /// it: then a repeat sets no second one.
    pub async fn set_timer(&self, timer: &Timer) -> Result<(), PluginError> {
        let row = timer::TimerRow {
            instance_id: self.own.instance_id.clone(),
            name: timer.name.clone(),
            room_id: timer.room_id.clone(),
            due_at: timer.due_at,
            payload: timer.payload.clone(),
        };
        timer::put(&self.own.store, &row).await?;
        self.own.timers_changed.notify_one();
        Ok(())
    }

    /// Takes a timer back. Says whether it was still there.
    pub async fn cancel_timer(&self, name: &str) -> Result<bool, PluginError> {
        Ok(timer::remove(&self.own.store, &self.own.instance_id, name).await?)
    }

    /// The timers that are still to come, the next first.
    pub async fn timers(&self) -> Result<Vec<Timer>, PluginError> {
        let rows = timer::of_instance(&self.own.store, &self.own.instance_id).await?;
        Ok(rows.into_iter().map(Timer::from).collect())
    }

    async fn perform(&self, act: Act) -> Result<String, PluginError> {
        let part = format!("{}#{}", self.part, self.next.fetch_add(1, Ordering::Relaxed));
        let key = TxnKey {
            kind: "bot",
            remote_id: &self.origin,
            part: &part,
            ghost: &self.own.account,
            revision: &self.own.instance_id,
        };
        self.own.voice.perform(act, txn_id(&key).as_str()).await
    }
}

impl From<timer::TimerRow> for Timer {
    fn from(row: timer::TimerRow) -> Self {
        let timer::TimerRow { name, room_id, due_at, payload, .. } = row;
        Self { name, room_id, due_at, payload }
    }
}

fn notice(text: &str) -> Value {
    json!({ "msgtype": "m.notice", "body": text, "m.mentions": {} })
}

/// The relation of an answer to a message.
fn answering(event: &Event) -> Value {
    let mut relation = json!({ "m.in_reply_to": { "event_id": event.id } });
    if let Some(thread) = event.thread() {
        relation["rel_type"] = "m.thread".into();
        relation["event_id"] = thread.into();
    }
    relation
}
