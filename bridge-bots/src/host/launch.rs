//! Accounts and instances come to life when the program begins to work, and again after a fault.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bridge_core::queue::retry;
use bridge_core::task;
use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::fan_out::told;
use super::limited::limited;
use super::{Host, timers};
use crate::account;
use crate::error::HostError;
use crate::instance::status::Phase;
use crate::instance::{Instance, Working};
use crate::plugin::{Descriptor, PluginError, Severity};
use crate::store::account::AccountRow;
use crate::store::instance::InstanceRow;
use crate::store::kept;

/// How long a plugin's start may take.
const START_LIMIT: Duration = Duration::from_secs(30);
/// When a start is tried again for which the database was not there.
const AGAIN: Duration = Duration::from_secs(1);
/// How many accounts are asked about at the same time.
const TOGETHER_ASKED: usize = 16;
/// How many kept events are delivered together.
const TOGETHER: i64 = 100;

impl Host {
    /// Reads what there is and makes it what the config file declares. Comes before the queue begins to work.
    pub(crate) async fn open(&self) -> Result<(), HostError> {
        let (accounts, instances) = self.declare().await?;
        self.note_rooms(&accounts).await;
        self.control().recover().await?;
        let mut by_id = self.0.accounts.write().unwrap_or_else(PoisonError::into_inner);
        by_id.extend(accounts.into_iter().map(|row| (row.user_id.clone(), row)));
        drop(by_id);
        for row in instances {
            // One whose plugin this program lacks is shown as failing, and its timers wait: another version may have it.
            let known = self.runtime(&row.plugin).map(|(_, descriptor)| descriptor.clone());
            let descriptor = known.unwrap_or_else(|| Descriptor::new(&row.plugin, "", ""));
            let instance = Instance::new(row, descriptor, self.now(), Arc::clone(self.signals()));
            self.add(Arc::new(instance));
        }
        self.0.is_open.send_replace(true);
        Ok(())
    }

    async fn note_rooms(&self, accounts: &[AccountRow]) {
        let (app, store) = (&self.parts().app, &self.parts().store);
        let own = accounts.iter().filter(|row| !row.is_outside());
        let noted = futures_util::stream::iter(own).for_each_concurrent(TOGETHER_ASKED, async |row| {
            if let Err(error) = account::note_rooms(app, store, row).await {
                tracing::warn!(account = row.user_id, %error, "the account's rooms could not be asked for; those known stay");
            }
        });
        noted.await;
    }

    pub(super) fn add(&self, instance: Arc<Instance>) {
        let mut instances = self.0.instances.write().unwrap_or_else(PoisonError::into_inner);
        instances.insert(instance.row().instance_id, instance);
    }

    /// Sets accounts up and starts instances. Comes when the queue works; returns at once. Timers fall due until `stop`.
    pub(crate) fn launch(&self, stop: CancellationToken) {
        for row in self.accounts() {
            if row.is_outside() {
                self.connect(&row.user_id);
            } else {
                self.set_up_account(row);
            }
        }
        for instance in self.instances().into_iter().filter(|instance| instance.row().enabled) {
            self.revive_later(instance.row().instance_id, Duration::ZERO);
        }
        self.control().launch();
        let host = self.clone();
        task::spawn("timers", async move {
            let _ = stop.run_until_cancelled(timers::run(&host)).await;
        });
    }

    /// Sees to an account until that has worked.
    pub(super) fn set_up_account(&self, row: AccountRow) {
        let host = self.clone();
        task::spawn("account", async move {
            let mut attempts = 0;
            // A newer wish for the same account has its own task.
            while host.account(&row.user_id).as_ref() == Some(&row) {
                match account::set_up(&host.parts().app, &host.parts().store, &row).await {
                    Ok(()) => return,
                    Err(error) => {
                        attempts += 1;
                        tracing::warn!(account = row.user_id, %error, "an account could not be set up; trying again");
                        tokio::time::sleep(retry::delay(attempts)).await;
                    }
                }
            }
        });
    }

    /// Starts an instance after a while, unless it runs by then or is to be stopped.
    pub(super) fn revive_later(&self, instance_id: String, wait: Duration) {
        let host = self.clone();
        task::spawn("start an instance", async move {
            tokio::time::sleep(wait).await;
            let Some(instance) = host.instance(&instance_id) else { return };
            // One that is gone needs no start.
            let Ok(_turn) = host.turn(&instance).await else { return };
            if !instance.row().enabled || instance.worker().is_some() {
                return;
            }
            let is_begun = instance.status().phase != Phase::Stopped || host.begin(&instance).await.is_ok();
            if is_begun {
                let _ = host.bring_up(&instance).await;
            } else {
                host.revive_later(instance_id, AGAIN);
            }
        });
    }

    /// Makes an instance whose turn it is one that is being started: what comes from now on waits for it, behind what was kept.
    pub(super) async fn begin(&self, instance: &Instance) -> Result<(), HostError> {
        let _gate = instance.gate.write().await;
        self.hand_out_kept(instance).await?;
        instance.begin(self.now());
        Ok(())
    }

    /// Starts the worker of an instance whose turn it is. If that fails it is tried again later; the error says why.
    pub(super) async fn bring_up(&self, instance: &Instance) -> Result<(), HostError> {
        match self.new_worker(instance, &instance.row()).await {
            Ok(working) => {
                instance.run(working, self.now());
                instance.log.write(self.now(), Severity::Info, "runs".to_owned());
                Ok(())
            }
            Err(error) => {
                let why = format!("The plugin could not be started: {error}.");
                instance.log.write(self.now(), Severity::Error, why.clone());
                if let Some(wait) = instance.fail(None, &why, self.now()) {
                    self.revive_later(instance.row().instance_id, wait);
                }
                Err(HostError::Failed(format!("{why} It is tried again by itself.")))
            }
        }
    }

    /// A worker of the instance's plugin, for what the instance is or is to be.
    pub(super) async fn new_worker(
        &self,
        instance: &Instance,
        row: &InstanceRow,
    ) -> Result<Working, PluginError> {
        let (runtime, descriptor) = self
            .runtime(&row.plugin)
            .ok_or_else(|| PluginError::Fault("this program does not have the plugin".to_owned()))?;
        let starting = async {
            let database = self.open_database(&row.instance_id, descriptor, START_LIMIT).await?;
            let origin = format!("start {}", self.now());
            let context = self.context_of(instance, row.clone(), database.clone(), origin);
            let worker = runtime.start(&row.plugin, &row.config, &context).await?;
            Ok(Working { worker, database })
        };
        let started = limited(START_LIMIT, starting).await;
        started.unwrap_or_else(|cut| Err(PluginError::Fault(cut.to_string())))
    }

    /// Puts what was kept while it was stopped into the queue, before anything that comes from now on.
    async fn hand_out_kept(&self, instance: &Instance) -> Result<(), HostError> {
        let instance_id = instance.row().instance_id;
        let store = &self.parts().store;
        loop {
            let rows = kept::next(store, &instance_id, TOGETHER).await?;
            let Some(last) = rows.last().map(|row| row.order_id) else { return Ok(()) };
            let jobs = rows.into_iter().map(|row| told(&instance_id, &row.room_id, row.dedup, row.payload));
            self.parts().inbox.deliver_all(jobs.collect()).await?;
            kept::remove(store, &instance_id, last).await?;
        }
    }
}
