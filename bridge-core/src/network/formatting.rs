//! How well a network shows each kind of formatting.

use serde::{Deserialize, Serialize};

/// How well something is supported. The numbers are those of the room-features state event, as other bridges write it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Support {
    /// A message with it is refused.
    Refused = -2,
    /// The message arrives, without it.
    Dropped = -1,
    /// It does nothing; the text in it arrives.
    #[default]
    Unsupported = 0,
    /// It arrives in another form.
    Partial = 1,
    /// It arrives as it is.
    Full = 2,
}

impl Support {
    /// The number of the room-features state event.
    pub fn level(self) -> i8 {
        self as i8
    }
}

/// A kind of formatting that people on Matrix can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is its own name")]
pub enum Format {
    Bold,
    Italic,
    Underline,
    Strike,
    Code,
    CodeBlock,
    CodeLanguage,
    Quote,
    Link,
    UserMention,
    ChatMention,
    MessageLink,
    Everyone,
    BulletList,
    NumberedList,
    ListStart,
    CustomEmoji,
    Spoiler,
    SpoilerReason,
    Rule,
    Heading,
    Table,
    Superscript,
    Subscript,
    Color,
    Math,
    Details,
}

impl Format {
    /// All of them, with their names in the room-features state event.
    pub const ALL: [(Self, &'static str); 27] = [
        (Self::Bold, "bold"),
        (Self::Italic, "italic"),
        (Self::Underline, "underline"),
        (Self::Strike, "strikethrough"),
        (Self::Code, "inline_code"),
        (Self::CodeBlock, "code_block"),
        (Self::CodeLanguage, "code_block.syntax_highlighting"),
        (Self::Quote, "blockquote"),
        (Self::Link, "inline_link"),
        (Self::UserMention, "user_link"),
        (Self::ChatMention, "room_link"),
        (Self::MessageLink, "event_link"),
        (Self::Everyone, "at_room_mention"),
        (Self::BulletList, "unordered_list"),
        (Self::NumberedList, "ordered_list"),
        (Self::ListStart, "ordered_list.start"),
        (Self::CustomEmoji, "custom_emoji"),
        (Self::Spoiler, "spoiler"),
        (Self::SpoilerReason, "spoiler.reason"),
        (Self::Rule, "horizontal_line"),
        (Self::Heading, "headers"),
        (Self::Table, "table"),
        (Self::Superscript, "superscript"),
        (Self::Subscript, "subscript"),
        (Self::Color, "color.foreground"),
        (Self::Math, "math"),
        (Self::Details, "details_summary"),
    ];
}

/// How well each kind of formatting arrives. Unless said otherwise none does anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formatting([Support; Format::ALL.len()]);

impl Formatting {
    /// How well one kind arrives.
    pub fn of(&self, format: Format) -> Support {
        self.0.get(format as usize).copied().unwrap_or_default()
    }

    /// The same with these kinds as well supported as said.
    #[must_use]
    pub fn with(mut self, support: Support, formats: &[Format]) -> Self {
        for format in formats {
            if let Some(level) = self.0.get_mut(*format as usize) {
                *level = support;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_place_of_its_own() {
        for (index, (format, _)) in Format::ALL.iter().enumerate() {
            assert_eq!(*format as usize, index, "{format:?}");
        }
        let some = Formatting::default().with(Support::Full, &[Format::Bold, Format::Details]);
        assert_eq!(some.of(Format::Bold), Support::Full);
        assert_eq!(some.of(Format::Italic), Support::Unsupported);
        assert_eq!(some.of(Format::Details).level(), 2);
        assert_eq!(Support::Refused.level(), -2);
    }
}
