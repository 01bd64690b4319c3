//! Blocks and their elements of every kind as one shape: the kinds share most of their fields.

use std::fmt;

use bridge_core::content::Style;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient::{list, nothing, number, text};

/// A block, an element, or a text object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Which kind (`rich_text`, `section`, `text`, …).
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// Its text, plain or as a text object.
    pub text: Content,
    /// Its title, of an image.
    pub title: Content,
    /// What it consists of; `None` when missing or not a list.
    #[serde(deserialize_with = "list")]
    pub elements: Option<Vec<Node>>,
    /// A section's columns.
    #[serde(deserialize_with = "list")]
    pub fields: Option<Vec<Node>>,
    /// A table's rows.
    pub rows: Rows,
    /// Formatting, or the kind of a list.
    pub style: Mark,
    /// A link's address.
    #[serde(deserialize_with = "text")]
    pub url: String,
    /// The mentioned person.
    #[serde(deserialize_with = "text")]
    pub user_id: String,
    /// The mentioned group.
    #[serde(deserialize_with = "text")]
    pub usergroup_id: String,
    /// The mentioned channel.
    #[serde(deserialize_with = "text")]
    pub channel_id: String,
    /// An emoji's name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// An emoji's code points in hexadecimal, with hyphens between.
    #[serde(deserialize_with = "text")]
    pub unicode: String,
    /// An emoji's skin tone, 2 to 6; 0 for none.
    #[serde(deserialize_with = "number")]
    pub skin_tone: i64,
    /// Who a broadcast reaches (`here`, `channel`, `everyone`).
    #[serde(deserialize_with = "text")]
    pub range: String,
    /// A colour.
    #[serde(deserialize_with = "text")]
    pub value: String,
    /// A date in seconds since 1970.
    #[serde(deserialize_with = "number")]
    pub timestamp: i64,
    /// How a date is shown by programs that cannot format it.
    #[serde(deserialize_with = "text")]
    pub fallback: String,
    /// What an image shows.
    #[serde(deserialize_with = "text")]
    pub alt_text: String,
    /// Where an image is.
    #[serde(deserialize_with = "text")]
    pub image_url: String,
    /// A list's depth, from 0.
    #[serde(deserialize_with = "number")]
    pub indent: i64,
    /// How many numbers a list skips.
    #[serde(deserialize_with = "number")]
    pub offset: i64,
    /// 1 if a quote's line stands beside it.
    #[serde(deserialize_with = "number")]
    pub border: i64,
}

/// A text that comes plain or as an object with its kind.
#[derive(Debug, Clone, Default)]
pub enum Content {
    /// Missing, or of no use.
    #[default]
    None,
    /// Plain.
    Plain(String),
    /// As an object: its kind (`mrkdwn`, `plain_text`) tells how to read it.
    Object(Box<Node>),
}

impl Content {
    /// The text without regard to its kind.
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "",
            Self::Plain(text) => text,
            Self::Object(node) => node.text.as_str(),
        }
    }
}

/// `style`: an object with marks, or the word for a kind of list.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    /// The word (`ordered`, `bullet`), if it is one.
    pub word: String,
    /// The marks, if it is an object.
    pub style: Style,
}

/// A table's rows of cells.
#[derive(Debug, Clone, Default)]
pub struct Rows(pub Vec<Vec<Node>>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    bold: Flag,
    italic: Flag,
    strike: Flag,
    code: Flag,
    underline: Flag,
}

#[derive(Default, Deserialize)]
struct Flag(#[serde(deserialize_with = "super::lenient::flag")] bool);

#[derive(Default, Deserialize)]
struct Row(#[serde(deserialize_with = "list")] Option<Vec<Node>>);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Plain(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Content, E> {
        Ok(Content::Plain(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Plain(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Plain(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Plain(number.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Content, A::Error> {
        let node = Node::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Content::Object(Box::new(node)))
    }

    nothing!(Content::None; unit, bool, seq);
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MarkVisitor)
    }
}

struct MarkVisitor;

impl<'de> Visitor<'de> for MarkVisitor {
    type Value = Mark;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a style")
    }

    fn visit_str<E>(self, word: &str) -> Result<Mark, E> {
        Ok(Mark { word: word.to_owned(), style: Style::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mark, A::Error> {
        let marks = Marks::deserialize(MapAccessDeserializer::new(map))?;
        let style = Style {
            bold: marks.bold.0,
            italic: marks.italic.0,
            strike: marks.strike.0,
            code: marks.code.0,
            underline: marks.underline.0,
            ..Style::default()
        };
        Ok(Mark { word: String::new(), style })
    }

    nothing!(Mark::default(); unit, bool, numbers, seq);
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rows, A::Error> {
        let mut rows = Vec::new();
        while let Some(Row(row)) = seq.next_element()? {
            rows.push(row.unwrap_or_default());
        }
        Ok(Rows(rows))
    }

    nothing!(Rows::default(); unit, bool, numbers, str, map);
}
