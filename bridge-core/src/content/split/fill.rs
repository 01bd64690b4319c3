//! Finds how much of a text fits a piece, with few measurings of little more than a piece.

use std::borrow::Cow;

use super::build;
use super::rest::Rest;
use super::token::{Token, joins};
use crate::content::Block;

/// How often the next guess is reckoned from the last one, before it is only moved.
const RECKONED: usize = 4;

/// Measures pieces.
pub(super) struct Fill<M> {
    limit: usize,
    measure: M,
    /// What was measured last and what it weighed: the next piece is likely to hold as much.
    measured: usize,
    weight: usize,
}

impl<M: Fn(Vec<Block>) -> usize> Fill<M> {
    pub(super) fn new(limit: usize, measure: M) -> Self {
        Self { limit, measure, measured: 1, weight: 1 }
    }

    pub(super) fn fits(&self, blocks: Vec<Block>) -> bool {
        (self.measure)(blocks) <= self.limit
    }

    /// The largest number of tokens that fit.
    pub(super) fn tokens(&mut self, rest: &Rest<'_>) -> usize {
        let (mut good, mut bad) = (0, rest.len() + 1);
        let mut guess = rest.reach(self.aim()).clamp(1, rest.len());
        let (mut tries, mut step) = (0, 1);
        loop {
            let measured = (self.measure)(build::blocks(rest.tokens().take(guess)));
            (self.measured, self.weight) = (measured, rest.weight(guess));
            let fits = measured <= self.limit;
            *(if fits { &mut good } else { &mut bad }) = guess;
            if bad - good <= 1 {
                return good;
            }
            tries += 1;
            let reckoned = rest.reach(self.aim());
            guess = if tries < RECKONED && (good + 1..bad).contains(&reckoned) {
                reckoned
            } else {
                // Further and further from the last guess, but no further than the middle of what is left.
                let most = if bad > rest.len() { bad - good } else { (bad - good) / 2 };
                let far = step.min(most).max(1);
                step *= 2;
                if fits { (good + far).min(bad - 1) } else { bad - far }
            };
        }
    }

    /// The weight that would fit, if all weighed as what was measured last.
    fn aim(&self) -> usize {
        self.limit.saturating_mul(self.weight.max(1)) / self.measured.max(1)
    }

    /// How many bytes of the word at a place fit behind all before it; no less than `least`. What belongs together
    /// for the eye stays together, if it can.
    pub(super) fn word(&self, rest: &Rest<'_>, at: usize, least: usize) -> usize {
        let Some(Token::Word { text, style, .. }) = rest.get(at) else { return 0 };
        let ends: Vec<usize> = text
            .char_indices()
            .map(|(start, character)| start + character.len_utf8())
            .filter(|&end| end == text.len() || !joins(text, end))
            .collect();
        let fitting = ends.partition_point(|&end| {
            let head = Token::Word { text: Cow::Borrowed(&text[..end]), style: *style, is_glued: true };
            self.fits(build::blocks(rest.tokens().take(at).chain([&head])))
        });
        fitting.checked_sub(1).map_or(least, |index| ends[index].max(least))
    }
}
