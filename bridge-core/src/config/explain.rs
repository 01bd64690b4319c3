//! What the YAML reader says of a wrong value, in words that need no knowledge of its types.

/// Puts the key's full path in front and says it plainly: `limit: invalid type …` becomes `members.limit: …`.
pub(super) fn explain(section: &str, words: &str) -> String {
    format!(
        "{}. Correct or remove the key; `example-config` prints a complete example.",
        said(section, words)
    )
}

/// The same without the advice, for a text of its own whose keys have no section (`""`) or one. No full stop at the end.
pub fn said(section: &str, words: &str) -> String {
    let dot = if section.is_empty() { "" } else { "." };
    let section_alone = if section.is_empty() { "the text" } else { section };
    // The line is one of the section's copy, not of the file.
    let words = words.split_once(" at line ").map_or(words, |(words, _)| words);
    match words.split_once(": ") {
        Some((path, rest)) if !path.contains(' ') => format!("{section}{dot}{path}: {}", plainly(rest)),
        _ => format!("{section_alone}: {}", plainly(words)),
    }
}

/// The key of the section itself that the reader's words are about, if they name one.
pub(super) fn key(words: &str) -> Option<&str> {
    let words = words.split_once(" at line ").map_or(words, |(words, _)| words);
    if let Some(rest) = words.strip_prefix("unknown field `") {
        return rest.split('`').next();
    }
    let (path, _) = words.split_once(": ").filter(|(path, _)| !path.contains(' '))?;
    path.split(['.', '[']).next()
}

fn plainly(words: &str) -> String {
    if let Some((key, known)) = cut(words, "unknown field ") {
        return match known.strip_prefix("one of ").unwrap_or(known) {
            "there are no fields" => format!("there is no key {key}; this section has none"),
            known => format!("there is no key {key}; known are {known}"),
        };
    }
    if let Some((value, known)) = cut(words, "unknown variant ") {
        return format!("{value} is not possible here; write {known}");
    }
    if let Some((value, wanted)) = cut(words, "invalid type: ").or_else(|| cut(words, "invalid value: ")) {
        return format!("{} does not fit here; write {}", value_named(value), wanted_named(wanted));
    }
    match words.strip_prefix("missing field ") {
        Some(key) => format!("the key {key} is missing"),
        None => words.to_owned(),
    }
}

/// `what` and what was expected in its place.
fn cut<'w>(words: &'w str, beginning: &str) -> Option<(&'w str, &'w str)> {
    words.strip_prefix(beginning)?.split_once(", expected ").or_else(|| {
        let (key, _) = words.strip_prefix(beginning)?.split_once(", there are no fields")?;
        Some((key, "there are no fields"))
    })
}

fn value_named(value: &str) -> String {
    let kinds = [
        ("string ", "the text "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
    ];
    for (kind, name) in kinds {
        if let Some(value) = value.strip_prefix(kind) {
            return format!("{name}{}", value.trim_matches('`'));
        }
    }
    match value {
        "unit value" | "null" | "Option value" => "an empty value".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a group of keys".to_owned(),
        other => other.to_owned(),
    }
}

fn wanted_named(wanted: &str) -> String {
    match wanted {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text (in quotes, if it looks like something else)".to_owned(),
        "path string" => "a path".to_owned(),
        "a sequence" => "a list".to_owned(),
        wanted if wanted.starts_with("struct ") || wanted == "a map" => {
            "keys with values below it".to_owned()
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn the_readers_words_become_plain() {
        for (words, said) in [
            (
                "limit: invalid type: string \"many\", expected u32 at line 1 column 8",
                "members.limit: the text \"many\" does not fit here; write a whole number, 0 or more.",
            ),
            (
                "limit: invalid value: integer `300`, expected u8",
                "members.limit: the number 300 does not fit here; write a whole number from 0 to 255.",
            ),
            (
                "show: invalid type: sequence, expected a boolean",
                "members.show: a list does not fit here; write true or false.",
            ),
            (
                "invalid type: string \"x\", expected struct Members",
                "members: the text \"x\" does not fit here; write keys with values below it.",
            ),
            (
                "unknown field `limt`, expected `show` or `limit`",
                "members: there is no key `limt`; known are `show` or `limit`.",
            ),
            (
                "unknown field `limt`, expected one of `a`, `b`, `c`",
                "members: there is no key `limt`; known are `a`, `b`, `c`.",
            ),
            (
                "unknown field `x`, there are no fields",
                "members: there is no key `x`; this section has none.",
            ),
            (
                "show: unknown variant `none`, expected `speakers` or `all`",
                "members.show: `none` is not possible here; write `speakers` or `all`.",
            ),
            ("missing field `show`", "members: the key `show` is missing."),
            ("something else", "members: something else."),
        ] {
            let told = explain("members", words);
            assert!(told.starts_with(said), "{told}");
        }
    }
}
