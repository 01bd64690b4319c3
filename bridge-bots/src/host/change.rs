//! Changes of an instance: its config, its account, whether it runs; one of them or all at once.

use std::sync::Arc;

use super::Host;
use super::manage::declared;
use super::view::InstanceView;
use crate::error::HostError;
use crate::instance::Instance;
use crate::instance::status::Phase;
use crate::plugin::Severity;
use crate::store::instance::InstanceRow;

/// What is to be different; what is none stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    /// The account's name.
    pub(crate) account: Option<String>,
    /// YAML or JSON.
    pub(crate) config: Option<String>,
    /// Whether it runs.
    pub(crate) enabled: Option<bool>,
}

impl Host {
    /// Gives an instance another config; see [`Host::change`].
    pub(crate) async fn configure(&self, name: &str, config: &str) -> Result<InstanceView, HostError> {
        self.change(name, Change { config: Some(config.to_owned()), ..Change::default() }).await
    }

    /// Changes an instance, all of it or nothing. One that runs, or is to, goes on as it was until a worker with what is new stands;
    /// if that does not come about, nothing has changed.
    pub(crate) async fn change(&self, name: &str, change: Change) -> Result<InstanceView, HostError> {
        let instance = self.found(name)?;
        let _turn = self.turn(&instance).await?;
        // An account that is chosen must not be deleted before that is stored. A plugin may take long to start: who changes
        // no account lets others make and delete theirs meanwhile.
        let _choosing = match change.account {
            Some(_) => Some(self.0.accounts_turn.lock().await),
            None => None,
        };
        let old = instance.row();
        let row = self.wanted(&old, change)?;
        if (&row.user_id, &row.config) == (&old.user_id, &old.config) {
            self.switch(&instance, row.enabled).await?;
        } else if row.enabled {
            self.renew(&instance, row).await?;
        } else {
            self.store_row(&row).await?;
            instance.set_row(row);
            self.halt(&instance, old.enabled).await;
        }
        Ok(self.view(&instance))
    }

    /// What an instance is to be, looked over.
    fn wanted(&self, old: &InstanceRow, change: Change) -> Result<InstanceRow, HostError> {
        let Change { account, config, enabled } = change;
        let user_id = match account {
            Some(account) => self.found_account(&account)?.user_id,
            None => old.user_id.clone(),
        };
        let config = config.unwrap_or_else(|| old.config.clone());
        if (&user_id, &config) != (&old.user_id, &old.config) {
            if old.declared {
                return Err(declared("instance", &old.instance_id));
            }
            self.check(&old.plugin, &config)?;
        }
        Ok(InstanceRow { user_id, config, enabled: enabled.unwrap_or(old.enabled), ..old.clone() })
    }

    /// Has an instance whose turn it is work as it is now to be.
    async fn renew(&self, instance: &Arc<Instance>, row: InstanceRow) -> Result<(), HostError> {
        let working = self.new_worker(instance, &row).await.map_err(|error| {
            let error = error.to_string();
            let why = error.trim_end_matches('.');
            HostError::Failed(format!(
                "The plugin does not start with this config, so the old one stays: {why}. Nothing was changed."
            ))
        })?;
        self.store_row(&row).await?;
        instance.set_row(row);
        if instance.status().phase == Phase::Stopped {
            // What was kept comes before what comes now.
            self.begin(instance).await?;
        }
        instance.run(working, self.now());
        instance.log.write(self.now(), Severity::Info, "runs with a new config".to_owned());
        Ok(())
    }
}
