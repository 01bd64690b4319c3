//! The orders of `ctl`, as they stand on the command line and go over the wire.

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::control::verb::Verb;
use crate::import::take::Take;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// Lists the bots with their state
    List,
    /// Shows a bot: state, faults, config
    Show {
        /// Its name
        name: String,
    },
    /// Prints `state|since|restarts` of a bot, for scripts
    Status {
        /// Its name
        name: String,
    },
    /// Makes a bot and starts it
    Create {
        /// Its name
        name: String,
        /// Which plugin
        #[arg(long)]
        plugin: String,
        /// For which account
        #[arg(long)]
        account: String,
        /// A file with its config, YAML or JSON; - is standard input
        #[arg(long, value_name = "FILE")]
        file: Option<String>,
    },
    /// Prints a bot's config, or gives it another one
    Config {
        /// Its name
        name: String,
        /// A file with the new config, YAML or JSON; - is standard input
        #[arg(long, value_name = "FILE")]
        set: Option<String>,
    },
    /// Starts a bot
    Start {
        /// Its name
        name: String,
    },
    /// Stops a bot until it is started again
    Stop {
        /// Its name
        name: String,
    },
    /// Stops and starts a bot
    Restart {
        /// Its name
        name: String,
    },
    /// Has a bot do one of the things that `plugins` lists as actions
    Act {
        /// Its name
        name: String,
        /// What
        action: String,
        /// What is said to it: a text, or a room's id
        #[arg(default_value = "")]
        input: String,
    },
    /// Deletes a bot with all it kept
    Delete {
        /// Its name
        name: String,
    },
    /// Prints the last lines of a bot's log, since the program was started
    Logs {
        /// Its name
        name: String,
        /// How many
        #[arg(long, default_value_t = 100)]
        tail: usize,
    },
    /// Lists the plugins, with their commands and config
    Plugins,
    /// Lists the accounts
    Accounts,
    /// Makes an account, or changes one
    Account {
        /// Its name: `helper` becomes `@bots_helper:example.org`
        name: String,
        /// Its display name
        #[arg(long, value_name = "NAME")]
        displayname: Option<String>,
        /// Its picture
        #[arg(long, value_name = "MXC")]
        avatar: Option<String>,
        /// Only admins may invite it
        #[arg(long)]
        admins_only: bool,
        /// Of an account that is not in the appservice's namespace: where it is, such as `https://matrix.org`
        #[arg(long, value_name = "URL")]
        homeserver: Option<String>,
        /// A file with its access token; - is standard input
        #[arg(long, value_name = "FILE")]
        token_file: Option<String>,
    },
    /// Takes an account out of use
    DeleteAccount {
        /// Its name
        name: String,
    },
    /// Lists the services of the config, as the page *Services* shows them
    Services,
    /// Has something done with a service, and prints what its command writes
    Service {
        /// Its name
        name: String,
        /// What
        action: Verb,
    },
    /// Of the verb `import-maubot`: takes one thing over
    #[command(skip)]
    Take(Box<Take>),
}
