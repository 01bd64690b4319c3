//! Custom emoji of Matrix, as far as the network has them.

use std::collections::HashSet;

use super::super::Bridge;
use super::super::supervisor::Live;
use crate::content::{Emoji, Message, PartBody, RichText, Span};
use crate::error::{JobError, NetworkError};
use crate::network::{Network, Session};

/// What a message has beyond this number of different emoji is left as it is: each costs a question.
const MOST_ASKED: usize = 50;

impl<N: Network> Bridge<N> {
    /// Makes text of custom emoji that the network does not have by that name. Where it cannot be asked, they stay.
    pub(super) async fn settle_emoji(
        &self,
        live: &Live<N::Session>,
        message: &mut Message,
    ) -> Result<(), JobError> {
        let mut names = HashSet::new();
        for text in message.parts.iter().filter_map(|part| text_of(&part.body)) {
            text.each_span(&mut |span| {
                if let Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } = span
                    && names.len() < MOST_ASKED
                {
                    names.insert(name.clone());
                }
            });
        }
        let mut unknown = HashSet::new();
        for name in names {
            if NetworkError::or_none(live.session.emoji_url(&name).await)? == Some(None) {
                unknown.insert(name);
            }
        }
        if !unknown.is_empty() {
            for part in &mut message.parts {
                let text = match &mut part.body {
                    PartBody::Text(text) => Some(text),
                    PartBody::File(file) => file.caption.as_mut(),
                };
                if let Some(text) = text {
                    spell_out(text, &unknown);
                }
            }
        }
        Ok(())
    }
}

fn text_of(body: &PartBody) -> Option<&RichText> {
    match body {
        PartBody::Text(text) => Some(text),
        PartBody::File(file) => file.caption.as_ref(),
    }
}

fn spell_out(text: &mut RichText, unknown: &HashSet<String>) {
    text.each_span_mut(&mut |span| {
        if let Span::Emoji { emoji: Emoji::Custom { name, .. }, style } = span
            && unknown.contains(name)
        {
            *span = Span::Text { text: format!(":{name}:"), style: *style };
        }
    });
}
