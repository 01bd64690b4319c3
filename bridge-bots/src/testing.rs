//! For authors of bots: drives a plugin without a homeserver, and says what it did.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bridge_core::clock::Clock;
use bridge_core::store::Store;
use bridge_core::store::seal::Seal;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::instance::log::Log;
use crate::plugin::act::{Act, Voice};
use crate::plugin::context::Own;
use crate::plugin::database::{Database, Limits, Pool};
use crate::plugin::{Descriptor, Event, Plugin, PluginContext, PluginError, Timer, WebRequest, WebResponse};
use crate::runtime::native::Plugins;
use crate::runtime::{Runtime as _, Task, Worker};
use crate::store::{TABLES, timer};

/// When a test begins, in milliseconds since 1970: a moment in 2027.
pub const BEGIN: i64 = 1_800_000_000_000;
/// The bot's account.
pub const ACCOUNT: &str = "@bots_test:hs.test";
/// Where things are said unless another room is named.
pub const ROOM: &str = "!room:hs.test";

/// A started instance of a plugin, with a real memory and real timers, a clock that stands still, and a homeserver that only
/// notes down what it is told.
pub struct TestBot {
    worker: Arc<dyn Worker>,
    descriptor: Descriptor,
    own: Own,
    notes: Arc<Notes>,
    last: Option<(Task, String)>,
    events: usize,
    /// Where its own database lies.
    folder: tempfile::TempDir,
}

impl fmt::Debug for TestBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBot").field("did", &self.did()).finish_non_exhaustive()
    }
}

/// What was done, in order, each effect once.
#[derive(Debug, Default)]
struct Notes {
    acts: Mutex<Vec<Act>>,
    answers: Mutex<HashMap<String, String>>,
    around: Mutex<Around>,
}

/// What the homeserver and the host say of people and of themselves.
#[derive(Debug)]
struct Around {
    moderators: HashSet<String>,
    admins: HashSet<String>,
    upload_limit: u64,
    /// After how many more effects the homeserver is away for one.
    away_after: Option<usize>,
}

impl Default for Around {
    fn default() -> Self {
        let (moderators, admins) = (HashSet::new(), HashSet::new());
        Self { moderators, admins, upload_limit: u64::MAX, away_after: None }
    }
}

impl Notes {
    fn around(&self) -> MutexGuard<'_, Around> {
        self.around.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        let mut around = self.around();
        let left = around.away_after;
        around.away_after = left.and_then(|left| left.checked_sub(1));
        left == Some(0)
    }
}

