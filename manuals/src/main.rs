//! Writes man pages and shell completions of both programs: `manuals FOLDER`.
//!
//! They are made from what the programs read their command lines with, and by a program of their own, so that neither
//! of the two carries what makes them.

use std::fs::{File, create_dir_all};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bridge_core::service::{bridge, cli};
use bridge_slack::Slack;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// The shells that completions are made for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: manuals FOLDER")?;
    for help in [bridge::help::<Slack>(), bridge_bots::help()] {
        write(&folder, cli::parser(help))?;
    }
    Ok(())
}

/// Writes what belongs to one program into `FOLDER/NAME/man` and `FOLDER/NAME/completions`.
fn write(folder: &Path, command: Command) -> Result<()> {
    let name = command.get_name().to_owned();
    let man = folder.join(&name).join("man");
    let completions = folder.join(&name).join("completions");
    for folder in [&man, &completions] {
        create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut command.clone(), &name, &completions)
            .with_context(|| format!("the completions of {name} could not be written"))?;
    }
    // Each verb has a page of its own, so a page of `help` would only repeat them.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    pages(&command, &name, &man)
}

/// Writes the page of a command and those of its verbs.
fn pages(command: &Command, name: &str, folder: &Path) -> Result<()> {
    let file = folder.join(format!("{name}.1"));
    let mut page = File::create(&file).with_context(|| format!("{} could not be written", file.display()))?;
    let manual = Man::new(command.clone()).title(name.to_uppercase()).manual("Bridge hub");
    manual.render(&mut page).with_context(|| format!("{} could not be written", file.display()))?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        pages(verb, &format!("{name}-{}", verb.get_name()), folder)?;
    }
    Ok(())
}
