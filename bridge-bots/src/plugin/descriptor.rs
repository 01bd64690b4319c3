//! What a plugin is: name, version, commands, settings, and what it wants to hear of.

use serde::Serialize;

use super::event::Event;

/// What an event is to a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A message that begins with one of the plugin's commands.
    Command,
    /// Any message of a person, commands too.
    Message,
    /// A message of another bot. Whoever answers those may talk to itself for ever.
    Notice,
    /// A changed message.
    Edit,
    /// A reaction.
    Reaction,
    /// Something was taken back.
    Redaction,
    /// Somebody came, went or was invited.
    Member,
    /// Any other event.
    Other,
}

/// A command that people write: `!name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// What stands behind the exclamation mark, in small letters.
    pub name: String,
    /// What may stand behind it, such as `[name]`.
    pub words: String,
    /// What it does, in a sentence.
    pub about: String,
}

/// A key of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The key.
    pub name: String,
    /// What it means, in a sentence.
    pub about: String,
}

/// What an operator says to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A text, such as an address.
    Text,
    /// The id of a room that the account is in.
    Room,
}

/// Something that operators have an instance do, from a page, an API or a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What is said to it.
    pub takes: Takes,
    /// What it does, in a sentence.
    pub about: String,
}

/// What a plugin is. Made once per program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// Its id, by which instances name it.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What it does, in a sentence.
    pub about: String,
    /// What people write to it.
    pub commands: Vec<Command>,
    /// The keys of its config, those at the top.
    pub fields: Vec<Field>,
    /// What operators have its instances do.
    pub actions: Vec<Action>,
    /// Whether its instances have a web path.
    pub web: bool,
    /// What makes the database that each of its instances has; none for a plugin without one.
    #[serde(skip)]
    pub database: Option<&'static [&'static str]>,
    /// What it is told of.
    pub wants: Vec<Kind>,
    /// Whether what comes while an instance is stopped is kept for it: a thousand events at most, the newest.
    pub keeps: bool,
}

impl Descriptor {
    /// A plugin that wants to hear of nothing yet.
    pub fn new(id: &str, version: &str, about: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: version.to_owned(),
            about: about.to_owned(),
            commands: Vec::new(),
            fields: Vec::new(),
            actions: Vec::new(),
            web: false,
            database: None,
            wants: Vec::new(),
            keeps: false,
        }
    }

    /// With a command; the plugin is told when somebody writes it.
    #[must_use]
    pub fn command(mut self, name: &str, words: &str, about: &str) -> Self {
        let [name, words, about] = [name, words, about].map(str::to_owned);
        self.commands.push(Command { name, words, about });
        self.wants(Kind::Command)
    }

    /// With a key of the config.
    #[must_use]
    pub fn field(mut self, name: &str, about: &str) -> Self {
        self.fields.push(Field { name: name.to_owned(), about: about.to_owned() });
        self
    }

    /// With an action; [`Plugin::on_action`](super::Plugin::on_action) carries it out.
    #[must_use]
    pub fn action(mut self, name: &str, takes: Takes, about: &str) -> Self {
        let [name, about] = [name, about].map(str::to_owned);
        self.actions.push(Action { name, takes, about });
        self
    }

    /// With a web path; [`Plugin::on_request`](super::Plugin::on_request) answers.
    #[must_use]
    pub fn web(mut self) -> Self {
        self.web = true;
        self
    }

    /// With a database of its own for each instance, see [`database`](super::database). These are its steps in SQL, each of which
    /// is taken once and before the start. A step that was released stays as it is; what is to be different is done by
    /// another one behind it.
    #[must_use]
    pub fn database(mut self, steps: &'static [&'static str]) -> Self {
        self.database = Some(steps);
        self
    }

    /// Told of this kind of event.
    #[must_use]
    pub fn wants(mut self, kind: Kind) -> Self {
        if !self.wants.contains(&kind) {
            self.wants.push(kind);
        }
        self
    }

    /// What comes while an instance is stopped is kept for it.
    #[must_use]
    pub fn keeps(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Whether an event is one that the plugin wants to hear of.
    pub(crate) fn is_for(&self, event: &Event) -> bool {
        let kind = event.kind();
        let is_command = || event.command().is_some_and(|(name, _)| self.has_command(name));
        self.wants.contains(&kind)
            || (kind == Kind::Message && self.wants.contains(&Kind::Command) && is_command())
    }

    fn has_command(&self, name: &str) -> bool {
        self.commands.iter().any(|command| command.name.eq_ignore_ascii_case(name))
    }
}
