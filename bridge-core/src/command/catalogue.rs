//! All commands of a program, with the rights each needs; the help is made from it.

use std::fmt::Write as _;

use clap::ArgMatches;

use super::line;
use crate::config::Level;

/// A command.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who may use it; nobody else sees it in the help.
    pub level: Level,
    /// Its name, arguments and sentences.
    pub clap: clap::Command,
}

/// A line that was understood.
#[derive(Debug)]
pub struct Parsed {
    /// The command's name.
    pub name: String,
    /// Its arguments.
    pub args: ArgMatches,
}

/// All commands.
#[derive(Debug, Clone)]
pub struct Catalogue {
    prefix: String,
    commands: Vec<Command>,
}

impl Catalogue {
    /// A catalogue; `prefix` is what a command in a shared room begins with.
    pub fn new(prefix: impl Into<String>, commands: Vec<Command>) -> Self {
        Self { prefix: prefix.into(), commands }
    }

    /// What a command in a shared room begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the line's first word is a command.
    pub fn names(&self, text: &str) -> bool {
        let first = text.split_whitespace().next().unwrap_or_default();
        self.commands.iter().any(|command| command.clap.get_name() == first)
    }

    /// What stands behind the prefix, if the line begins with it.
    pub fn strip_prefix<'l>(&self, line: &'l str) -> Option<&'l str> {
        let rest = line.trim_start().strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
    }

    /// Understands a line of somebody with this level. The error is the answer to them: what was wrong and how it is
    /// right. It repeats no argument, since that may be a secret.
    pub fn parse(&self, text: &str, level: Level) -> Result<Parsed, String> {
        let words = line::words(text);
        let Some(name) = words.first() else { return Err(self.help(level)) };
        let found = self.commands.iter().find(|command| {
            command.clap.get_name() == name || command.clap.get_all_aliases().any(|alias| alias == name)
        });
        let Some(command) = found else {
            return Err("There is no such command. `help` lists all that you can use.".to_owned());
        };
        if level < command.level {
            return Err(format!(
                "`{}` needs the permission level {}, and yours is {level}. The administrator of the bridge gives it \
                 under `permissions` in the configuration.",
                command.clap.get_name(),
                command.level
            ));
        }
        let clap = prepared(&command.clap);
        match clap.try_get_matches_from(&words) {
            Ok(args) => Ok(Parsed { name: command.clap.get_name().to_owned(), args }),
            Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelp => {
                Err(format!("```text\n{}\n```", error.to_string().trim()))
            }
            Err(_) => Err(format!(
                "That does not fit `{}`, which is written `{}`. `{0} --help` says more.",
                command.clap.get_name(),
                usage(command)
            )),
        }
    }

    /// The help for somebody with this level, as Markdown: the commands they can use, by the level that each needs.
    pub fn help(&self, level: Level) -> String {
        let prefix = &self.prefix;
        let mut text = format!(
            "In our direct chat write a command as it stands here; in any other room begin with `{prefix}`, as in \
             `{prefix} help`. `<…>` is for you to fill in, `[…]` may be left out, and a name with blanks goes into \
             quotes.\n"
        );
        for (needed, entries) in self.by_level() {
            if needed <= level {
                let _ = write!(text, "\n**Commands {}**\n\n{entries}", for_whom(needed));
            }
        }
        if self.commands.iter().any(|command| command.level > level) {
            let _ = write!(
                text,
                "\nYour level is `{level}`. There are more commands for higher levels, which the administrator of the \
                 bridge gives.\n"
            );
        }
        text
    }

    /// What there is to know of one command, named by its words (`dead-letters retry`), for somebody with this level.
    pub fn help_for(&self, words: &[&str], level: Level) -> String {
        // What looks like an option would be one: the name is all that counts then.
        let named = words.iter().take_while(|word| !word.starts_with('-'));
        let line = named.chain([&"--help"]).copied().collect::<Vec<_>>().join(" ");
        self.parse(&line, level).err().unwrap_or_else(|| self.help(level))
    }

    /// All commands with their levels, as Markdown, for the documentation.
    pub fn document(&self) -> String {
        let mut text = format!(
            "# Commands\n\nIn a direct chat with the bot as written here; in any other room behind `{}`.\n",
            self.prefix
        );
        for (level, entries) in self.by_level() {
            let _ = write!(text, "\n## From the level `{level}`\n\n{entries}");
        }
        text
    }

    /// The commands as a list, by the level that each needs, the lowest first.
    fn by_level(&self) -> Vec<(Level, String)> {
        let entries = |level| -> String {
            self.commands.iter().filter(|command| command.level == level).map(entry).collect()
        };
        let levels = [Level::Relay, Level::User, Level::Admin].into_iter();
        levels.map(|level| (level, entries(level))).filter(|(_, entries)| !entries.is_empty()).collect()
    }
}

