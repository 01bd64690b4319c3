//! What operators do with accounts and instances. Pages, APIs and the verb `ctl` call these.

use std::sync::{Arc, PoisonError};

use bridge_core::store::StoreError;

use super::Host;
use super::view::InstanceView;
use crate::account;
use crate::config::{Account, name_problem};
use crate::error::HostError;
use crate::instance::Instance;
use crate::instance::log::Line;
use crate::plugin::{Problem, Severity};
use crate::store::account::AccountRow;
use crate::store::instance::InstanceRow;
use crate::store::{account as accounts, instance as instances};

/// A new instance, as an operator asks for it.
#[derive(Debug, Clone)]
pub(crate) struct NewInstance {
    pub(crate) name: String,
    pub(crate) plugin: String,
    /// The account's name.
    pub(crate) account: String,
    /// YAML or JSON; empty for the defaults.
    pub(crate) config: String,
    /// Whether it is started at once.
    pub(crate) enabled: bool,
}

impl Host {
    /// One instance, with its config as text.
    pub(crate) fn show(&self, name: &str) -> Result<(InstanceView, String), HostError> {
        let instance = self.found(name)?;
        Ok((self.view(&instance), instance.row().config))
    }

    /// Makes an account, or changes what it is called. It is registered at once.
    pub(crate) async fn put_account(&self, name: &str, account: &Account) -> Result<AccountRow, HostError> {
        let mut problems: Vec<Problem> = name_problem("account", name).into_iter().collect();
        problems.extend(account::problems(account));
        if !problems.is_empty() {
            return Err(HostError::Invalid(problems));
        }
        let _choosing = self.0.accounts_turn.lock().await;
        if account.is_outside() || self.outside_named(name).is_some() {
            return self.put_outside(name, account).await;
        }
        if account.token.is_some() {
            let text = "An access token is for an account elsewhere. Name its homeserver, too, or leave the token out.";
            return Err(HostError::Conflict(text.to_owned()));
        }
        let user_id = self.user_id(name);
        if self.account(&user_id).is_some_and(|row| row.declared) {
            return Err(declared("account", name));
        }
        let row = account::row(user_id, name, account, false);
        let mut tx = self.parts().store.begin().await?;
        accounts::put(&mut tx, &row).await?;
        tx.commit().await?;
        self.note_account(row.clone());
        self.set_up_account(row.clone());
        Ok(row)
    }

    /// Takes an account out of use; no instance may need it any more. The Matrix user stays, and in its rooms.
    pub(crate) async fn delete_account(&self, name: &str) -> Result<(), HostError> {
        let _choosing = self.0.accounts_turn.lock().await;
        let row = self.found_account(name)?;
        if row.declared {
            return Err(declared("account", name));
        }
        let user = self.instances().into_iter().find(|instance| instance.row().user_id == row.user_id);
        if let Some(user) = user {
            let user = user.row().instance_id;
            return Err(HostError::Conflict(format!(
                "The instance {user} uses the account {name}; delete it first."
            )));
        }
        let mut tx = self.parts().store.begin().await?;
        accounts::remove(&mut tx, &row.user_id).await?;
        tx.commit().await?;
        self.0.accounts.write().unwrap_or_else(PoisonError::into_inner).remove(&row.user_id);
        self.disconnect(&row.user_id);
        Ok(())
    }

    /// Makes an instance, and starts it if that is wanted. Nothing is made if anything of what is asked is wrong. One whose plugin
    /// does not start is made, and its start tried again; the error says so.
    pub(crate) async fn create(&self, new: NewInstance) -> Result<InstanceView, HostError> {
        let NewInstance { name, plugin, account, config, enabled } = new;
        if let Some(problem) = name_problem("name", &name) {
            return Err(HostError::Invalid(vec![problem]));
        }
        let choosing = self.0.accounts_turn.lock().await;
        let user_id = self.found_account(&account)?.user_id;
        let (runtime, descriptor) = self.runtime(&plugin).ok_or_else(|| {
            HostError::NotFound(format!(
                "There is no plugin {plugin}. `ctl plugins` lists those that there are."
            ))
        })?;
        runtime.check(&plugin, &config).map_err(HostError::Invalid)?;
        let row =
            InstanceRow { instance_id: name.clone(), plugin, user_id, enabled, config, declared: false };
        let instance =
            Arc::new(Instance::new(row.clone(), descriptor.clone(), self.now(), Arc::clone(self.signals())));
        let _turn = instance.turn.lock().await;
        {
            let mut all = self.0.instances.write().unwrap_or_else(PoisonError::into_inner);
            if all.contains_key(&name) {
                return Err(HostError::Conflict(format!("There is an instance {name} already.")));
            }
            all.insert(name.clone(), Arc::clone(&instance));
        }
        if let Err(error) = self.store_row(&row).await {
            self.0.instances.write().unwrap_or_else(PoisonError::into_inner).remove(&name);
            return Err(error.into());
        }
        drop(choosing);
        self.signals().state_changed();
        if enabled {
            self.begin(&instance).await?;
            self.bring_up(&instance).await?;
        }
        Ok(self.view(&instance))
    }

