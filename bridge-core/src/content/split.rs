//! Splits rich text into pieces that fit a limit.

mod cut;
mod weight;

use cut::cut_block;

use super::{Block, RichText};

/// Splits text into pieces for which `measure` gives at most `limit`. Cuts are made between blocks where that
/// helps, else between list items and rows, lines, words, and only where a single word is too long within it; never
/// within a mention, link or emoji that fits the limit on its own. Code that is cut is code on both sides. What is
/// seen stays the same, but for the line breaks where cuts are made.
///
/// `measure` must not give less for more text, nor less than a text's characters outside of tables; it is called some dozens of times per piece. A limit smaller than
/// what one character in its formatting takes is exceeded, one character at a time. Empty text gives no pieces.
pub fn split(text: &RichText, limit: usize, measure: impl Fn(&RichText) -> usize) -> Vec<RichText> {
    if text.is_empty() {
        return Vec::new();
    }
    if !weight::exceeds(&text.blocks, limit) && measure(text) <= limit {
        return vec![text.clone()];
    }
    let fits =
        |blocks: Vec<Block>| !weight::exceeds(&blocks, limit) && measure(&RichText { blocks }) <= limit;
    // Last block first, so that taking one from the front is cheap.
    let mut rest: Vec<Block> = text.blocks.iter().rev().filter(|block| !block.is_empty()).cloned().collect();
    weight::loosen(&mut rest);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let count = longest(rest.len(), |count| {
            let next = &rest[rest.len() - count..];
            !weight::exceeds(next, limit) && fits(next.iter().rev().cloned().collect())
        });
        if count > 0 {
            let mut blocks = rest.split_off(rest.len() - count);
            blocks.reverse();
            pieces.push(RichText { blocks });
        } else if let Some(block) = rest.pop() {
            let (head, tail) = cut_block(block, &|block| fits(vec![block]));
            pieces.push(RichText { blocks: vec![head] });
            rest.extend(tail.filter(|tail| !tail.is_empty()));
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
