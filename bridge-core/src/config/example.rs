//! The example config file, with every key, its default and what it does.

use super::Defaults;

/// The example for a program; `own` is the YAML of its own section, not indented and without comments: they come from
/// [`Defaults::notes`].
pub fn example(defaults: &Defaults, server_name: &str, own: &str) -> String {
    let Defaults { id, name, bot, port, .. } = defaults;
    let own = own_section(defaults, own);
    let head = format!(
        r#"# Which homeserver we stand beside.
homeserver:
  # Where its client API answers.
  url: http://127.0.0.1:8008
  # What stands behind the colon in user ids.
  name: {server_name}
  # How many seconds to wait at the start for a homeserver that does not answer yet.
  startup_wait: 60

# How we appear on it. After a change here run `registration` and give the file to the homeserver again.
appservice:
  id: {id}
  # The bot's local part: @{bot}:{server_name}.
  bot: {bot}
  bot_displayname: {name} bridge
  # What ghosts' local parts begin with.
  user_prefix: {id}_
  # Ghosts' display names. {{name}} stands for the name the person chose, {{real_name}} for the full one, {{handle}} for
  # the short one, {{title}}, {{team}}; {{bot}} is "bot" for programs and nothing for people. {{title? ({{title}})}} is
  # what stands behind the question mark if there is a title, and nothing if there is none.
  ghost_name: "{{name}}"
  # What commands in shared rooms begin with.
  command_prefix: "!{id}"
  # Which messages get an event that tells clients what became of them, beside the notice in words: none, failures or all.
  delivery_events: failures
  # Where the homeserver's transactions are received.
  listen: 127.0.0.1:{port}
  # Where the homeserver reaches that: what stands as `url` in the registration. Needed where it is in a container, on another
  # machine, or comes through a proxy; without it, http:// and `listen`.
  # url: http://10.0.0.4:{port}
  # The registration file, relative to this file; our tokens are read from it.
  registration: registration.yaml
  # Where the path /public/ of `listen` is reached from outside. If set, people without a login are shown elsewhere
  # with their picture, and files that are not taken there become links, all fetched by signed addresses.
  # public_url: https://bridge.example.org

# Where data is kept: sqlite:FILE (relative to this file) or postgres://user@127.0.0.1/name.
database:
  url: sqlite:bridge.db
  # The file with PostgreSQL's password, if it does not stand in `url` (postgres://user:password@…); the systemd credential
  # `database-password` goes before it.
  # password_file: database.password

# What seals stored credentials: a file with 64 hexadecimal digits, or the systemd credential `secret-key`.
secret:
  key_file: secret.key

"#
    );
    let tail = tail(server_name, name, &own);
    format!("{head}{tail}")
}

/// The program's own section, with a comment above each key that has one.
fn own_section(defaults: &Defaults, own: &str) -> String {
    let own = own.trim().trim_start_matches("---").trim();
    if own.is_empty() || own == "{}" {
        return format!("{}: {{}}\n", defaults.id);
    }
    let mut text = format!("{}:\n", defaults.id);
    for line in own.lines() {
        let key = line.split(':').next().unwrap_or_default();
        let note = defaults.notes.iter().find(|(named, _)| *named == key);
        let comment = note.into_iter().flat_map(|(_, note)| note.lines()).map(|line| format!("  # {line}\n"));
        text.extend(comment.chain([format!("  {line}\n")]));
    }
    text
}

/// The sections from `logging` on.
fn tail(server_name: &str, name: &str, own: &str) -> String {
    format!(
        r#"# What is logged: error, warn, info or debug; as text or json.
logging:
  level: info
  format: text

# Which people of a chat are shown as members of its room, and how many at most. Whoever speaks always is.
# speakers: nobody else, but whoever comes into the chat from now on; all: everybody who is in it. The conduwuit family
# works longer over each message the more members there are: several times as long with 300. A room that is there
# already is gone through with `sync`.
members:
  show: speakers
  limit: 500

# Who may do what: block, relay (write through a relay), user (log in), admin.
# An entry for an id counts more than one for its server, that more than "*".
permissions:
  "*": relay
  "{server_name}": user
  "@admin:{server_name}": admin

# {name}.
{own}"#
    )
}
