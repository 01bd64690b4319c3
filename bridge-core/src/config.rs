//! The config file: one section per file, every mistake named by its key and remedy.

pub mod appservice;
pub mod database;
pub mod example;
pub mod explain;
pub mod ghost_name;
pub mod homeserver;
pub mod logging;
pub mod members;
pub mod permissions;
pub mod secret;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

pub use appservice::{Appservice, DeliveryEvents};
pub use database::Database;
pub use ghost_name::NameTemplate;
pub use homeserver::Homeserver;
pub use logging::{Format, Logging};
pub use members::{Members, Shown};
pub use permissions::{Level, Permissions};
pub use secret::SecretKey;

/// What a program is called and which values it takes where the file names none.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// The section of the program itself, the registration's id and the ghosts' prefix.
    pub id: &'static str,
    /// The name people know.
    pub name: &'static str,
    /// The bot's local part.
    pub bot: &'static str,
    /// The port to listen on.
    pub port: u16,
    /// What the keys of the program's own section mean, for the example: each key with its comment, whose lines are cut
    /// as they are to stand in the file.
    pub notes: &'static [(&'static str, &'static str)],
}

/// All mistakes of a config file, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.0))]
pub struct ConfigError(pub Vec<String>);

fn list(problems: &[String]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(text, "{problem}");
    }
    text.trim_end().to_owned()
}

/// A config file that was read and checked. `S` is the program's own section.
#[derive(Debug, Clone)]
pub struct Config<S> {
    /// Which homeserver.
    pub homeserver: Homeserver,
    /// How we appear on it.
    pub appservice: Appservice,
    /// Where data is kept.
    pub database: Database,
    /// What seals credentials.
    pub secret: SecretKey,
    /// What is logged.
    pub logging: Logging,
    /// Who is shown in rooms.
    pub members: Members,
    /// Who may do what.
    pub permissions: Permissions,
    /// The program's own section.
    pub own: S,
    /// The folder of the file; relative paths in it start here.
    pub folder: PathBuf,
}

impl<S: DeserializeOwned + Default> Config<S> {
    /// Reads and checks a file. Nothing is changed on disk.
    pub fn load(path: &Path, defaults: &Defaults) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let advice = if error.kind() == std::io::ErrorKind::PermissionDenied {
                "Run this as the program's user; if that is who you are, give the file to it (chown)."
            } else {
                "Give its place with --config, or make one with `init`."
            };
            ConfigError(vec![format!(
                "The config file {} could not be read ({error}). {advice}",
                path.display()
            )])
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::parse(&text, folder, defaults)
    }

    /// Checks the text of a config file whose relative paths start at `folder`. All mistakes are named together.
    pub fn parse(text: &str, folder: &Path, defaults: &Defaults) -> Result<Self, ConfigError> {
        let root: Value = serde_yaml::from_str(text)
            .map_err(|error| ConfigError(vec![not_yaml(text, &error.to_string())]))?;
        let mut sections = match root {
            Value::Mapping(map) => Sections { map, problems: Vec::new() },
            Value::Null => Sections { map: Mapping::new(), problems: Vec::new() },
            _ => {
                return Err(ConfigError(vec![
                    "The config file has to consist of sections such as `homeserver:`.".into(),
                ]));
            }
        };
        let homeserver = sections.take("homeserver", homeserver::Section::check);
        let appservice = sections.take("appservice", |section: appservice::Section, problems| {
            section.check(defaults, folder, problems)
        });
        let database =
            sections.take("database", |section: database::Section, problems| section.check(folder, problems));
        let secret = sections.take("secret", |section: secret::Section, _| Some(section.check(folder)));
        let logging = sections.take("logging", |section: Logging, problems| {
            section.check(problems);
            Some(section)
        });
        let members = sections.take("members", |section: Members, _| Some(section));
        let permissions = sections.take("permissions", |section: permissions::Section, problems| {
            Some(Permissions::check(section, problems))
        });
        let own = sections.take(defaults.id, |section: S, _| Some(section));
        sections.refuse_unknown(defaults.id);
        if !sections.problems.is_empty() {
            return Err(ConfigError(sections.problems));
        }
        let whole = || {
            Some(Self {
                homeserver: homeserver?,
                appservice: appservice?,
                database: database?,
                secret: secret?,
                logging: logging?,
                members: members?,
                permissions: permissions?,
                own: own?,
                folder: folder.to_owned(),
            })
        };
        whole().ok_or_else(|| ConfigError(vec!["The config file could not be understood.".to_owned()]))
    }
}

