//! Splits rich text into pieces that fit a limit.

mod cut;
mod long;
mod weight;

use cut::cut_block;
use long::Long;

use super::{Block, RichText};

/// Splits text into pieces for which `measure` gives at most `limit`. Cuts are made between blocks where that
/// helps, else between list items and rows, lines, words, and only where a single word is too long within it; never
/// within a mention, link or emoji that fits the limit on its own. Code that is cut is code on both sides. What is
/// seen stays the same, but for the line breaks where cuts are made.
///
/// `measure` must not give less for more text, nor less than a text's characters outside of tables; it is called some
/// dozens of times per piece, for texts not much longer than a piece, so that the cost grows with the text's length. A
/// limit smaller than what one character in its formatting takes is exceeded, one character at a time. Empty text gives
/// no pieces.
pub fn split(text: &RichText, limit: usize, measure: impl Fn(&RichText) -> usize) -> Vec<RichText> {
    if text.is_empty() {
        return Vec::new();
    }
    if !weight::exceeds(&text.blocks, limit) && measure(text) <= limit {
        return vec![text.clone()];
    }
    let fits =
        |blocks: Vec<Block>| !weight::exceeds(&blocks, limit) && measure(&RichText { blocks }) <= limit;
    let mut blocks: Vec<Block> = text.blocks.iter().filter(|block| !block.is_empty()).cloned().collect();
    weight::loosen(&mut blocks);
    // Last block first, so that taking one from the front is cheap.
    let mut rest: Vec<Long> = blocks.into_iter().rev().map(|block| Long::new(block, limit)).collect();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let count = longest(rest.len(), |count| {
            let next = &rest[rest.len() - count..];
            next.iter().all(Long::is_whole)
                && !weight::exceeds(next.iter().map(Long::near), limit)
                && fits(next.iter().rev().map(|long| long.near().clone()).collect())
        });
        if count > 0 {
            let blocks = rest.drain(rest.len() - count..).rev().map(Long::into_near).collect();
            pieces.push(RichText { blocks });
        } else if let Some(mut long) = rest.pop() {
            while !long.is_whole() && fits(vec![long.near().clone()]) {
                long.bring_near();
            }
            let (head, tail) = long.cut(|block| cut_block(block, &|block| fits(vec![block])));
            pieces.push(RichText { blocks: vec![head] });
            rest.extend(tail);
        }
    }
    for piece in &mut pieces {
        weight::join(&mut piece.blocks);
    }
    pieces
}

/// The largest count up to `most` that fits, found in a number of tries that grows with its logarithm, none of them
/// much larger than the answer.
fn longest(most: usize, mut fits: impl FnMut(usize) -> bool) -> usize {
    let mut good = 0;
    let mut bad = most + 1;
    let mut step = 1;
    while good + step < bad {
        if fits(good + step) {
            good += step;
            step *= 2;
        } else {
            bad = good + step;
        }
    }
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}