fn for_whom(level: Level) -> &'static str {
    match level {
        Level::Block | Level::Relay => "for everybody here (level `relay`)",
        Level::User => "for people who may log in (level `user`)",
        Level::Admin => "for administrators (level `admin`)",
    }
}

fn entry(command: &Command) -> String {
    let about = command.clap.get_about().map(ToString::to_string).unwrap_or_default();
    format!("- `{}`: {about}\n", usage(command))
}

/// How a command is written.
fn usage(command: &Command) -> String {
    let usage = prepared(&command.clap).render_usage().to_string();
    usage.trim().trim_start_matches("Usage:").trim().to_owned()
}

/// Words only: no binary name to skip, no colours, no help flags besides `--help`.
fn prepared(clap: &clap::Command) -> clap::Command {
    clap.clone().disable_version_flag(true).color(clap::ColorChoice::Never).disable_help_subcommand(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn catalogue() -> Catalogue {
        let login = clap::Command::new("login").about("Logs in.").arg(clap::Arg::new("flow").required(true));
        let stop = clap::Command::new("stop").about("Stops all.");
        Catalogue::new(
            "!chat",
            vec![Command { level: Level::User, clap: login }, Command { level: Level::Admin, clap: stop }],
        )
    }

    #[test]
    fn a_line_becomes_a_command() {
        let parsed = catalogue().parse("login app", Level::User).unwrap();
        assert_eq!(parsed.name, "login");
        assert_eq!(parsed.args.get_one::<String>("flow").unwrap(), "app");
    }

    #[test]
    fn what_does_not_fit_is_explained_without_repeating_it() {
        let answer = catalogue().parse("login app xoxb-very-secret", Level::User).unwrap_err();
        assert!(answer.contains("login <flow>") && !answer.contains("secret"), "{answer}");
        let answer = catalogue().parse("xoxb-very-secret", Level::User).unwrap_err();
        assert!(answer.contains("help") && !answer.contains("secret"), "{answer}");
        assert!(catalogue().parse("stop", Level::User).unwrap_err().contains("admin"));
    }

    #[test]
    fn the_help_shows_what_one_may_use() {
        assert!(catalogue().help(Level::Admin).contains("stop"));
        assert!(!catalogue().help(Level::User).contains("stop"));
    }

    #[test]
    fn the_help_says_what_each_level_may() {
        let help = catalogue().help(Level::Admin);
        let (user, admin) = help.split_once("(level `admin`)").unwrap();
        assert!(user.contains("(level `user`)") && user.contains("- `login <flow>`: Logs in.\n"), "{help}");
        assert!(admin.contains("- `stop`: Stops all.\n") && !admin.contains("Your level"), "{help}");
        let less = catalogue().help(Level::User);
        assert!(less.contains("Your level is `user`. There are more"), "{less}");
    }

    #[test]
    fn no_placeholder_is_taken_for_html() {
        let outside = |text: &str| text.split('`').step_by(2).collect::<String>();
        for text in [catalogue().parse("login", Level::User).unwrap_err(), catalogue().help(Level::Admin)] {
            assert!(text.contains("<flow>") && !outside(&text).contains('<'), "{text}");
        }
        let more = catalogue().parse("login --help", Level::User).unwrap_err();
        assert!(more.starts_with("```text\n") && more.ends_with("\n```"), "{more}");
    }

    #[test]
    fn one_command_is_explained() {
        let login = catalogue().help_for(&["login"], Level::User);
        assert!(login.contains("Logs in.") && login.contains("login <flow>"), "{login}");
        assert!(catalogue().help_for(&["stop"], Level::User).contains("admin"));
        assert!(catalogue().help_for(&["burn"], Level::User).contains("no such command"));
        assert!(catalogue().help_for(&["login", "-x"], Level::User).contains("Logs in."));
    }

    #[test]
    fn the_prefix_stands_alone() {
        let catalogue = catalogue();
        assert_eq!(catalogue.strip_prefix("!chat ping"), Some("ping"));
        assert_eq!(catalogue.strip_prefix("!chat"), Some(""));
        assert_eq!(catalogue.strip_prefix("!chatter"), None);
    }
}
