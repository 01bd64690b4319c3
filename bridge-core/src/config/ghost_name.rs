//! The key `appservice.ghost_name`: how ghosts are called, by a template.

use crate::event::UserInfo;

/// The longest display name in characters; Synapse refuses more than 256.
const LONGEST: usize = 255;
/// What may stand in a template, for people.
const KNOWN: &str = "{name}, {real_name}, {handle}, {title}, {team} and {bot}";

/// How ghosts are called. `{name}` and its like stand for what is known of the person; `{title? (text)}` is the text if
/// there is a title, and nothing if not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Key),
    If(Key, Vec<Piece>),
}

/// What a placeholder stands for. The first three are never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    RealName,
    Handle,
    Title,
    Team,
    Bot,
}

impl Key {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "name" => Self::Name,
            "real_name" => Self::RealName,
            "handle" => Self::Handle,
            "title" => Self::Title,
            "team" => Self::Team,
            "bot" => Self::Bot,
            _ => return None,
        })
    }

    /// What it stands for; empty if that is not known. Whoever chose no name of their own has another.
    fn value<'a>(self, info: &'a UserInfo, id: &'a str) -> &'a str {
        let first = |texts: [&'a Option<String>; 3]| {
            let mut said = texts.into_iter().flatten().map(|text| text.trim());
            said.find(|text| !text.is_empty()).unwrap_or(id)
        };
        let text = |text: &'a Option<String>| text.as_deref().map(str::trim).unwrap_or_default();
        match self {
            Self::Name => first([&info.name, &info.real_name, &info.handle]),
            Self::RealName => first([&info.real_name, &info.name, &info.handle]),
            Self::Handle => first([&info.handle, &info.name, &info.real_name]),
            Self::Title => text(&info.title),
            Self::Team => text(&info.team),
            Self::Bot if info.is_bot => "bot",
            Self::Bot => "",
        }
    }
}

impl Default for NameTemplate {
    /// The name and nothing else.
    fn default() -> Self {
        Self(vec![Piece::Value(Key::Name)])
    }
}

impl NameTemplate {
    /// Reads a template. The error is a sentence to stand behind the key's name.
    pub fn read(template: &str) -> Result<Self, String> {
        let mut rest = template;
        let pieces = pieces(&mut rest, false)?;
        let names = |piece: &Piece| matches!(piece, Piece::Value(Key::Name | Key::RealName | Key::Handle));
        if !pieces.iter().any(names) {
            return Err(
                "has no {name}, {real_name} or {handle} in it, so all ghosts would be called the same. Write it like \
                 \"{name} (elsewhere)\"."
                    .to_owned(),
            );
        }
        Ok(Self(pieces))
    }

    /// The name of a person's ghost. `id` is shown for somebody of whom nothing is known.
    pub fn write(&self, info: &UserInfo, id: &str) -> String {
        let mut name = String::new();
        write(&self.0, info, id, &mut name);
        let name = name.trim();
        let name = if name.is_empty() { id } else { name };
        match name.char_indices().nth(LONGEST) {
            Some(_) => name.chars().take(LONGEST - 1).chain(['…']).collect(),
            None => name.to_owned(),
        }
    }
}

fn write(pieces: &[Piece], info: &UserInfo, id: &str, name: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => name.push_str(text),
            Piece::Value(key) => name.push_str(key.value(info, id)),
            Piece::If(key, pieces) if !key.value(info, id).is_empty() => write(pieces, info, id, name),
            Piece::If(..) => {}
        }
    }
}

/// Reads pieces up to the end, or within a placeholder up to its closing brace, which is taken.
fn pieces(rest: &mut &str, is_inside: bool) -> Result<Vec<Piece>, String> {
    let mut found = Vec::new();
    loop {
        let Some(at) = rest.find(['{', '}']) else {
            if is_inside {
                return Err(unclosed());
            }
            push_text(&mut found, rest);
            return Ok(found);
        };
        push_text(&mut found, &rest[..at]);
        let is_closing = rest[at..].starts_with('}');
        *rest = &rest[at + 1..];
        match (is_closing, is_inside) {
            (true, true) => return Ok(found),
            (true, false) => return Err("has a } without a { before it. Remove it.".to_owned()),
            // One condition within another would be nothing that anybody reads.
            (false, _) => found.push(placeholder(rest, is_inside)?),
        }
    }
}

