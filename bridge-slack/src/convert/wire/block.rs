//! Blocks and their elements of every kind as one shape: the kinds share most of their fields.

use std::fmt;
use std::sync::LazyLock;

use bridge_core::content::Style;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient::{list, nothing, number, text};

/// A block, an element, or a text object. What most of them have stands here; a message may hold tens of thousands of
/// elements, so the rest is kept apart.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Which kind (`rich_text`, `section`, `text`, …).
    pub kind: String,
    /// Its text, plain or as a text object.
    pub text: Content,
    /// What it consists of; `None` when missing or not a list.
    pub elements: Option<Vec<Node>>,
    /// Formatting, or the kind of a list.
    pub style: Mark,
    /// A link's address.
    pub url: String,
    more: Option<Box<More>>,
}

impl Node {
    /// The fields that only some kinds have.
    pub fn more(&self) -> &More {
        static NOTHING: LazyLock<More> = LazyLock::new(More::default);
        self.more.as_deref().unwrap_or(&NOTHING)
    }
}

/// Declares the fields that only some kinds of nodes have, and how each is read.
macro_rules! more {
    ($($(#[doc = $doc:literal])* $name:ident $key:ident: $type:ty = $read:ident,)*) => {
        /// Fields of some kinds of blocks and elements.
        #[derive(Debug, Clone, Default)]
        pub struct More { $($(#[doc = $doc])* pub $name: $type,)* }

        /// The name of a field.
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "snake_case")]
        enum Key { Type, Text, Elements, Style, Url, $($key,)* #[serde(other)] Other }

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut node = Node::default();
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        Key::Type => node.kind = map.next_value::<Text>()?.0,
                        Key::Text => node.text = map.next_value()?,
                        Key::Elements => node.elements = map.next_value::<Nodes>()?.0,
                        Key::Style => node.style = map.next_value()?,
                        Key::Url => node.url = map.next_value::<Text>()?.0,
                        $(Key::$key => {
                            let value = map.next_value::<$read>()?.into();
                            node.more.get_or_insert_default().$name = value;
                        })*
                        Key::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(node)
            }
        }
    };
}

more! {
    /// Its title.
    title Title: Content = Content,
    /// A second title.
    subtitle Subtitle: Content = Content,
    /// What it says.
    body Body: Content = Content,
    /// What it is about.
    description Description: Content = Content,
    /// What stands above it.
    caption Caption: Content = Content,
    /// The name of a field to fill in, or of a value.
    label Label: Content = Content,
    /// What stands below a field to fill in.
    hint Hint: Content = Content,
    /// What an empty field shows.
    placeholder Placeholder: Content = Content,
    /// What stands beside a section.
    accessory Accessory: Content = Content,
    /// The field to fill in.
    element Element: Content = Content,
    /// A large picture.
    hero_image HeroImage: Content = Content,
    /// What a task is about, as rich text.
    details Details: Content = Content,
    /// What a task gave, as rich text.
    output Output: Content = Content,
    /// A call.
    call Call: Content = Content,
    /// A call, by the version of its description.
    v1 V1: Content = Content,
    /// What a chart shows.
    chart Chart: Content = Content,
    /// A file that lies on Slack.
    slack_file SlackFile: Content = Content,
    /// What is chosen.
    initial_option InitialOption: Content = Content,
    /// The button for praise.
    positive_button PositiveButton: Content = Content,
    /// The button for blame.
    negative_button NegativeButton: Content = Content,
    /// A section's columns.
    fields Fields: Option<Vec<Node>> = Nodes,
    /// What there is to choose.
    options Options: Option<Vec<Node>> = Nodes,
    /// Blocks within it.
    blocks Blocks: Option<Vec<Node>> = Nodes,
    /// Blocks within it, by another name.
    child_blocks ChildBlocks: Option<Vec<Node>> = Nodes,
    /// The tasks of a plan.
    tasks Tasks: Option<Vec<Node>> = Nodes,
    /// The pages that a task used.
    sources Sources: Option<Vec<Node>> = Nodes,
    /// Its buttons.
    actions Actions: Option<Vec<Node>> = Nodes,
    /// The pieces of a pie.
    segments Segments: Option<Vec<Node>> = Nodes,
    /// The lines of a chart.
    series Series: Option<Vec<Node>> = Nodes,
    /// The points of a line.
    data Data: Option<Vec<Node>> = Nodes,
    /// A table's rows.
    rows Rows: Rows = Rows,
    /// The mentioned person.
    user_id UserId: String = Text,
    /// The mentioned group.
    usergroup_id UsergroupId: String = Text,
    /// The mentioned channel.
    channel_id ChannelId: String = Text,
    /// The mentioned workspace.
    team_id TeamId: String = Text,
    /// An emoji's name, or that of a call or a line.
    name Name: String = Text,
    /// An emoji's code points in hexadecimal, with hyphens between.
    unicode Unicode: String = Text,
    /// An emoji's skin tone, 2 to 6; 0 for none.
    skin_tone SkinTone: i64 = Number,
    /// Who a broadcast reaches (`here`, `channel`, `everyone`).
    range Range: String = Text,
    /// A colour, or what a button or a point stands for.
    value Value: String = Text,
    /// A date in seconds since 1970.
    timestamp Timestamp: i64 = Number,
    /// What is shown by programs that do not know its kind.
    fallback Fallback: String = Text,
    /// What an image shows.
    alt_text AltText: String = Text,
    /// Where an image is.
    image_url ImageUrl: String = Text,
    /// Where a title leads.
    title_url TitleUrl: String = Text,
    /// Where a video is.
    video_url VideoUrl: String = Text,
    /// Where a call is joined.
    join_url JoinUrl: String = Text,
    /// Whose video it is.
    author_name AuthorName: String = Text,
    /// Where a video comes from.
    provider_name ProviderName: String = Text,
    /// The language of preformatted text.
    language Language: String = Text,
    /// How a task stands, or how bad an alert is.
    status Status: String = Text,
    /// A list's depth, from 0.
    indent Indent: i64 = Number,
    /// How many numbers a list skips.
    offset Offset: i64 = Number,
    /// 1 if a quote's line stands beside it.
    border Border: i64 = Number,
}

struct NodeVisitor;

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NodeVisitor)
    }
}

#[derive(Deserialize)]
struct Text(#[serde(deserialize_with = "text")] String);

#[derive(Deserialize)]
struct Number(#[serde(deserialize_with = "number")] i64);

#[derive(Deserialize)]
struct Nodes(#[serde(deserialize_with = "list")] Option<Vec<Node>>);

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl From<Number> for i64 {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl From<Nodes> for Option<Vec<Node>> {
    fn from(nodes: Nodes) -> Self {
        nodes.0
    }
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
    /// The object, if it is one.
    pub fn object(&self) -> Option<&Node> {
        match self {
            Self::Object(node) => Some(node),
            _ => None,
        }
    }

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
