//! Finds the best place for a cut.

use super::rest::Rest;
use super::token::{Container, Token};

/// Where a text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before this token, which is not in the middle of a line.
    Between(usize),
    /// Before this token of a line.
    InLine(usize),
    /// In this word.
    InWord(usize),
    /// Not within what fits.
    Nowhere,
}

/// Finds where to cut a text of which so many tokens fit. If all do, after them; else after as many whole blocks, items or
/// rows as fit, of the outermost kind of which there is a whole one; else at the last line break; else after the last
/// word; else in the word that does not fit.
pub(super) fn find(rest: &Rest<'_>, fitting: usize) -> Place {
    if fitting == rest.len() {
        return Place::Between(fitting);
    }
    let mut open = Vec::new();
    let mut whole: Option<(usize, usize)> = None;
    let (mut line, mut word, mut is_seen) = (None, None, false);
    for (at, token) in rest.tokens().enumerate().take(fitting + 1) {
        if token.is_in_line() && is_seen {
            if token.is_break() {
                // A break right after what fits is as good a place as one within.
                line = Some(at);
            } else if !matches!(token, Token::Word { is_glued: true, .. }) {
                word = Some(at);
            }
        }
        if at == fitting {
            break;
        }
        match token {
            Token::Open(container) => open.push(*container),
            Token::Close | Token::Rule => {
                let is_block = *token == Token::Rule || !matches!(open.pop(), Some(Container::Link { .. }));
                if is_block && whole.is_none_or(|(depth, _)| open.len() <= depth) {
                    whole = Some((open.len(), at + 1));
                }
            }
            Token::Word { .. } | Token::Span(_) => is_seen |= !token.is_blank(),
        }
    }
    match (whole, line.or(word)) {
        (Some((_, at)), _) => Place::Between(at),
        (None, Some(at)) => Place::InLine(at),
        (None, None) if is_seen => Place::InWord(fitting),
        (None, None) => Place::Nowhere,
    }
}
