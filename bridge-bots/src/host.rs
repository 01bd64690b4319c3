//! The host: accounts and instances, and the queue's handler that brings events to them.

mod act;
pub(crate) mod beside;
mod carry;
pub(crate) mod change;
pub(crate) mod database;
mod declare;
mod fan_out;
pub(crate) mod known;
pub(crate) mod lane;
mod launch;
pub(crate) mod letters;
mod limited;
pub(crate) mod manage;
pub(crate) mod outside;
mod timers;
pub(crate) mod upload;
pub(crate) mod view;
mod voice;
pub(crate) mod web;

pub(crate) use declare::problems;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bridge_core::appservice::{Lookups, RoomLanes};
use bridge_core::config::Permissions;
use bridge_core::error::JobError;
use bridge_core::matrix::AppService;
use bridge_core::queue::{Closing, Handler, Inbox, InboxError, Job, Lane};
use bridge_core::store::Store;
use futures_util::future::BoxFuture;
use ruma::UserId;
use tokio::sync::{MutexGuard, Notify, watch};
use url::Url;

use crate::config::Section;
use crate::control::Control;
use crate::error::HostError;
use crate::instance::{Instance, Started};
use crate::plugin::context::Own;
use crate::plugin::database::Database;
use crate::plugin::{Descriptor, PluginContext};
use crate::runtime::Runtime;
use crate::signals::Signals;
use crate::store::account::AccountRow;
use crate::store::instance::InstanceRow;

/// What the host stands on.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) app: AppService,
    /// Where the homeserver is.
    pub(crate) homeserver: Url,
    /// What accounts' local parts begin with.
    pub(crate) prefix: String,
    pub(crate) store: Store,
    pub(crate) inbox: Inbox,
    pub(crate) permissions: Permissions,
    pub(crate) section: Section,
    /// The folder of instances' own databases.
    pub(crate) databases: PathBuf,
    pub(crate) runtimes: Vec<Box<dyn Runtime>>,
}

/// A cheap handle; clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Host(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    accounts: RwLock<BTreeMap<String, AccountRow>>,
    /// The connections of those elsewhere, by their ids.
    outside: RwLock<BTreeMap<String, Arc<outside::Connection>>>,
    instances: RwLock<BTreeMap<String, Arc<Instance>>>,
    timers_changed: Arc<Notify>,
    /// Held while an account is chosen for an instance, or taken out of use.
    accounts_turn: tokio::sync::Mutex<()>,
    /// What the config file declares, by names; it never changes while the program runs.
    declared: BTreeMap<String, InstanceRow>,
    signals: Arc<Signals>,
    control: Control,
    /// Whether what there is was read: before that nothing can be changed.
    is_open: watch::Sender<bool>,
    /// How often jobs had a fault of their plugin's.
    faults: Mutex<HashMap<i64, u32>>,
}

impl Host {
    /// A host that knows of no instance yet; see [`Host::open`].
    pub(crate) fn new(parts: Parts) -> Self {
        let declared = declare::declared_instances(&parts.section, &parts.app, &parts.prefix);
        Self(Arc::new(Inner {
            control: Control::new(&parts.section.services, parts.store.clone()),
            parts,
            accounts_turn: tokio::sync::Mutex::default(),
            declared: declared.into_iter().map(|row| (row.instance_id.clone(), row)).collect(),
            accounts: RwLock::default(),
            outside: RwLock::default(),
            instances: RwLock::default(),
            timers_changed: Arc::default(),
            signals: Arc::default(),
            is_open: watch::Sender::new(false),
            faults: Mutex::default(),
        }))
    }

    fn parts(&self) -> &Parts {
        &self.0.parts
    }

    fn now(&self) -> i64 {
        self.0.parts.store.clock().now_ms()
    }

    fn event_limit(&self) -> Duration {
        Duration::from_secs(self.0.parts.section.event_limit.max(1))
    }

    /// The runtime that has a plugin, and what the plugin is.
    fn runtime(&self, plugin: &str) -> Option<(&dyn Runtime, &Descriptor)> {
        self.0.parts.runtimes.iter().find_map(|runtime| {
            let found = runtime.plugins().into_iter().find(|descriptor| descriptor.id == plugin)?;
            Some((&**runtime, found))
        })
    }

    /// All plugins, by their ids.
    pub(crate) fn plugins(&self) -> Vec<&Descriptor> {
        self.0.parts.runtimes.iter().flat_map(|runtime| runtime.plugins()).collect()
    }

