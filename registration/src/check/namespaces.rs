//! Checks of the namespaces: is each regex bound to us and our server, and do they stay apart.

use serde_yaml::{Mapping, Value};

use super::{Problem, boolean, pattern::Pattern, required, text};

/// Ids that can be made, users in lower case as some homeservers insist.
const VALID: [(&str, &str); 3] = [
    ("users", r"^@[a-z0-9._=/+-]+:([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?$"),
    ("aliases", r"^#[!-9;-~]+:([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?$"),
    ("rooms", r"^![!-~]+$"),
];
/// A name nobody has: a regex that takes it in takes in everybody.
const ANYBODY: &str = r"^[@#!]q7zx-nobody:[!-~]+$";
/// A server nobody has: a regex that takes it in is not bound to a server.
const ANYWHERE: &str = r"^[@#!][!-9;-~]+:elsewhere\.invalid$";

struct Entry {
    at: String,
    exclusive: bool,
    pattern: Pattern,
}

pub(super) fn check(keys: &Mapping, found: &mut Vec<Problem>) {
    let namespaces = match required(keys, "namespaces", "namespaces", found) {
        Some(Value::Mapping(namespaces)) => namespaces,
        Some(_) => {
            let remedy = "write the keys users, aliases and rooms below it";
            return found.push(Problem::error("namespaces", "it holds no keys", remedy));
        }
        None => return,
    };
    let sender = keys.get("sender_localpart").and_then(Value::as_str).filter(|sender| !sender.is_empty());
    for (kind, valid) in VALID {
        let entries = entries(namespaces, kind, found);
        for entry in &entries {
            scope(entry, kind, valid, found);
        }
        let exclusive: Vec<&Entry> = entries.iter().filter(|entry| entry.exclusive).collect();
        overlaps(&exclusive, found);
        if let ("users", Some(sender)) = (kind, sender) {
            sender_is_inside(sender, &exclusive, found);
        }
    }
}

fn entries(namespaces: &Mapping, kind: &str, found: &mut Vec<Problem>) -> Vec<Entry> {
    let at = format!("namespaces.{kind}");
    let list = match namespaces.get(kind) {
        None => return Vec::new(),
        Some(Value::Sequence(list)) => list,
        Some(_) => {
            found.push(Problem::error(at, "it is not a list", "write a list of entries, or []"));
            return Vec::new();
        }
    };
    let read = |(index, value)| entry(value, &format!("{at}[{index}]"), found);
    list.iter().enumerate().filter_map(read).collect()
}

fn entry(value: &Value, at: &str, found: &mut Vec<Problem>) -> Option<Entry> {
    let Value::Mapping(keys) = value else {
        found.push(Problem::error(at, "it is not an entry", "write the keys exclusive and regex below it"));
        return None;
    };
    let key = format!("{at}.exclusive");
    let exclusive = required(keys, "exclusive", &key, found).and_then(|value| boolean(value, &key, found));
    let at = format!("{at}.regex");
    let regex = text(keys, "regex", &at, found)?;
    match Pattern::new(regex) {
        Ok(pattern) => {
            if !(regex.starts_with('^') && regex.ends_with('$')) {
                let text = "some homeservers search it anywhere in an id, so it takes in more than it says";
                found.push(Problem::warning(&at, text, "begin it with ^ and end it with $"));
            }
            Some(Entry { at, exclusive: exclusive?, pattern })
        }
        Err(reason) => {
            let text = format!("it is no usable regular expression ({reason})");
            found.push(Problem::error(at, text, "mend it, without look-around, which homeservers lack"));
            None
        }
    }
}

/// Notes an entry that takes in nobody, everybody, or people of other servers.
fn scope(entry: &Entry, kind: &str, valid: &str, found: &mut Vec<Problem>) {
    let meets = |other: &str| Pattern::new(other).is_ok_and(|other| entry.pattern.shared(&other).is_some());
    let note = if entry.exclusive { Problem::error } else { Problem::warning };
    let problem = if !meets(valid) {
        Problem::error(
            &entry.at,
            "no id that can be made matches it, read from its beginning",
            "write it as in ^@slack_.*:hs\\.test$, with the sigil, in lower case, with the server's name",
        )
    } else if meets(ANYBODY) {
        note(&entry.at, "it takes in everybody", "put a prefix of our own before .*")
    } else if kind != "rooms" && meets(ANYWHERE) {
        note(&entry.at, "it takes in ids of any server", "end it with a colon, the server's name, and $")
    } else {
        return;
    };
    found.push(problem);
}

fn overlaps(exclusive: &[&Entry], found: &mut Vec<Problem>) {
    for (index, later) in exclusive.iter().enumerate() {
        for earlier in &exclusive[..index] {
            if let Some(shared) = earlier.pattern.shared(&later.pattern) {
                let text = format!("it overlaps with {} (both take in {shared})", earlier.at);
                found.push(Problem::error(
                    &later.at,
                    text,
                    "make the two apart, such as bot and ghost prefix",
                ));
            }
        }
    }
}

fn sender_is_inside(sender: &str, exclusive: &[&Entry], found: &mut Vec<Problem>) {
    let own = Pattern::new(&format!("^@{}:.+$", regex::escape(sender)));
    if !own.is_ok_and(|own| exclusive.iter().any(|entry| entry.pattern.shared(&own).is_some())) {
        let text = "it is outside the exclusive users namespaces, so anybody may take the bot's name";
        let remedy = "add an exclusive entry to namespaces.users that matches the bot";
        found.push(Problem::error("sender_localpart", text, remedy));
    }
}
