//! The command line that all programs share.

use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use bridge_registration::cli::OutputArgs;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command::dead_letters::Order;

/// What a program was asked to do.
#[derive(Debug, Parser)]
#[command(version)]
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
    ///
    /// Its id and tokens stay, all else follows the config: `url` is appservice.url, else http:// and appservice.listen. Call it
    /// after each change under `appservice:` and of homeserver.name, then give the registration to the homeserver again and, with
    /// Synapse, restart that. With --form admin or tuwunel the tokens are printed: keep what you see to yourself.
    Registration(OutputArgs),
    /// Tries everything the program needs: config, registration, database, homeserver both ways
    Check,
    /// Looks at everything the program needs, whether it runs or not, and says what to do first; the report holds no secrets
    Doctor(DoctorArgs),
    /// How the program that runs by this config is: 0 fine, 1 degraded, 2 down, 3 not deployed
    Status(StatusArgs),
    /// Logs in from here, while the program does not run
    Login(LoginArgs),
    /// What could not be carried over: lists it, shows why, tries it again, deletes it; whether the program runs or not
    #[command(subcommand)]
    DeadLetters(Order),
    /// Writes database, config and registration into one file; whether the program runs or not
    Backup(BackupArgs),
    /// Reads a backup into an empty database, on either engine; while the program does not run
    Restore(RestoreArgs),
    /// Brings portals, ghosts and message pairs back from the rooms, after the database was lost; while the program does not run
    Rebuild(RebuildArgs),
    /// Prints an example config file with every key
    ExampleConfig,
    /// Prints all chat commands
    Commands,
    /// Prints all metrics
    MetricsList,
    /// Prints a text of the network's own, by its name; see [`Help::documents`]
    #[command(skip)]
    Document(String),
    /// A verb of the program's own, by its name, with its words; see [`Help::verbs`]
    #[command(skip)]
    Own(String, Box<clap::ArgMatches>),
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

/// What `doctor` asks.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The folder that backups are written to; without it the one of the backup unit, below /var/backups
    #[arg(long, value_name = "DIR")]
    pub backups: Option<PathBuf>,
}

/// What `status` asks.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct StatusArgs {
    /// Prints the health document as it is
    #[arg(long)]
    pub json: bool,
    /// Prints it again each time it has changed, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// For supervisors that know only good and bad: ends with 0 unless the program is down or not deployed, then with 1
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
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

/// What `rebuild` asks.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// How many events are read in each room, the newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    pub events: u32,
    /// How far back is read, in days
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub days: u32,
    /// The homeserver lost its rooms: lets each chat get a new one in the place of a room that the bot is not in
    #[arg(long, conflicts_with_all = ["events", "days"])]
    pub new_rooms: bool,
}

/// What a program's help says besides the verbs.
#[derive(Debug, Clone, Default)]
pub struct Help {
    /// The program's name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Verbs that print a text of the network's own, each with a sentence.
    pub documents: Vec<(&'static str, &'static str)>,
    /// Verbs of the program's own.
    pub verbs: Vec<clap::Command>,
    /// Said below the options of `login`.
    pub login: String,
    /// Verbs that are left out: the program has no use for them.
    pub hidden: &'static [&'static str],
}

/// What a verb gives: a text, and the code to end with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What is printed; nothing where it is empty.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// Reads the command line, carries the verb out on a new runtime, and ends with its code, or with 1 and sentences.
pub fn start<F, A>(help: Help, carry_out: impl FnOnce(Cli) -> F) -> ExitCode
where
    F: Future<Output = Result<A, String>>,
    A: Into<Answer>,
{
    let documents = help.documents.clone();
    let verbs = help.verbs.clone();
    let cli = match parser(help).try_get_matches().and_then(|matches| read(&matches, &documents, &verbs)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return fail("The program could not start its threads.");
    };
    match runtime.block_on(carry_out(cli)).map(Into::into) {
        Ok(Answer { text, code }) => {
            if !text.is_empty() {
                print(text.trim_end());
            }
            ExitCode::from(code)
        }
        // What there was to say was printed.
        Err(sentences) if sentences.is_empty() => ExitCode::FAILURE,
        Err(sentences) => fail(sentences),
    }
}

