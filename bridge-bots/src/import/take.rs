//! What the running program does with each thing that is imported. Each may come again and is then left as it is.

use bridge_core::secret::{Secret, expose_for_sealing};
use ruma::UserId;
use serde::{Deserialize, Serialize};

use super::counterpart;
use crate::config::Account;
use crate::error::HostError;
use crate::host::Host;
use crate::host::manage::NewInstance;

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Take {
    /// Whether it is only said what would be done.
    pub(super) dry_run: bool,
    pub(super) item: Item,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Item {
    /// A client becomes an account.
    Client(Client),
    /// An instance becomes one of ours.
    Instance(Instance),
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    /// Its Matrix id.
    pub(super) id: String,
    /// What it is called here.
    pub(super) name: String,
    /// None where maubot leaves what the homeserver has.
    pub(super) displayname: Option<String>,
    /// The same for the picture.
    pub(super) avatar: Option<String>,
    pub(super) autojoin: bool,
    /// Where it is, if it is to be taken over itself.
    pub(super) elsewhere: Option<Elsewhere>,
}

/// An account elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Elsewhere {
    pub(super) homeserver: String,
    // To the program on this machine, by a way that the registration opens.
    #[serde(serialize_with = "expose_for_sealing")]
    pub(super) token: Secret,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Instance {
    /// Its name at maubot.
    pub(super) id: String,
    /// What it is called here.
    pub(super) name: String,
    /// The plugin's id at maubot.
    pub(super) plugin: String,
    /// What its account is called here.
    pub(super) account: String,
    pub(super) enabled: bool,
    pub(super) config: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    /// It was made, or would be.
    Made,
    /// It was there.
    There,
    /// It could not be taken over.
    Left,
}

/// What became of it, and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) fate: Fate,
    pub(super) text: String,
}

fn taken(fate: Fate, text: impl Into<String>) -> Taken {
    Taken { fate, text: text.into() }
}

impl Take {
    /// Does it; the answer is for [`super::carry_out`].
    pub(crate) async fn carry_out(self, host: &Host) -> String {
        let taken = match self.item {
            Item::Client(client) => account(host, client, self.dry_run).await,
            Item::Instance(one) => instance(host, one, self.dry_run).await,
        };
        serde_json::to_string(&taken).unwrap_or_default()
    }
}

/// The account itself, with its token and its rooms.
async fn as_it_is(host: &Host, client: Client, elsewhere: Elsewhere, dry_run: bool) -> Taken {
    let line = format!("{}, called {} here", client.id, client.name);
    if host.account_of(&client.id).is_ok() {
        return taken(Fate::There, format!("{line}: is there already"));
    }
    if dry_run {
        return taken(Fate::Made, format!("{line}: would be taken over, at {}", elsewhere.homeserver));
    }
    let Elsewhere { homeserver, token } = elsewhere;
    let account = Account {
        autojoin: client.autojoin,
        homeserver: Some(homeserver),
        token: Some(token),
        ..Account::default()
    };
    match host.put_account(&client.name, &account).await {
        Ok(row) => taken(Fate::Made, format!("{line}: taken over, at {}", row.homeserver)),
        Err(error) => taken(
            Fate::Left,
            format!(
                "{line}: could not be taken over: {error} Without --keep-accounts a new one is made in its place"
            ),
        ),
    }
}

async fn account(host: &Host, mut client: Client, dry_run: bool) -> Taken {
    if let Some(elsewhere) = client.elsewhere.take() {
        return as_it_is(host, client, elsewhere, dry_run).await;
    }
    let user_id = host.user_id(&client.name);
    let line = format!("{} → {user_id}", client.id);
    if host.account_of(&client.name).is_ok() {
        return taken(Fate::There, format!("{line}: is there already"));
    }
    if dry_run {
        return taken(Fate::Made, format!("{line}: would be made"));
    }
    // What maubot does not set is on the homeserver, where everybody may look.
    let profile = match <&UserId>::try_from(client.id.as_str()) {
        Ok(id) if client.displayname.is_none() || client.avatar.is_none() => host.profile(id).await,
        _ => None,
    };
    let profile = profile.unwrap_or_default();
    let account = Account {
        displayname: client.displayname.or(profile.displayname),
        avatar: client.avatar.or(profile.avatar_url),
        autojoin: client.autojoin,
        ..Account::default()
    };
    match host.put_account(&client.name, &account).await {
        Ok(row) => {
            let who = if row.autojoin { "" } else { "; only admins may invite it" };
            taken(Fate::Made, format!("{line}: made, called {}{who}", row.displayname))
        }
        Err(error) => taken(Fate::Left, format!("{line}: could not be made: {error}")),
    }
}

async fn instance(host: &Host, one: Instance, dry_run: bool) -> Taken {
    let renamed = if one.name == one.id { String::new() } else { format!(" → {}", one.name) };
    let line = format!("{}{renamed} ({})", one.id, one.plugin);
    let is_here = |id: &str| host.plugins().iter().any(|plugin| plugin.id == id);
    let ours = if is_here(&one.plugin) { Some(one.plugin.as_str()) } else { counterpart(&one.plugin) };
    let Some(plugin) = ours.filter(|id| is_here(id)).map(str::to_owned) else {
        let text = "there is no such plugin here, and nothing that runs plugins in Python";
        return taken(Fate::Left, format!("{line}: {text}"));
    };
    let user_id = host.user_id(&one.account);
    if let Ok(row) = host.row(&one.name) {
        return if row.plugin == plugin && row.user_id == user_id {
            taken(Fate::There, format!("{line}: is there already"))
        } else {
            let text =
                format!("another instance is called {}, of {} for {}", one.name, row.plugin, row.user_id);
            taken(Fate::Left, format!("{line}: {text}"))
        };
    }
    if let Err(error) = host.check(&plugin, &one.config) {
        let text = format!("the plugin {plugin} does not take its config");
        return taken(Fate::Left, format!("{line}: {text}:\n{}", indented(&error)));
    }
    let as_what = if plugin == one.plugin { String::new() } else { format!(", with the plugin {plugin}") };
    let runs = if one.enabled { "" } else { ", stopped as it was" };
    if dry_run {
        return taken(Fate::Made, format!("{line}: would be made{as_what}{runs}"));
    }
    let (name, enabled) = (one.name.clone(), one.enabled);
    let new = NewInstance { name, plugin, account: one.account, config: one.config, enabled };
    match host.create(new).await {
        Ok(_) => taken(Fate::Made, format!("{line}: made{as_what}{runs}")),
        Err(error) if host.row(&one.name).is_ok() => taken(
            Fate::Made,
            format!("{line}: made{as_what}, but it does not start yet:\n{}", indented(&error)),
        ),
        Err(error) => taken(Fate::Left, format!("{line}: could not be made:\n{}", indented(&error))),
    }
}

fn indented(error: &HostError) -> String {
    error.to_string().lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}
