//! Formatted text as a tree of blocks and spans.

use serde::{Deserialize, Serialize};

use crate::id::{ChatId, RemoteMessageId, RemoteUserId};

/// Formatted text: blocks from top to bottom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// The blocks in order.
    pub blocks: Vec<Block>,
}

impl RichText {
    /// Unformatted text; each `\n` becomes a [`Span::Break`].
    pub fn plain(text: &str) -> Self {
        let mut spans = Vec::new();
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                spans.push(Span::Break);
            }
            if !line.is_empty() {
                spans.push(Span::text(line));
            }
        }
        if spans.is_empty() { Self::default() } else { Self { blocks: vec![Block::Paragraph(spans)] } }
    }

    /// Whether nothing would be seen.
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(Block::is_empty)
    }
}

/// A block: something that stands on its own lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// Quoted blocks; quotes nest.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// The number of the first item for a numbered list, none for a bulleted one.
        start: Option<u32>,
        /// The items in order.
        items: Vec<Item>,
    },
    /// Preformatted text, exactly as written.
    Code {
        /// The language, if named, in lower case (`rust`).
        language: Option<String>,
        /// The text with its line breaks, without a final one.
        text: String,
    },
    /// A heading.
    Heading {
        /// 1 (largest) to 6.
        level: u8,
        /// Its text.
        spans: Vec<Span>,
    },
    /// A table.
    Table {
        /// Whether the first row is a header.
        header: bool,
        /// Rows of cells.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A horizontal rule.
    Rule,
}

impl Block {
    /// Whether nothing would be seen. A rule is seen.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Paragraph(spans) | Self::Heading { spans, .. } => spans.iter().all(Span::is_empty),
            Self::Quote(blocks) => blocks.iter().all(Self::is_empty),
            Self::List { items, .. } => items.is_empty(),
            Self::Code { text, .. } => text.is_empty(),
            Self::Table { rows, .. } => rows.is_empty(),
            Self::Rule => false,
        }
    }
}

/// One item of a list: its blocks, the first usually a paragraph, nested lists after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What stands in the item.
    pub blocks: Vec<Block>,
}

/// Inline formatting. Several may hold at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "five independent marks, each on or off, as in every text format"
)]
pub struct Style {
    /// Bold.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bold: bool,
    /// Italic.
    #[serde(default, skip_serializing_if = "is_false")]
    pub italic: bool,
    /// Struck through.
    #[serde(default, skip_serializing_if = "is_false")]
    pub strike: bool,
    /// Underlined.
    #[serde(default, skip_serializing_if = "is_false")]
    pub underline: bool,
    /// Fixed width, as code.
    #[serde(default, skip_serializing_if = "is_false")]
    pub code: bool,
    /// Hidden until asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub spoiler: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A piece of running text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Span {
    /// Text without line breaks.
    Text {
        /// The text.
        text: String,
        /// Its formatting.
        style: Style,
    },
    /// A link. Without spans the address itself is shown.
    Link {
        /// The address.
        url: String,
        /// What is shown instead of it.
        label: Vec<Span>,
        /// The formatting of the link as a whole.
        style: Style,
    },
    /// Somebody or something is addressed.
    Mention {
        /// Who.
        mention: Mention,
        /// What the author saw (`@alice`), used where the mention cannot be resolved.
        label: String,
        /// Its formatting.
        style: Style,
    },
    /// An emoji.
    Emoji {
        /// Which.
        emoji: Emoji,
        /// Its formatting.
        style: Style,
    },
    /// A moment, shown in the reader's terms where the network can.
    Date {
        /// Milliseconds since 1970.
        at_ms: i64,
        /// How the author's program showed it.
        label: String,
        /// Its formatting.
        style: Style,
    },
    /// A line break within a paragraph.
    Break,
}

impl Span {
    /// Text without formatting.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Style::default() }
    }

    /// Whether nothing would be seen.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Break) || matches!(self, Self::Text { text, .. } if text.is_empty())
    }

    /// The formatting, none for a break.
    pub fn style(&self) -> Option<Style> {
        match self {
            Self::Text { style, .. }
            | Self::Link { style, .. }
            | Self::Mention { style, .. }
            | Self::Emoji { style, .. }
            | Self::Date { style, .. } => Some(*style),
            Self::Break => None,
        }
    }
}

/// Who or what is mentioned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mention {
    /// A person or bot of the remote network.
    User(RemoteUserId),
    /// The same, who is only named: nobody is told of it.
    Named(RemoteUserId),
    /// A chat of the remote network.
    Chat(ChatId),
    /// A message of the remote network.
    Message {
        /// Which.
        id: RemoteMessageId,
        /// Where it is on the remote network, or else the address that its author wrote on either side.
        url: String,
    },
    /// A named group of people of the remote network.
    Group(String),
    /// Everybody in the chat (`@channel`, `@room`).
    Everyone,
    /// Everybody who is there just now (`@here`).
    Here,
    /// A Matrix user who has no counterpart on the remote network; the text is the full Matrix id. A network
    /// shows the label.
    MatrixUser(String),
    /// A Matrix room, event or user link that has no counterpart on the remote network; the text is the link.
    MatrixLink(String),
}

/// An emoji.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Emoji {
    /// The Unicode sequence.
    Unicode(String),
    /// One of the network's or room's own.
    Custom {
        /// Its name without colons.
        name: String,
        /// Where its picture is (`https://` on a network, `mxc://` on Matrix), if known.
        url: Option<String>,
    },
}

impl Emoji {
    /// The emoji as one word: the characters, or the name between colons.
    pub fn as_stored(&self) -> String {
        match self {
            Self::Unicode(text) => text.clone(),
            Self::Custom { name, .. } => format!(":{name}:"),
        }
    }

    /// The emoji of such a word.
    pub fn read_stored(word: &str) -> Self {
        match word.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).filter(|name| !name.is_empty()) {
            Some(name) => Self::Custom { name: name.to_owned(), url: None },
            None => Self::Unicode(word.to_owned()),
        }
    }
}
