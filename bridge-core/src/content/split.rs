//! Splits rich text into pieces that fit a limit.

mod build;
mod fill;
mod place;
mod rest;
mod token;

use fill::Fill;
use place::Place;
use rest::Rest;

use super::{Block, RichText};

/// Splits text into pieces for which `measure` gives at most `limit`. Cuts are made between blocks where that
/// helps, else between list items and rows, lines, words, and only where a single word is too long within it; never
/// within a mention, link or emoji that fits the limit on its own. Code that is cut is code on both sides. What is
/// seen stays the same, but for the line breaks where cuts are made.
///
/// `measure` must not give less for more text. It is called for the whole text, and then some times per piece, for
/// texts not much longer than a piece, so that the cost grows with the text's length, however it is nested. A limit
/// smaller than what one character in its formatting takes is exceeded, one character at a time. Empty text gives no
/// pieces.
pub fn split(text: &RichText, limit: usize, measure: impl Fn(&RichText) -> usize) -> Vec<RichText> {
    if text.is_empty() {
        return Vec::new();
    }
    if measure(text) <= limit {
        return vec![text.clone()];
    }
    let mut fill = Fill::new(limit, |blocks| measure(&RichText { blocks }));
    let mut rest = Rest::new(&text.blocks, limit);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        rest.drop_breaks();
        let fitting = fill.tokens(&rest);
        let place = place::find(&rest, fitting);
        if place == Place::Nowhere && rest.loosen(|blocks| fill.fits(blocks)) {
            continue;
        }
        let blocks = take(&mut rest, place, &fill);
        if !blocks.iter().all(Block::is_empty) {
            pieces.push(RichText { blocks });
        }
    }
    pieces
}

fn take(rest: &mut Rest<'_>, place: Place, fill: &Fill<impl Fn(Vec<Block>) -> usize>) -> Vec<Block> {
    match place {
        Place::Between(at) => rest.take(at),
        Place::InLine(at) => rest.take_of_line(at, 0),
        Place::InWord(at) => {
            let length = fill.word(rest, at, 0);
            rest.take_of_line(at, length)
        }
        // More than fits, or nothing would ever be taken.
        Place::Nowhere => {
            let first = rest.first_seen();
            match rest.first_character(first) {
                0 => rest.take(first + 1),
                character => {
                    let length = fill.word(rest, first, character);
                    rest.take_of_line(first, length)
                }
            }
        }
    }
}
