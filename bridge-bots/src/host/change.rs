//! Several things of an instance are changed at once: its account, its config, whether it runs.

use super::Host;
use super::manage::declared;
use super::view::InstanceView;
use crate::error::HostError;
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
    /// Changes an instance. What is wrong with any of it is found before anything takes effect; one that runs with something
    /// new is started anew.
    pub(crate) async fn change(&self, name: &str, change: Change) -> Result<InstanceView, HostError> {
        let Change { account, config, enabled } = change;
        if let Some(account) = account {
            self.move_to(name, &account, config.clone()).await?;
        } else if let Some(config) = config {
            self.configure(name, &config).await?;
        }
        match enabled {
            Some(true) => self.start(name).await,
            Some(false) => self.stop(name).await,
            None => Ok(self.show(name)?.0),
        }
    }

    /// Has an instance work for another account, perhaps with another config.
    async fn move_to(&self, name: &str, account: &str, config: Option<String>) -> Result<(), HostError> {
        let instance = self.found(name)?;
        let _turn = instance.turn.lock().await;
        let row = instance.row();
        if row.declared {
            return Err(declared("instance", name));
        }
        let user_id = self.found_account(account)?.user_id;
        let (runtime, _) = self
            .runtime(&row.plugin)
            .ok_or_else(|| HostError::NotFound(format!("There is no plugin {}.", row.plugin)))?;
        let config = config.unwrap_or_else(|| row.config.clone());
        runtime.check(&row.plugin, &config).map_err(HostError::Invalid)?;
        if user_id == row.user_id && config == row.config {
            return Ok(());
        }
        let row = InstanceRow { user_id, config, ..row };
        self.store_row(&row).await?;
        let is_enabled = row.enabled;
        instance.set_row(row);
        if is_enabled {
            self.begin(&instance).await?;
            self.bring_up(&instance).await?;
        }
        Ok(())
    }
}
