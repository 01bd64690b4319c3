//! The verb `import-maubot`: takes over what was made with maubot, through the program that runs.

mod names;
mod source;
pub(crate) mod take;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bridge_core::config::Config;
use bridge_core::service::cli::print;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use crate::config::Section;
use crate::ctl::Line;
use crate::ctl::order::Order;
use crate::package::{LARGEST, Package, too_large};
use crate::plugin::Problem;
use crate::runtime::Runtime;
use source::Source;
use take::{Client, Elsewhere, Fate, Instance, Item, Take, Taken};

/// Its name.
pub(crate) const VERB: &str = "import-maubot";
/// What maubot has where it leaves a name or picture as it is.
const LEFT: &str = "disable";

/// The plugin built in that does what one of maubot's does.
pub(crate) fn counterpart(plugin: &str) -> Option<&'static str> {
    match plugin {
        "xyz.maubot.echo" => Some("echo"),
        "xyz.maubot.reactbot" => Some("react"),
        "xyz.maubot.reminder" => Some("reminder"),
        _ => None,
    }
}

/// The verb for the command line.
pub(crate) fn verb() -> clap::Command {
    clap::Command::new(VERB)
        .about("Takes over accounts and instances of a maubot, while this program runs")
        .after_help(
            "Exit code 0: everything is here now (or would be, with --dry-run). 1: something was left out, and why stands in \
             the report. It can be called again: what is there is left as it is.",
        )
        .arg(
            Arg::new("folder")
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The folder with maubot's config.yaml and maubot.db; nothing in it is changed"),
        )
        .arg(
            Arg::new("keep-accounts")
                .long("keep-accounts")
                .action(ArgAction::SetTrue)
                .help("Goes on with the accounts themselves, by their access tokens, and makes no new ones in their place"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Only says what would be done"),
        )
}

/// Reads a folder of maubot's and hands each thing in it to the running program; gives the report if all came over. If
/// something was left out the report is printed, and the error is empty. Any other error is a sentence.
pub(crate) async fn carry_out(
    config: Config<Section>,
    runtimes: &[Box<dyn Runtime>],
    words: &ArgMatches,
) -> Result<String, String> {
    let folder = words.get_one::<PathBuf>("folder").ok_or("Name the folder of maubot's.")?;
    let source = source::read(folder).await?;
    let line = Line::of(config)?;
    let dry_run = words.get_flag("dry-run");
    let mut report = Report::default();
    let keeps_accounts = words.get_flag("keep-accounts");
    let (clients, instances) = items(&source, keeps_accounts);
    let _ = writeln!(report.text, "Accounts");
    for item in clients {
        report.add(&line.order(&Order::Take(Box::new(Take { dry_run, item }))).await?)?;
    }
    let _ = writeln!(report.text, "Instances");
    for item in instances {
        report.add(&line.order(&Order::Take(Box::new(Take { dry_run, item }))).await?)?;
    }
    let _ = writeln!(report.text, "Plugin files");
    for file in &source.files {
        let _ = writeln!(report.text, "  {}", said_of(file, runtimes));
    }
    let left = report.left;
    let text = report.end(dry_run, keeps_accounts);
    if left == 0 {
        return Ok(text);
    }
    print(text.trim_end());
    Err(String::new())
}

/// What is said to the person.
#[derive(Default)]
struct Report {
    text: String,
    made: usize,
    there: usize,
    left: usize,
}

impl Report {
    fn add(&mut self, answer: &str) -> Result<(), String> {
        let taken: Taken = serde_json::from_str(answer).map_err(|_| {
            "The program that runs is of another version than this one. Restart it, then import again."
                .to_owned()
        })?;
        match taken.fate {
            Fate::Made => self.made += 1,
            Fate::There => self.there += 1,
            Fate::Left => self.left += 1,
        }
        let _ = writeln!(self.text, "  {}", taken.text);
        Ok(())
    }

    fn end(mut self, dry_run: bool, keeps_accounts: bool) -> String {
        let Self { made, there, left, .. } = self;
        let made = if dry_run { format!("{made} would be made") } else { format!("{made} made") };
        let _ = write!(self.text, "{made}, {there} there already, {left} left out.");
        self.text.push_str(if dry_run {
            " Nothing was changed."
        } else if keeps_accounts {
            " Stop maubot now, or both answer. Do not sign its accounts out: their tokens are in use here."
        } else {
            " Stop maubot, or both answer. Invite the new accounts to the rooms of the old ones; tokens and passwords of those are \
             not needed."
        });
        self.text
    }
}

/// Clients and instances, with the names that they have here.
fn items(source: &Source, keeps_accounts: bool) -> (Vec<Item>, Vec<Item>) {
    let localpart = |id: &str| id.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned();
    let localparts: Vec<(&str, String)> =
        source.clients.iter().map(|client| (client.id.as_str(), localpart(&client.id))).collect();
    let accounts = names::names(localparts.iter().map(|(id, name)| (*id, name.as_str())));
    let named = names::names(source.instances.iter().map(|one| (one.id.as_str(), one.id.as_str())));
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != LEFT);
    let clients = source.clients.iter().map(|client| {
        Item::Client(Client {
            id: client.id.clone(),
            name: accounts.get(client.id.as_str()).cloned().unwrap_or_default(),
            displayname: set(&client.displayname),
            avatar: set(&client.avatar_url),
            autojoin: client.autojoin,
            elsewhere: keeps_accounts.then(|| Elsewhere {
                homeserver: client.homeserver.clone(),
                token: client.access_token.clone(),
            }),
        })
    });
    let works = |user: &str| source.clients.iter().any(|client| client.id == user && client.enabled);
    let instances = source.instances.iter().map(|one| {
        Item::Instance(Instance {
            id: one.id.clone(),
            name: named.get(one.id.as_str()).cloned().unwrap_or_default(),
            plugin: one.plugin.clone(),
            account: accounts.get(one.primary_user.as_str()).cloned().unwrap_or_default(),
            // Of an account that was switched off nothing worked.
            enabled: one.enabled && works(&one.primary_user),
            config: one.config.clone(),
        })
    });
    (clients.collect(), instances.collect())
}

/// A plugin's file, in a line.
fn said_of(file: &Path, runtimes: &[Box<dyn Runtime>]) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let package = match read(file) {
        Ok(package) => package,
        Err(problems) => return format!("{name}: {}", crate::error::list(&problems).replace('\n', " ")),
    };
    let id = package.manifest.as_ref().map(|manifest| manifest.id.as_str()).unwrap_or_default();
    let is_here =
        |id: &str| runtimes.iter().any(|runtime| runtime.plugins().iter().any(|plugin| plugin.id == id));
    let title = package.title();
    match counterpart(id).or(Some(id)).filter(|id| is_here(id)) {
        Some(ours) => format!("{name}: {title}. Not needed: {ours} is built in"),
        None if runtimes.iter().any(|runtime| runtime.takes(package.kind)) => {
            format!("{name}: {title}. Upload it, then import again")
        }
        None => format!("{name}: {title}. Nothing here runs plugins {}", package.kind.words()),
    }
}

fn read(file: &Path) -> Result<Package, Vec<Problem>> {
    let unread = |error: std::io::Error| vec![Problem::new("", format!("could not be read ({error})."))];
    let size = fs::metadata(file).map_err(unread)?.len();
    if size > LARGEST as u64 {
        return Err(vec![too_large()]);
    }
    Package::read(fs::read(file).map_err(unread)?)
}