    /// The config of a plugin with all keys at their defaults, as YAML.
    pub(crate) fn default_config(&self, plugin: &str) -> Option<String> {
        self.runtime(plugin)?.0.default_config(plugin)
    }

    /// The homeserver's side.
    pub(crate) fn app(&self) -> &AppService {
        &self.0.parts.app
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// What people may do.
    pub(crate) fn permissions(&self) -> &Permissions {
        &self.0.parts.permissions
    }

    /// The services that are looked after beside the bots.
    pub(crate) fn control(&self) -> &Control {
        &self.0.control
    }

    /// What tells of changes and of new log lines.
    pub(crate) fn signals(&self) -> &Arc<Signals> {
        &self.0.signals
    }

    /// Waits until it knows what there is, and works.
    pub(crate) async fn opened(&self) {
        // The sender lives as long as this handle.
        let _ = self.0.is_open.subscribe().wait_for(|is_open| *is_open).await;
    }

    fn instance(&self, instance_id: &str) -> Option<Arc<Instance>> {
        self.0.instances.read().unwrap_or_else(PoisonError::into_inner).get(instance_id).cloned()
    }

    /// Waits until nobody else starts, stops, changes or deletes an instance. One that is gone by then is not found.
    async fn turn<'a>(&self, instance: &'a Arc<Instance>) -> Result<MutexGuard<'a, ()>, HostError> {
        let turn = instance.turn.lock().await;
        let name = instance.row().instance_id;
        let is_there = self.instance(&name).is_some_and(|one| Arc::ptr_eq(&one, instance));
        if is_there { Ok(turn) } else { Err(HostError::no_instance(&name)) }
    }

    fn instances(&self) -> Vec<Arc<Instance>> {
        self.0.instances.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn account(&self, user_id: &str) -> Option<AccountRow> {
        self.0.accounts.read().unwrap_or_else(PoisonError::into_inner).get(user_id).cloned()
    }

    /// Takes note of an account as it is now.
    fn note_account(&self, row: AccountRow) {
        let mut all = self.0.accounts.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(row.user_id.clone(), row);
    }

    /// All accounts, by their ids.
    pub(crate) fn accounts(&self) -> Vec<AccountRow> {
        self.0.accounts.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// What an instance's plugin sees of the world while it works on `origin`.
    fn context(&self, instance: &Instance, started: &Started, origin: String) -> PluginContext {
        self.context_of(instance, instance.row(), started.database.clone(), origin)
    }

    /// The same for what the instance is to be.
    fn context_of(
        &self,
        instance: &Instance,
        row: InstanceRow,
        database: Option<Database>,
        origin: String,
    ) -> PluginContext {
        let own = Own {
            voice: Arc::new(voice::MatrixVoice::new(self, &row)),
            instance_id: row.instance_id,
            account: row.user_id,
            store: self.0.parts.store.clone(),
            log: instance.log.clone(),
            database,
            timers_changed: Arc::clone(&self.0.timers_changed),
        };
        PluginContext::new(own, origin)
    }
}

impl Handler for Host {
    async fn handle(&self, job: &Job) -> Result<Closing, JobError> {
        match lane::instance_of(&job.lane) {
            Some(instance_id) => self.carry(job, instance_id).await?,
            None => self.fan_out(job).await?,
        }
        Ok(Closing::default())
    }

    async fn given_up(&self, job: &Job, reason: &str, _for_person: bool) -> Option<String> {
        self.forget_faults(job.id);
        if let Some(instance) = lane::instance_of(&job.lane).and_then(|id| self.instance(id)) {
            instance.note(|status| status.last_error = Some(reason.to_owned()));
        }
        None
    }
}

/// Each room is a lane of its own, from which the events go on to the instances' lanes.
#[derive(Debug)]
pub(crate) struct Rooms;

impl RoomLanes for Rooms {
    fn lane<'a>(&'a self, room_id: &'a str) -> BoxFuture<'a, Result<Lane, InboxError>> {
        Box::pin(std::future::ready(Ok(Lane::of_room(room_id))))
    }
}

impl Lookups for Host {
    fn user_exists<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Ok(id) = <&UserId>::try_from(user_id) else { return false };
            self.account(user_id).is_some() && self.0.parts.app.intent(id).ensure_registered().await.is_ok()
        })
    }

    fn alias_exists<'a>(&'a self, _alias: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }
}