impl Voice for Notes {
    fn perform<'a>(&'a self, act: Act, key: &'a str) -> BoxFuture<'a, Result<String, PluginError>> {
        if self.is_away() {
            let why = "the homeserver cannot be reached".to_owned();
            return Box::pin(std::future::ready(Err(PluginError::Later(why))));
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = answers.len();
        let answer = answers.entry(key.to_owned()).or_insert_with(|| {
            let answer = match &act {
                Act::Upload { .. } | Act::UploadFile { .. } => format!("mxc://hs.test/file{next}"),
                _ => format!("$answer{next}:hs.test"),
            };
            self.acts.lock().unwrap_or_else(PoisonError::into_inner).push(act);
            answer
        });
        let answer = answer.clone();
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn may_change_room<'a>(
        &'a self,
        _room_id: &'a str,
        user_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, PluginError>> {
        Box::pin(std::future::ready(Ok(self.around().moderators.contains(user_id))))
    }

    fn upload_limit(&self) -> u64 {
        self.around().upload_limit
    }

    fn is_admin(&self, user_id: &str) -> bool {
        self.around().admins.contains(user_id)
    }
}

/// The database of a plugin that asks for one, as a host with its defaults gives it.
async fn open_database(folder: &Path, descriptor: &Descriptor) -> Result<Option<Database>, PluginError> {
    let Some(steps) = descriptor.database else { return Ok(None) };
    let limit = Duration::from_secs(30);
    let limits = Limits { mib: 1_024, held: limit, steps: limit };
    Database::open(&folder.join("test.db"), steps, limits).await.map(Some)
}

impl TestBot {
    /// Starts a plugin with this config text; empty for the defaults. The error is what a wrong config or the plugin's start
    /// says.
    pub async fn start<P: Plugin>(config: &str) -> Result<Self, PluginError> {
        let store = Store::open_unchanged("sqlite::memory:", Seal::none(), Clock::manual(BEGIN)).await?;
        let store = store.with_components(TABLES);
        store.bring_up_to_date().await?;
        let (notes, descriptor) = (Arc::new(Notes::default()), P::descriptor());
        let folder = tempfile::tempdir()
            .map_err(|error| PluginError::Fault(format!("there is no folder for the test: {error}")))?;
        let own = Own {
            instance_id: "test".to_owned(),
            account: ACCOUNT.to_owned(),
            store,
            voice: Arc::<Notes>::clone(&notes),
            log: Log::new("test", Arc::default()),
            database: open_database(folder.path(), &descriptor).await?,
            timers_changed: Arc::default(),
        };
        let plugins = Plugins::default().with::<P>();
        let context = PluginContext::new(own.clone(), "start".to_owned());
        let worker = plugins.start(&descriptor.id, config, &context).await?;
        Ok(Self { worker, descriptor, own, notes, last: None, events: 0, folder })
    }

    /// The same instance is started anew with this config, as after a crash or an edit of the config. What it kept and set is
    /// still there.
    pub async fn restart<P: Plugin>(&mut self, config: &str) -> Result<(), PluginError> {
        self.descriptor = P::descriptor();
        self.own.database = open_database(self.folder.path(), &self.descriptor).await?;
        let context = PluginContext::new(self.own.clone(), "start".to_owned());
        let plugins = Plugins::default().with::<P>();
        self.worker = plugins.start(&self.descriptor.id, config, &context).await?;
        Ok(())
    }

    /// Somebody says something.
    pub async fn says(&mut self, sender: &str, text: &str) -> Result<(), PluginError> {
        self.says_in(ROOM, sender, text).await
    }

    /// Somebody says something in another room.
    pub async fn says_in(&mut self, room_id: &str, sender: &str, text: &str) -> Result<(), PluginError> {
        let event = self.message(room_id, sender, text);
        self.hears(event).await
    }

    /// Somebody said something this long ago, and it arrives now.
    pub async fn says_late(&mut self, sender: &str, text: &str, ago: Duration) -> Result<(), PluginError> {
        let mut event = self.message(ROOM, sender, text);
        event.origin_server_ts -= i64::try_from(ago.as_millis()).unwrap_or(0);
        self.hears(event).await
    }

    /// Something happens. What the plugin does not want to hear of, and what its own account did, is not told to it.
    pub async fn hears(&mut self, event: Event) -> Result<(), PluginError> {
        if event.sender == ACCOUNT || !self.descriptor.is_for(&event) {
            return Ok(());
        }
        let origin = event.id.clone();
        self.work(Task::Event(event), origin).await
    }

    /// What it heard last comes once more, as after a crash. Whatever it does then that it did before has no effect.
    pub async fn repeats_last(&mut self) -> Result<(), PluginError> {
        let Some((task, origin)) = self.last.clone() else { return Ok(()) };
        self.work(task, origin).await
    }

    /// Time passes, and what is due happens when it is due.
    pub async fn advance(&mut self, time: Duration) -> Result<(), PluginError> {
        let until = self.now_ms() + i64::try_from(time.as_millis()).unwrap_or(0);
        while let Some(due_at) = timer::next_due(&self.own.store).await?.filter(|due_at| *due_at <= until) {
            self.pass_until(due_at);
            for row in timer::due(&self.own.store, due_at, i64::MAX).await? {
                let due = Timer::from(row);
                let origin = format!("timer {} {}", due.due_at, due.name);
                self.work(Task::Timer(due.clone()), origin).await?;
                timer::remove(&self.own.store, &self.own.instance_id, &due.name).await?;
            }
        }
        self.pass_until(until);
        Ok(())
    }

    /// Somebody calls its web path. Gives its answer.
    pub async fn is_called(&self, request: WebRequest) -> Result<WebResponse, PluginError> {
        let context = PluginContext::new(self.own.clone(), format!("web {}", self.events));
        self.worker.answer(request, &context).await
    }

    /// An operator has it do something. Gives what they are told.
    pub async fn acts(&self, action: &str, input: &str) -> Result<String, PluginError> {
        let context = PluginContext::new(self.own.clone(), format!("action {action}"));
        self.worker.act(action, input, &context).await
    }

    /// Somebody may change the settings of all rooms from now on.
    pub fn make_moderator(&self, user_id: &str) {
        self.notes.around().moderators.insert(user_id.to_owned());
    }

    /// Somebody is an admin of the host from now on.
    pub fn make_admin(&self, user_id: &str) {
        self.notes.around().admins.insert(user_id.to_owned());
    }

    /// The homeserver takes files of this many bytes at most from now on.
    pub fn limit_uploads(&self, bytes: u64) {
        self.notes.around().upload_limit = bytes;
    }

    /// After so many more effects the homeserver is away for one, which ends in an error as a crash there would;
    /// [`TestBot::repeats_last`] goes on from there. Repeated effects count, too.
    pub fn go_away_after(&self, effects: usize) {
        self.notes.around().away_after = Some(effects);
    }

    /// What it keeps under names that begin so, by name.
    pub async fn keeps(&self, beginning: &str) -> Result<Vec<(String, String)>, PluginError> {
        PluginContext::new(self.own.clone(), String::new()).values(beginning).await
    }

    /// Everything it did, in order.
    pub fn did(&self) -> Vec<Act> {
        self.notes.acts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The texts of the messages that it sent, in order.
    pub fn said(&self) -> Vec<String> {
        self.bodies("m.room.message", |content| content.get("body"))
    }

    /// What it reacted with, in order.
    pub fn reactions(&self) -> Vec<String> {
        self.bodies("m.reaction", |content| content.get("m.relates_to")?.get("key"))
    }

    /// Its own database, to look into; none if its plugin asks for none.
    pub fn database(&self) -> Option<&Pool> {
        self.own.database.as_ref().map(Database::pool)
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.own.store.clock().now_ms()
    }

    /// A message that arrives now.
    pub fn message(&mut self, room_id: &str, sender: &str, text: &str) -> Event {
        self.events += 1;
        Event {
            id: format!("$event{}:hs.test", self.events),
            room_id: room_id.to_owned(),
            sender: sender.to_owned(),
            event_type: "m.room.message".to_owned(),
            origin_server_ts: self.now_ms(),
            accepted_at: self.now_ms(),
            content: json!({ "msgtype": "m.text", "body": text }),
            ..Event::default()
        }
    }

    fn bodies(&self, wanted: &str, text: impl Fn(&Value) -> Option<&Value>) -> Vec<String> {
        let acts = self.did();
        let sent = acts.iter().filter_map(|act| match act {
            Act::Send { kind, content, .. } if kind == wanted => text(content)?.as_str().map(str::to_owned),
            _ => None,
        });
        sent.collect()
    }

    fn pass_until(&self, at: i64) {
        let left = u64::try_from(at - self.now_ms()).unwrap_or(0);
        self.own.store.clock().advance(Duration::from_millis(left));
    }

    async fn work(&mut self, task: Task, origin: String) -> Result<(), PluginError> {
        self.last = Some((task.clone(), origin.clone()));
        let context = PluginContext::new(self.own.clone(), origin);
        self.worker.work(&task, &context).await
    }
}
