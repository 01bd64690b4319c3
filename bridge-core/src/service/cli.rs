//! The command line that all programs share.

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use bridge_registration::cli::OutputArgs;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command::dead_letters::Order;

/// What a program was asked to do.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
pub struct Cli {
    /// The config file
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "config.yaml",
        env = "BRIDGE_CONFIG"
    )]
    pub config: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Runs until it is told to stop
    Run,
    /// Writes a config file, a key and a registration to start from
    Init(InitArgs),
    /// Writes the registration file and prints it in the form your homeserver takes
    Registration(OutputArgs),
    /// Tries everything the program needs: config, registration, database, homeserver both ways
    Check,
    /// Logs in from here, while the program does not run
    Login(LoginArgs),
    /// What could not be carried over: lists it, shows why, tries it again, deletes it; whether the program runs or not
    #[command(subcommand)]
    DeadLetters(Order),
    /// Writes database, config and registration into one file; whether the program runs or not
    Backup(BackupArgs),
    /// Reads a backup into an empty database, on either engine; while the program does not run
    Restore(RestoreArgs),
    /// Prints an example config file with every key
    ExampleConfig,
    /// Prints all chat commands
    Commands,
    /// Prints all metrics
    MetricsList,
    /// A text of the network's own
    #[command(external_subcommand)]
    Other(Vec<String>),
}

/// What `init` asks.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The homeserver's name: what stands behind the colon in user ids
    #[arg(long, value_name = "NAME")]
    pub server_name: String,
    /// Where the homeserver's client API answers
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8008")]
    pub homeserver: String,
    /// The Matrix id of the administrator
    #[arg(long, value_name = "MXID")]
    pub admin: Option<String>,
}

/// What `login` asks.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The way to log in; without it the first
    pub flow: Option<String>,
    /// Whose login it is; without it the first admin's of the config
    #[arg(long, value_name = "MXID")]
    pub owner: Option<String>,
    /// The answers as `--name value`; what is missing is asked for
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub answers: Vec<String>,
}

/// What `backup` asks.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write; it must not be there yet
    pub file: PathBuf,
}

/// What `restore` asks.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The file that `backup` wrote
    pub file: PathBuf,
    /// Deletes what is in the database before
    #[arg(long)]
    pub force: bool,
}

/// What a program's help says besides the verbs.
#[derive(Debug, Clone, Default)]
pub struct Help {
    /// The program's name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Said below the verbs.
    pub after: String,
    /// Said below the options of `login`.
    pub login: String,
    /// Verbs that are left out: the program has no use for them.
    pub hidden: &'static [&'static str],
}

/// Reads the command line, carries the verb out on a new runtime, and ends with 0, or with 1 and sentences.
pub fn start<F>(help: Help, carry_out: impl FnOnce(Cli) -> F) -> ExitCode
where
    F: Future<Output = Result<String, String>>,
{
    let mut command = Cli::command().name(help.name).about(help.about).after_help(help.after);
    command = command.mut_subcommand("login", |verb| verb.after_help(help.login));
    for verb in help.hidden {
        command = command.mut_subcommand(verb, |verb| verb.hide(true));
    }
    let cli = match Cli::from_arg_matches(&command.get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return fail("The program could not start its threads.");
    };
    match runtime.block_on(carry_out(cli)) {
        Ok(text) if text.is_empty() => ExitCode::SUCCESS,
        Ok(text) => {
            print(text.trim_end());
            ExitCode::SUCCESS
        }
        Err(sentences) => fail(sentences),
    }
}

/// Ends a program with sentences for whoever started it.
pub fn fail(sentences: impl std::fmt::Display) -> ExitCode {
    #[allow(clippy::print_stderr, reason = "the end of a command-line program")]
    {
        eprintln!("{sentences}");
    }
    ExitCode::FAILURE
}

/// Prints a program's answer.
pub fn print(text: impl std::fmt::Display) {
    #[allow(clippy::print_stdout, reason = "the answer of a command-line program")]
    {
        println!("{text}");
    }
}

/// A variable of the environment. Read nowhere else.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub fn environment(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}