/// What the reader says of a text that is no YAML, and a hint where it does not say where to look.
fn not_yaml(text: &str, error: &str) -> String {
    format!("The config file is not valid YAML: {error}.{}", hint(text, error).unwrap_or_default())
}

fn hint(text: &str, error: &str) -> Option<String> {
    // Of a key that stands twice the reader names the line in which the section begins.
    if let Some((_, rest)) = error.split_once("duplicate entry with key \"") {
        let key = rest.split_once('"')?.0;
        let is_of_key = |line: &str| {
            let (name, _) = line.split_once(':')?;
            Some(name.trim().trim_matches(['"', '\'']) == key)
        };
        // A Matrix id has a colon of its own.
        let is_quoted = |line: &str| {
            line.trim_start().strip_prefix(['"', '\'']).is_some_and(|line| line.starts_with(key))
        };
        let lines =
            (1..).zip(text.lines()).filter(|(_, line)| is_of_key(line) == Some(true) || is_quoted(line));
        let lines: Vec<String> = lines.map(|(number, _)| number.to_string()).collect();
        return Some(format!(" The key is in the lines {}: one section has it once.", lines.join(", ")));
    }
    let line = error.split_once("cannot start any token at line ")?.1;
    let number: usize = line.split(' ').next()?.parse().ok()?;
    let has_tab = text.lines().nth(number.checked_sub(1)?)?.contains('\t');
    has_tab.then(|| " There is a tab in that line; YAML takes spaces only.".to_owned())
}

/// The file's sections and what is wrong so far.
struct Sections {
    map: Mapping,
    problems: Vec<String>,
}

impl Sections {
    /// Takes a section out and looks it over; a missing one has its default values. Of a key that cannot be read only that is
    /// told, and then nothing of what is missing: it may be what was mistyped.
    fn take<T: DeserializeOwned + Default, R>(
        &mut self,
        name: &str,
        check: impl FnOnce(T, &mut Vec<String>) -> Option<R>,
    ) -> Option<R> {
        let mut value = match self.map.remove(name) {
            None | Some(Value::Null) => return check(T::default(), &mut self.problems),
            Some(value) => value,
        };
        let before = self.problems.len();
        loop {
            // By way of text, since only the text reader's errors name the key they are about.
            let read = serde_yaml::to_string(&value).and_then(|text| serde_yaml::from_str(&text));
            let words = match read {
                Ok(section) if self.problems.len() == before => return check(section, &mut self.problems),
                Ok(section) => {
                    let mut further = Vec::new();
                    check(section, &mut further);
                    further.retain(|problem| !problem.contains(": missing."));
                    self.problems.append(&mut further);
                    return None;
                }
                Err(error) => error.to_string(),
            };
            self.problems.push(explain::explain(name, &words));
            // The other keys may have mistakes of their own.
            let key = explain::key(&words);
            key.and_then(|key| value.as_mapping_mut()?.remove(key))?;
        }
    }

    fn refuse_unknown(&mut self, own: &str) {
        for key in self.map.keys() {
            let key = key.as_str().unwrap_or("(not a text)");
            self.problems.push(format!(
                "{key}: there is no such section. Known are homeserver, appservice, database, secret, logging, \
                 members, permissions and {own}; remove or correct it."
            ));
        }
    }
}

/// A path of the file, relative to the file's folder.
fn placed(folder: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { folder.join(path) }
}

#[cfg(test)]
mod tests;