/// What reads the command line of a program. Man pages and completions are made from it, too.
pub fn parser(help: Help) -> clap::Command {
    let mut command = Cli::command().name(help.name).about(help.about);
    command = command.mut_subcommand("login", |verb| verb.after_help(help.login));
    for verb in help.hidden {
        command = command.mut_subcommand(verb, |verb| verb.hide(true));
    }
    command = command.subcommands(help.verbs);
    command.subcommands(help.documents.into_iter().map(|(name, about)| clap::Command::new(name).about(about)))
}

/// The command line, as it was read.
fn read(
    matches: &clap::ArgMatches,
    documents: &[(&'static str, &'static str)],
    verbs: &[clap::Command],
) -> Result<Cli, clap::Error> {
    let Some((name, words)) = matches.subcommand() else { return Cli::from_arg_matches(matches) };
    let config = || matches.get_one::<PathBuf>("config").cloned().unwrap_or_default();
    if documents.iter().any(|(document, _)| *document == name) {
        return Ok(Cli { config: config(), verb: Verb::Document(name.to_owned()) });
    }
    if verbs.iter().any(|verb| verb.get_name() == name) {
        return Ok(Cli { config: config(), verb: Verb::Own(name.to_owned(), Box::new(words.clone())) });
    }
    Cli::from_arg_matches(matches)
}

/// Ends a program with sentences for whoever started it.
pub fn fail(sentences: impl std::fmt::Display) -> ExitCode {
    #[allow(clippy::print_stderr, reason = "the end of a command-line program")]
    {
        eprintln!("{sentences}");
    }
    ExitCode::FAILURE
}

/// Prints a program's answer, and ends the program if nobody can have it: well where who reads it has seen enough (`| head`), with
/// exit code 1 where it cannot be written (a full disk). So nothing that must come to its end may print.
pub fn print(text: impl std::fmt::Display) {
    let Err(error) = writeln!(std::io::stdout().lock(), "{text}") else { return };
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let _ = writeln!(std::io::stderr(), "The answer could not be written: {error}.");
    std::process::exit(1);
}

/// A variable of the environment. Read nowhere else.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub fn environment(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn asked(words: &[&str]) -> Result<Cli, String> {
        let documents = vec![("poster", "A poster to hang up")];
        let verbs = vec![clap::Command::new("fold").arg(clap::Arg::new("times").required(true))];
        let help = Help {
            name: "bridge-paper".to_owned(),
            documents: documents.clone(),
            verbs: verbs.clone(),
            ..Help::default()
        };
        let words = ["bridge-paper"].iter().chain(words);
        let matches = parser(help).try_get_matches_from(words);
        matches.and_then(|matches| read(&matches, &documents, &verbs)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_document_is_a_verb_like_the_others() {
        assert!(matches!(asked(&["poster"]).unwrap().verb, Verb::Document(name) if name == "poster"));
        assert!(matches!(asked(&["check"]).unwrap().verb, Verb::Check));
        for help in [["--help", "-c=x"], ["help", "poster"]] {
            assert!(asked(&help).unwrap_err().contains("A poster to hang up"), "{help:?}");
        }
        assert!(
            asked(&["poster", "large"]).unwrap_err().contains("large"),
            "what is not asked for is refused"
        );
    }

    #[test]
    fn a_programs_own_verb_comes_with_its_words() {
        let Verb::Own(name, words) = asked(&["fold", "3"]).unwrap().verb else { panic!("another verb") };
        assert_eq!((name.as_str(), words.get_one::<String>("times").unwrap().as_str()), ("fold", "3"));
        assert!(asked(&["fold"]).unwrap_err().contains("times"));
    }

    #[test]
    fn a_mistyped_verb_is_told_the_right_one() {
        for (mistyped, meant) in [("chek", "check"), ("postr", "poster"), ("dead-leters", "dead-letters")] {
            let told = asked(&[mistyped]).unwrap_err();
            assert!(told.contains(mistyped) && told.contains(&format!("'{meant}'")), "{told}");
        }
    }
}
