//! Set operations on inline formatting.

use super::{Span, Style};

impl Style {
    /// What either has.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            bold: self.bold || other.bold,
            italic: self.italic || other.italic,
            strike: self.strike || other.strike,
            underline: self.underline || other.underline,
            code: self.code || other.code,
            spoiler: self.spoiler || other.spoiler,
        }
    }

    /// What this has and the other has not.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            bold: self.bold && !other.bold,
            italic: self.italic && !other.italic,
            strike: self.strike && !other.strike,
            underline: self.underline && !other.underline,
            code: self.code && !other.code,
            spoiler: self.spoiler && !other.spoiler,
        }
    }

    /// What both have.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        self.minus(self.minus(other))
    }
}

impl Span {
    /// The same span in another formatting; a break stays as it is.
    #[must_use]
    pub(crate) fn with_style(mut self, new: Style) -> Self {
        match &mut self {
            Self::Text { style, .. }
            | Self::Link { style, .. }
            | Self::Mention { style, .. }
            | Self::Emoji { style, .. }
            | Self::Date { style, .. } => *style = new,
            Self::Break => {}
        }
        self
    }

    /// Appends to spans; text in the same formatting as the last span joins it, empty text is dropped.
    pub(crate) fn push_onto(self, spans: &mut Vec<Self>) {
        if let Self::Text { text, style } = &self {
            if text.is_empty() {
                return;
            }
            if let Some(Self::Text { text: last, style: last_style }) = spans.last_mut()
                && last_style == style
            {
                last.push_str(text);
                return;
            }
        }
        spans.push(self);
    }
}
