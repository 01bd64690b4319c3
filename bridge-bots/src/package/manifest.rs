//! `maubot.yaml`: what a plugin says of itself, with each mistake named by its key.

use serde_yaml::{Mapping, Value};

use crate::plugin::Problem;

/// The longest id, in characters: files and rows are named by it.
const LONGEST_ID: usize = 128;

/// What is needed of it here; keys that only a runtime needs are checked and left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The plugin's id.
    pub(crate) id: String,
    /// Its version, as it is written.
    pub(crate) version: String,
    /// Its modules, in the order in which they are loaded.
    pub(crate) modules: Vec<String>,
    /// `Class` of the last module, or `module/Class`.
    pub(crate) main_class: String,
}

impl Manifest {
    /// Module and name of the main class.
    pub(crate) fn main(&self) -> (&str, &str) {
        let last = self.modules.last().map(String::as_str).unwrap_or_default();
        self.main_class.split_once('/').unwrap_or((last, &self.main_class))
    }
}

/// Reads it.
pub(super) fn read(text: &str) -> Result<Manifest, Vec<Problem>> {
    let value: Value = serde_yaml::from_str(text)
        .map_err(|error| vec![Problem::new("maubot.yaml", format!("is not YAML: {error}."))])?;
    let Value::Mapping(keys) = value else {
        return Err(vec![Problem::new(
            "maubot.yaml",
            "has to consist of keys, such as `id: org.example.bot`.",
        )]);
    };
    let mut read = Reading { keys, problems: Vec::new() };
    let id = read.required("id", "\"org.example.bot\"").filter(|id| read.id(id));
    let version = read.required("version", "\"1.0.0\"").filter(|version| read.version("version", version));
    let modules = read.list("modules", true).filter(|modules| read.modules(modules));
    let main_class = read.required("main_class", "Bot").filter(|class| read.class(class));
    if let Some(version) = read.text("maubot") {
        read.version("maubot", &version);
    }
    read.text("license");
    if let Some(kind) =
        read.text("database_type").filter(|kind| !matches!(kind.as_str(), "sqlalchemy" | "asyncpg"))
    {
        read.problem("database_type", format!("is {kind}; sqlalchemy and asyncpg are known."));
    }
    for key in ["database", "config", "webapp"] {
        read.flag(key);
    }
    for key in ["extra_files", "dependencies", "soft_dependencies"] {
        read.list(key, false);
    }
    match (id, version, modules, main_class) {
        (Some(id), Some(version), Some(modules), Some(main_class)) if read.problems.is_empty() => {
            Ok(Manifest { id, version, modules, main_class })
        }
        _ => Err(read.problems),
    }
}

struct Reading {
    keys: Mapping,
    problems: Vec<Problem>,
}

impl Reading {
    fn problem(&mut self, key: &str, text: impl Into<String>) -> bool {
        self.problems.push(Problem::new(key, text));
        false
    }

    /// A text; what is something else is told.
    fn text(&mut self, key: &str) -> Option<String> {
        match self.keys.get(key)?.clone() {
            Value::String(text) => Some(text),
            Value::Null => None,
            Value::Number(number) => {
                self.problem(key, format!("is a number; put it into quotation marks: \"{number}\"."));
                None
            }
            _ => {
                self.problem(key, "has to be a text.");
                None
            }
        }
    }

    fn required(&mut self, key: &str, example: &str) -> Option<String> {
        let before = self.problems.len();
        let text = self.text(key);
        if text.is_none() && self.problems.len() == before {
            self.problem(key, format!("is missing; write `{key}: {example}`."));
        }
        text
    }

    fn list(&mut self, key: &str, required: bool) -> Option<Vec<String>> {
        match self.keys.get(key).cloned() {
            None | Some(Value::Null) if !required => return None,
            None | Some(Value::Null) => {
                self.problem(key, "is missing; list the modules, one a line with `- ` before it.");
            }
            Some(Value::Sequence(all)) => {
                let texts: Option<Vec<String>> =
                    all.iter().map(|one| one.as_str().map(str::to_owned)).collect();
                if texts.is_some() {
                    return texts;
                }
                self.problem(key, "has to list texts only.");
            }
            Some(_) => {
                self.problem(key, "has to be a list.");
            }
        }
        None
    }

    fn flag(&mut self, key: &str) {
        if self.keys.get(key).is_some_and(|value| !value.is_bool()) {
            self.problem(key, "has to be true or false.");
        }
    }

    fn id(&mut self, id: &str) -> bool {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_good =
            id.len() <= LONGEST_ID && id.bytes().all(fits) && !id.starts_with('.') && !id.is_empty();
        is_good
            || self.problem(
                "id",
                format!("has to be of a-z, 0-9 and - _ . with at most {LONGEST_ID} characters."),
            )
    }

    fn version(&mut self, key: &str, version: &str) -> bool {
        is_version(version)
            || self.problem(key, format!("{version:?} is no version; write one such as \"1.0.0\"."))
    }

    fn modules(&mut self, modules: &[String]) -> bool {
        if modules.is_empty() {
            return self.problem("modules", "is empty; list at least the module with the main class.");
        }
        let wrong = modules.iter().position(|module| !module.split('.').all(is_identifier));
        wrong.is_none_or(|at| self.problem(&format!("modules[{at}]"), "is no name of a module."))
    }

    fn class(&mut self, class: &str) -> bool {
        let (module, name) =
            class.split_once('/').map_or((None, class), |(module, name)| (Some(module), name));
        let is_good = is_identifier(name) && module.is_none_or(|module| module.split('.').all(is_identifier));
        is_good || self.problem("main_class", "has to be `Class`, or `module/Class`.")
    }
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

/// Whether it begins as a version of PEP 440 does and has nothing in it that those do not have. How two compare is for a
/// runtime to know.
fn is_version(version: &str) -> bool {
    let version = version.trim();
    let digits = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'!');
    digits.len() <= 64 && digits.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(fits)
}
