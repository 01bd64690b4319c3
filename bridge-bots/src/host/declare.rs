//! What the config file declares, and making it so: the file wins.

use std::collections::BTreeMap;

use bridge_core::matrix::AppService;

use super::{Host, Parts};
use crate::account;
use crate::config::{Section, name_problem, services};
use crate::error::HostError;
use crate::plugin::Problem;
use crate::runtime::Runtime;
use crate::store::account::AccountRow;
use crate::store::instance::InstanceRow;
use crate::store::{account as accounts, instance as instances};

/// What is wrong with a section, each with its key.
pub(crate) fn problems(section: &Section, bot: &str, runtimes: &[Box<dyn Runtime>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(1..=3_600).contains(&section.event_limit) {
        problems.push(Problem::new("bots.event_limit", "has to be from 1 to 3600 seconds."));
    }
    if !(1..=1_048_576).contains(&section.database_limit) {
        problems.push(Problem::new("bots.database_limit", "has to be from 1 to 1048576 MiB."));
    }
    if section
        .admin
        .public_url
        .as_ref()
        .is_some_and(|url| !matches!(url.scheme(), "http" | "https") || url.path() != "/")
    {
        let text = "has to be https:// or http:// and a host, with nothing behind it.";
        problems.push(Problem::new("bots.admin.public_url", text));
    }
    for (name, one) in &section.accounts {
        let field = format!("bots.accounts.{name}");
        problems.extend(name_problem(&field, name));
        let own = account::problems(one).into_iter().chain(account::outside_problems(one));
        problems.extend(own.map(|problem| Problem::new(format!("{field}.{}", problem.field), problem.text)));
    }
    for (name, one) in &section.instances {
        let field = format!("bots.instances.{name}");
        problems.extend(name_problem(&field, name));
        if !section.accounts.contains_key(&one.account) && one.account != bot {
            let text = format!("there is no account {} below bots.accounts.", one.account);
            problems.push(Problem::new(format!("{field}.account"), text));
        }
        let runtime =
            runtimes.iter().find(|runtime| runtime.plugins().iter().any(|plugin| plugin.id == one.plugin));
        let Some(runtime) = runtime else {
            let known: Vec<String> = runtimes
                .iter()
                .flat_map(|runtime| runtime.plugins())
                .map(|plugin| plugin.id.clone())
                .collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let text = format!("there is no plugin {}. There are: {known}.", one.plugin);
            problems.push(Problem::new(format!("{field}.plugin"), text));
            continue;
        };
        for problem in runtime.check(&one.plugin, &one.config_text()).err().into_iter().flatten() {
            let below = if problem.field.is_empty() { String::new() } else { format!(".{}", problem.field) };
            problems.push(Problem::new(format!("{field}.config{below}"), problem.text));
        }
    }
    problems.extend(services::problems(&section.services));
    problems
}

/// The full id of an account that a section declares.
fn user_id(section: &Section, app: &AppService, prefix: &str, name: &str) -> String {
    let declared =
        section.accounts.get(name).filter(|one| one.is_outside()).and_then(|one| one.user_id.clone());
    declared.unwrap_or_else(|| account::user_id(app, prefix, name))
}

/// The accounts that a section declares. The appservice's own bot counts as one where an instance names it.
fn declared_accounts(section: &Section, app: &AppService, prefix: &str) -> Vec<AccountRow> {
    let mut all = section.accounts.clone();
    let bot = app.bot().user_id().localpart().to_owned();
    if section.instances.values().any(|instance| instance.account == bot) {
        all.entry(bot).or_default();
    }
    let row = |(name, one): (&String, &crate::config::Account)| match &one.homeserver {
        Some(homeserver) => {
            account::outside_row(user_id(section, app, prefix, name), name, homeserver, one, true)
        }
        None => account::row(user_id(section, app, prefix, name), name, one, true),
    };
    all.iter().map(row).collect()
}

/// The instances that a section declares.
pub(super) fn declared_instances(section: &Section, app: &AppService, prefix: &str) -> Vec<InstanceRow> {
    let row = |(name, one): (&String, &crate::config::Declared)| InstanceRow {
        instance_id: name.clone(),
        plugin: one.plugin.clone(),
        user_id: user_id(section, app, prefix, &one.account),
        enabled: one.enabled,
        config: one.config_text(),
        declared: true,
    };
    section.instances.iter().map(row).collect()
}

impl Host {
    /// Makes the tables what the file declares, logs what differed, and gives all instances. What was declared once and is no
    /// longer stays, stopped, with all it kept.
    pub(super) async fn declare(&self) -> Result<(Vec<AccountRow>, Vec<InstanceRow>), HostError> {
        let Parts { store, section, app, prefix, .. } = self.parts();
        let mut accounts_by_id: BTreeMap<String, AccountRow> =
            accounts::all(store).await?.into_iter().map(|row| (row.user_id.clone(), row)).collect();
        let mut by_id: BTreeMap<String, InstanceRow> =
            instances::all(store).await?.into_iter().map(|row| (row.instance_id.clone(), row)).collect();
        let mut tx = store.begin().await?;
        let declared = declared_accounts(section, app, prefix);
        let wanted: Vec<_> = self.0.declared.values().cloned().collect();
        for row in accounts_by_id.values_mut().filter(|row| row.declared) {
            row.declared = declared.iter().any(|one| one.user_id == row.user_id);
            accounts::put(&mut tx, row).await?;
        }
        for row in declared {
            accounts::put(&mut tx, &row).await?;
            accounts_by_id.insert(row.user_id.clone(), row);
        }
        for row in by_id.values_mut().filter(|row| row.declared) {
            if !wanted.iter().any(|one| one.instance_id == row.instance_id) {
                let instance = row.instance_id.as_str();
                tracing::warn!(
                    instance,
                    "is no longer declared in the config file and was stopped; `ctl delete` deletes it"
                );
                (row.declared, row.enabled) = (false, false);
                instances::put(&mut tx, row).await?;
            }
        }
        for row in wanted {
            if let Some(old) = by_id.get(&row.instance_id).filter(|old| **old != row) {
                let differs = differences(old, &row).join(", ");
                tracing::info!(
                    instance = row.instance_id,
                    differs,
                    "differed from the config file, which was taken"
                );
            }
            instances::put(&mut tx, &row).await?;
            by_id.insert(row.instance_id.clone(), row);
        }
        tx.commit().await?;
        Ok((accounts_by_id.into_values().collect(), by_id.into_values().collect()))
    }

    /// In what an instance differs from the config file; nothing for one that is not declared.
    pub(crate) fn drift(&self, row: &InstanceRow) -> Vec<&'static str> {
        let wanted = self.0.declared.get(&row.instance_id);
        wanted.map(|wanted| differences(row, wanted)).unwrap_or_default()
    }
}

fn differences(old: &InstanceRow, new: &InstanceRow) -> Vec<&'static str> {
    [
        ("plugin", old.plugin != new.plugin),
        ("account", old.user_id != new.user_id),
        ("enabled", old.enabled != new.enabled),
        ("config", old.config != new.config),
        ("declared", old.declared != new.declared),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