/// Reads what stands behind an opening brace, with the closing one.
fn placeholder(rest: &mut &str, is_inside: bool) -> Result<Piece, String> {
    let end = rest.find(['}', '?', '{']).ok_or_else(unclosed)?;
    let (word, sign) = (&rest[..end], &rest[end..=end]);
    let key = Key::read(word)
        .ok_or_else(|| format!("has {{{word}}} in it, which stands for nothing. Known are {KNOWN}."))?;
    *rest = &rest[end + 1..];
    match sign {
        "}" => Ok(Piece::Value(key)),
        "?" if !is_inside => Ok(Piece::If(key, pieces(rest, true)?)),
        "?" => Err("has one {…? …} within another. Write them one after the other.".to_owned()),
        _ => Err(unclosed()),
    }
}

fn push_text(found: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        found.push(Piece::Text(text.to_owned()));
    }
}

fn unclosed() -> String {
    "has a { without a } behind it. Close it.".to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;

    fn ada() -> UserInfo {
        UserInfo {
            name: Some("ada".to_owned()),
            real_name: Some("Ada Lovelace".to_owned()),
            handle: Some("alove".to_owned()),
            title: Some("Engineer".to_owned()),
            team: Some("Analytical".to_owned()),
            ..UserInfo::default()
        }
    }

    fn named(template: &str, info: &UserInfo) -> String {
        NameTemplate::read(template).unwrap().write(info, "t1-u1")
    }

    #[test]
    fn each_placeholder_stands_for_its_fact() {
        assert_eq!(named("{name}", &ada()), "ada");
        assert_eq!(
            named("{real_name} @{handle} ({title}, {team})", &ada()),
            "Ada Lovelace @alove (Engineer, Analytical)"
        );
        let bot = UserInfo { is_bot: true, ..ada() };
        assert_eq!(named("{name}{bot? [bot]}", &bot), "ada [bot]");
        assert_eq!(named("{name} {bot}", &bot), "ada bot");
        assert_eq!(named("{name} {bot}", &ada()), "ada");
    }

    #[test]
    fn what_is_not_known_leaves_no_brackets() {
        let template = "{name}{title?, {title}}{team? ({team})}{bot? [bot]}";
        assert_eq!(named(template, &ada()), "ada, Engineer (Analytical)");
        assert_eq!(named(template, &UserInfo::named("bob")), "bob");
        let spaces = UserInfo { title: Some("  ".to_owned()), ..UserInfo::named("bob") };
        assert_eq!(named(template, &spaces), "bob");
    }

    #[test]
    fn everybody_has_a_name() {
        assert_eq!(named("{name}", &UserInfo::default()), "t1-u1");
        assert_eq!(named("{handle}", &UserInfo::named("bob")), "bob");
        assert_eq!(
            named("{real_name}", &UserInfo { handle: Some("bo".into()), ..UserInfo::named(" ") }),
            "bo"
        );
        let long = named("{name}", &UserInfo::named("ä".repeat(300)));
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST, true));
    }

    #[test]
    fn a_wrong_template_is_refused_with_what_is_wrong() {
        for (template, words) in [
            ("Somebody", "all ghosts would be called the same"),
            ("{title}", "all ghosts would be called the same"),
            ("{bot?{name}}", "all ghosts would be called the same"),
            ("{nmae}", "has {nmae} in it"),
            ("{name} {}", "has {} in it"),
            ("{ name }", "has { name } in it"),
            ("{name", "without a }"),
            ("{name{title}}", "without a }"),
            ("{name}{title? ({title})", "without a }"),
            ("{name}}", "without a {"),
            ("{name}{title?{bot?x}}", "within another"),
        ] {
            let error = NameTemplate::read(template).unwrap_err();
            assert!(error.contains(words), "{template:?}: {error:?}");
        }
    }
}
