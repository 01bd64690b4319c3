//! What there is, by the names that others use for it.

use bridge_core::matrix::Profile;
use ruma::UserId;

use super::Host;
use crate::account;
use crate::error::HostError;
use crate::instance::log::Line;
use crate::store::account::AccountRow;
use crate::store::instance::InstanceRow;

impl Host {
    /// An account by its name or by its full id.
    pub(crate) fn account_of(&self, text: &str) -> Result<AccountRow, HostError> {
        match self.account(text) {
            Some(row) => Ok(row),
            None => self.found_account(&self.account_name(text).unwrap_or_else(|| text.to_owned())),
        }
    }

    /// The name of an account, of its name or its full id; none for a full id that is not in our namespace. There need not be
    /// such an account.
    pub(crate) fn account_name(&self, text: &str) -> Option<String> {
        let Some(rest) = text.strip_prefix('@') else { return Some(text.to_owned()) };
        if let Some(row) = self.account(text).filter(AccountRow::is_outside) {
            return Some(row.name);
        }
        let (localpart, _) = rest.split_once(':')?;
        let name = localpart.strip_prefix(&self.parts().prefix).unwrap_or(localpart);
        (self.user_id(name) == text).then(|| name.to_owned())
    }

    /// The same for who is an account of ours.
    pub(crate) fn name_of(&self, user_id: &str) -> String {
        self.account_name(user_id).unwrap_or_else(|| user_id.to_owned())
    }

    /// The full id that an account of this name has.
    pub(crate) fn user_id(&self, name: &str) -> String {
        let own = || account::user_id(&self.parts().app, &self.parts().prefix, name);
        self.outside_named(name).map_or_else(own, |row| row.user_id)
    }

    /// Our homeserver's name.
    pub(crate) fn server_name(&self) -> String {
        self.parts().app.client().server_name().to_string()
    }

    /// Where our homeserver is, without a slash at the end.
    pub(crate) fn homeserver(&self) -> &str {
        self.parts().homeserver.as_str().trim_end_matches('/')
    }

    /// What is stored of an instance.
    pub(crate) fn row(&self, name: &str) -> Result<InstanceRow, HostError> {
        Ok(self.found(name)?.row())
    }

    /// Whether a plugin takes a config.
    pub(crate) fn check(&self, plugin: &str, config: &str) -> Result<(), HostError> {
        let (runtime, _) = self
            .runtime(plugin)
            .ok_or_else(|| HostError::NotFound(format!("There is no plugin {plugin}.")))?;
        runtime.check(plugin, config).map_err(HostError::Invalid)
    }

    /// Looks a config over as [`Host::configure`] does first. Nothing is changed.
    pub(crate) fn check_config(&self, name: &str, config: &str) -> Result<(), HostError> {
        self.check(&self.row(name)?.plugin, config)
    }

    /// A user's public profile; none if the homeserver does not tell.
    pub(crate) async fn profile(&self, user_id: &UserId) -> Option<Profile> {
        self.parts().app.bot().profile(user_id).await.ok()
    }

    /// The lines of all logs behind a number, each with its instance, in the order in which they were written. `newest` is what
    /// [`Signals::lines`](crate::signals::Signals::lines) said: of those behind it some may not be written yet, so none is given.
    pub(crate) fn lines_after(&self, number: u64, newest: u64) -> Vec<(String, Line)> {
        let of = |instance: &std::sync::Arc<crate::instance::Instance>| {
            let name = instance.row().instance_id;
            let lines = instance.log.after(number);
            lines
                .into_iter()
                .filter(|line| line.number <= newest)
                .map(move |line| (name.clone(), line))
                .collect::<Vec<_>>()
        };
        let mut lines: Vec<(String, Line)> = self.instances().iter().flat_map(of).collect();
        lines.sort_by_key(|(_, line)| line.number);
        lines
    }
}
