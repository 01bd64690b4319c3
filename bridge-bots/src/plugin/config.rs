//! An instance's config: text, read into a plugin's own type, with each mistake named by its field.

use std::fmt;

use bridge_core::config::explain::said;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long a config may be, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a plugin's config text is read into: YAML, of which JSON is a part. Put `#[serde(deny_unknown_fields, default)]` on
/// the type, so that a mistyped key is told and a missing one has its default.
pub trait PluginConfig: DeserializeOwned + Serialize + Default + Send + Sync + 'static {
    /// What is wrong with the values, each with its field. None of them takes effect while anything is.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// For plugins without settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

impl PluginConfig for NoConfig {}

/// What is wrong with one field of a config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// The field's path, such as `rules.cookie.matches[0]`; empty for the text as a whole.
    pub field: String,
    /// What is wrong with it and what to write instead, as a sentence.
    pub text: String,
}

impl Problem {
    /// A problem of a field.
    pub fn new(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.text)
        } else {
            write!(f, "{}: {}", self.field, self.text)
        }
    }
}

/// Reads a config text; an empty one is the default.
pub(crate) fn read<C: PluginConfig>(text: &str) -> Result<C, Vec<Problem>> {
    if text.len() > LONGEST {
        return Err(vec![Problem::new(
            "",
            format!("The config is longer than {LONGEST} bytes; shorten it."),
        )]);
    }
    let config = if text.trim().is_empty() {
        C::default()
    } else {
        serde_yaml::from_str(text).map_err(|error| vec![explained(&error.to_string())])?
    };
    let problems = config.check();
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

fn explained(words: &str) -> Problem {
    let told = said("", words);
    match told.split_once(": ") {
        Some(("the text", rest)) if rest.starts_with("the key ") || rest.starts_with("there is no key ") => {
            Problem::new("", format!("{rest}."))
        }
        Some(("the text", rest)) => Problem::new("", format!("The config is not right: {rest}.")),
        Some((field, rest)) if !field.contains(' ') => Problem::new(field, format!("{rest}.")),
        _ => Problem::new("", format!("{told}.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Sample {
        word: String,
        times: u8,
        more: BTreeMap<String, Inner>,
    }

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Inner {
        list: Vec<u8>,
    }

    impl PluginConfig for Sample {
        fn check(&self) -> Vec<Problem> {
            if self.times > 5 { vec![Problem::new("times", "is above 5; write less.")] } else { Vec::new() }
        }
    }

    #[test]
    fn yaml_and_json_say_the_same_and_what_is_left_out_has_its_default() {
        let yaml: Sample = read("word: hey\nmore:\n  a:\n    list: [1]\n").unwrap();
        assert_eq!(yaml, read(r#"{"word": "hey", "more": {"a": {"list": [1]}}}"#).unwrap());
        assert_eq!(read::<Sample>(" \n").unwrap(), Sample::default());
    }

    #[test]
    fn each_mistake_names_its_field() {
        for (text, field, part) in [
            ("times: many", "times", "\"many\" does not fit"),
            ("times: 300", "times", "from 0 to 255"),
            ("times: 6", "times", "above 5"),
            ("more: {a: {list: [x]}}", "more.a.list[0]", "does not fit"),
            ("more: {a: {lst: []}}", "more.a", "there is no key `lst`"),
            ("wort: x", "", "there is no key `wort`"),
            ("[1, 2]", "", "not right"),
            ("word: 'x", "", "not right"),
        ] {
            let problems = read::<Sample>(text).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems[0].field, field, "{text}: {problems:?}");
            assert!(
                problems[0].text.contains(part) && problems[0].text.ends_with('.'),
                "{text}: {problems:?}"
            );
        }
        assert!(read::<Sample>(&"#".repeat(LONGEST + 1)).unwrap_err()[0].text.contains("longer"));
    }
}
