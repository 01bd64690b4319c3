//! Answers to orders: made of what the host says, in words for a terminal.

use std::fmt::Write as _;

use bridge_core::secret::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::order::Order;
use super::services;
use crate::config::Account;
use crate::error::HostError;
use crate::host::Host;
use crate::host::manage::NewInstance;
use crate::host::view::InstanceView;
use crate::plugin::{Descriptor, Takes};
use crate::store::account::AccountRow;

/// An answer on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Told {
    /// It was done.
    Done(String),
    /// It was not.
    Error(String),
}

impl Told {
    pub(super) fn into_result(self) -> Result<String, String> {
        match self {
            Self::Done(text) => Ok(text),
            Self::Error(why) => Err(why),
        }
    }
}

/// Carries an order out.
pub(super) async fn carry_out(host: &Host, order: Order) -> Result<String, HostError> {
    Ok(match order {
        Order::List => list(&host.list()),
        Order::Show { name } => shown(&host.show(&name)?),
        Order::Status { name } => {
            let (view, _) = host.show(&name)?;
            format!("{}|{}|{}", view.state.as_str(), time(view.since), view.restarts)
        }
        Order::Create { name, plugin, account, file } => {
            let config = file.unwrap_or_default();
            line(&host.create(NewInstance { name, plugin, account, config, enabled: true }).await?)
        }
        Order::Config { name, set: None } => host.show(&name)?.1,
        Order::Config { name, set: Some(text) } => line(&host.configure(&name, &text).await?),
        Order::Start { name } => line(&host.start(&name).await?),
        Order::Stop { name } => line(&host.stop(&name).await?),
        Order::Restart { name } => line(&host.restart(&name).await?),
        Order::Act { name, action, input } => host.act(&name, &action, &input).await?,
        Order::Delete { name } => host.delete(&name).await.map(|()| format!("{name} was deleted."))?,
        Order::Logs { name, tail } => logs(host, &name, tail)?,
        Order::Plugins => host.plugins().into_iter().map(|plugin| described(host, plugin)).collect(),
        Order::Accounts => accounts(host),
        Order::Account { name, displayname, avatar, admins_only, homeserver, token_file } => {
            let token = token_file.map(|text| Secret::new(text.trim()));
            let autojoin = !admins_only;
            let account = Account { displayname, avatar, autojoin, homeserver, token, ..Account::default() };
            let row = host.put_account(&name, &account).await?;
            format!("{} is an account. Invite it to a room.", row.user_id)
        }
        Order::DeleteAccount { name } => {
            host.delete_account(&name).await.map(|()| format!("{name} is no account any more."))?
        }
        Order::Services => services::list(host),
        Order::Service { name, action } => services::act(host, &name, action).await?,
        Order::Take(take) => take.carry_out(host).await,
    })
}

pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn list(views: &[InstanceView]) -> String {
    if views.is_empty() {
        return "There are no bots. `ctl create` makes one.".to_owned();
    }
    views.iter().map(|view| line(view) + "\n").collect()
}

/// A bot in a line.
fn line(view: &InstanceView) -> String {
    let mut text = format!(
        "{}: {} since {}, plugin {}, account {}",
        view.id,
        if view.crash_looping { "crash-looping" } else { view.state.as_str() },
        time(view.since),
        view.plugin,
        view.account
    );
    if view.restarts > 0 {
        text.push_str(&restarted(view.restarts));
    }
    if !view.drift.is_empty() {
        let _ = write!(text, ", differs from the config file in: {}", view.drift.join(", "));
    }
    text
}

/// How often something was restarted, behind what else is told of it.
pub(super) fn restarted(times: u64) -> String {
    if times == 1 { ", restarted once".to_owned() } else { format!(", restarted {times} times") }
}

fn shown((view, config): &(InstanceView, String)) -> String {
    let mut text = line(view) + "\n";
    let moment = |at: Option<i64>| at.map_or_else(|| "never".to_owned(), time);
    let _ = writeln!(text, "last event: {}", moment(view.last_event_at));
    let _ = writeln!(text, "last success: {}", moment(view.last_ok_at));
    if let Some(error) = &view.last_error {
        let _ = writeln!(text, "last error: {error}");
    }
    let _ = writeln!(text, "declared in the config file: {}", if view.declared { "yes" } else { "no" });
    if config.trim().is_empty() {
        text.push_str("config: the defaults");
    } else {
        let _ = write!(text, "config:\n{config}");
    }
    text
}

fn logs(host: &Host, name: &str, most: usize) -> Result<String, HostError> {
    let lines = host.logs(name, most)?;
    let line = |line: &crate::instance::log::Line| {
        format!("{} {:<5} {}\n", time(line.at), line.severity.as_str(), line.text)
    };
    Ok(lines.iter().map(line).collect())
}

fn accounts(host: &Host) -> String {
    let accounts = host.accounts();
    if accounts.is_empty() {
        return "There are no accounts. `ctl account NAME` makes one.".to_owned();
    }
    let line = |row: &AccountRow| {
        let who = if row.autojoin { "everybody who may" } else { "admins only" };
        let name = if row.displayname.is_empty() { &row.name } else { &row.displayname };
        format!("{}: {name}, invited by {who}{}\n", row.user_id, connection(host, row))
    };
    accounts.iter().map(line).collect()
}

/// Where an account elsewhere is, and how its connection is.
fn connection(host: &Host, row: &AccountRow) -> String {
    let Some(shown) = host.connection(&row.user_id) else { return String::new() };
    let error = shown.error.map(|error| format!(": {error}")).unwrap_or_default();
    format!(
        ", {} at {}, {} since {}{error}",
        row.name,
        row.homeserver,
        shown.state.as_str(),
        time(shown.since)
    )
}

fn described(host: &Host, plugin: &Descriptor) -> String {
    let mut text = format!("{} {}: {}\n", plugin.id, plugin.version, plugin.about);
    for command in &plugin.commands {
        let _ = writeln!(
            text,
            "  {}: {}",
            format!("!{} {}", command.name, command.words).trim_end(),
            command.about
        );
    }
    for action in &plugin.actions {
        let takes = match action.takes {
            Takes::Nothing => "",
            Takes::Text => " TEXT",
            Takes::Room => " ROOM",
        };
        let _ = writeln!(text, "  action {}{takes}: {}", action.name, action.about);
    }
    for field in &plugin.fields {
        let _ = writeln!(text, "  config {}: {}", field.name, field.about);
    }
    if let Some(config) = host.default_config(&plugin.id).filter(|_| !plugin.fields.is_empty()) {
        text.push_str("  by default:\n");
        text.extend(config.lines().map(|line| format!("    {line}\n")));
    }
    text
}