    /// Starts an instance; one that runs is left as it is.
    pub(crate) async fn start(&self, name: &str) -> Result<InstanceView, HostError> {
        let instance = self.found(name)?;
        let _turn = self.turn(&instance).await?;
        self.switch(&instance, true).await?;
        Ok(self.view(&instance))
    }

    /// Stops an instance, which stays so over restarts of the program unless the config file says otherwise. What it works on
    /// comes to its end.
    pub(crate) async fn stop(&self, name: &str) -> Result<InstanceView, HostError> {
        let instance = self.found(name)?;
        let _turn = self.turn(&instance).await?;
        self.switch(&instance, false).await?;
        Ok(self.view(&instance))
    }

    /// Has an instance whose turn it is run or not.
    pub(super) async fn switch(&self, instance: &Instance, enabled: bool) -> Result<(), HostError> {
        if !enabled {
            self.enable(instance, false).await?;
            self.halt(instance, true).await;
        } else if instance.worker().is_none() {
            self.begin(instance).await?;
            self.enable(instance, true).await?;
            self.bring_up(instance).await?;
        }
        Ok(())
    }

    /// Stops an instance whose turn it is; `is_told` says whether its log has a line of it.
    pub(super) async fn halt(&self, instance: &Instance, is_told: bool) {
        let _gate = instance.gate.write().await;
        instance.halt(self.now());
        if is_told {
            instance.log.write(self.now(), Severity::Info, "was stopped".to_owned());
        }
    }

    /// Stops and starts an instance. Others notice nothing.
    pub(crate) async fn restart(&self, name: &str) -> Result<InstanceView, HostError> {
        let instance = self.found(name)?;
        let _turn = self.turn(&instance).await?;
        self.begin(&instance).await?;
        self.enable(&instance, true).await?;
        self.bring_up(&instance).await?;
        Ok(self.view(&instance))
    }

    /// Deletes an instance with all it kept.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), HostError> {
        let instance = self.found(name)?;
        let _turn = self.turn(&instance).await?;
        if instance.row().declared {
            return Err(declared("instance", name));
        }
        // Whoever hands it an event just now comes before this.
        let _gate = instance.gate.write().await;
        // Before the transaction: its connections may take a while to close, and nobody else can write meanwhile.
        self.halt_for_good(&instance).await;
        let mut tx = self.parts().store.begin().await?;
        instances::remove(&mut tx, name).await?;
        // Before the commit: whoever gets this name later must not find what this one kept.
        if let Err(why) = self.remove_database(&instance) {
            tx.rollback().await?;
            return Err(why);
        }
        tx.commit().await?;
        self.0.instances.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        // Tells whoever watches, too.
        instance.halt(self.now());
        Ok(())
    }

    /// The last lines of an instance's log, the oldest first.
    pub(crate) fn logs(&self, name: &str, most: usize) -> Result<Vec<Line>, HostError> {
        Ok(self.found(name)?.log.tail(most))
    }

    /// The lines of an instance's log behind this number, the oldest first.
    pub(crate) fn logs_after(&self, name: &str, number: u64) -> Result<Vec<Line>, HostError> {
        Ok(self.found(name)?.log.after(number))
    }

    async fn enable(&self, instance: &Instance, enabled: bool) -> Result<(), HostError> {
        let row = instance.row();
        if row.enabled != enabled {
            let row = InstanceRow { enabled, ..row };
            self.store_row(&row).await?;
            instance.set_row(row);
        }
        Ok(())
    }

    pub(super) async fn store_row(&self, row: &InstanceRow) -> Result<(), StoreError> {
        let mut tx = self.parts().store.begin().await?;
        instances::put(&mut tx, row).await?;
        tx.commit().await
    }

    pub(super) fn found(&self, name: &str) -> Result<Arc<Instance>, HostError> {
        self.instance(name).ok_or_else(|| HostError::no_instance(name))
    }

    pub(crate) fn found_account(&self, name: &str) -> Result<AccountRow, HostError> {
        let user_id = self.user_id(name);
        self.account(&user_id).ok_or_else(|| {
            HostError::NotFound(format!(
                "There is no account {name}. `ctl accounts` lists those that there are."
            ))
        })
    }
}

pub(super) fn declared(what: &str, name: &str) -> HostError {
    HostError::Conflict(format!(
        "The {what} {name} is declared in the config file. Change it there and start the program again."
    ))
}
