//! A dead letter's id as people read and write it.

use std::fmt;
use std::str::FromStr;

/// Crockford's digits: none is taken for another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Bits of a job's id behind its time.
const COUNT_BITS: u32 = 20;
const COUNT: i64 = (1 << COUNT_BITS) - 1;

/// The id of the job that was given up first. It is written as that job's time in some nine digits and letters; `-2`
/// behind them means the third job of the same moment. It stays the same however often the letter is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub i64);

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut time = u64::try_from(self.0 >> COUNT_BITS).unwrap_or(0);
        let mut digits = Vec::new();
        while time > 0 || digits.is_empty() {
            digits.push(DIGITS[usize::try_from(time % 32).unwrap_or(0)]);
            time /= 32;
        }
        digits.reverse();
        f.write_str(&String::from_utf8_lossy(&digits))?;
        match self.0 & COUNT {
            0 => Ok(()),
            count => write!(f, "-{count}"),
        }
    }
}

impl FromStr for LetterId {
    type Err = String;

    /// Reads an id, in small or capital letters. The error is a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "That is no dead letter's id; `dead-letters list` shows them.".to_owned();
        let text = text.trim().to_ascii_lowercase();
        let (time, count) = text.split_once('-').unwrap_or((&text, "0"));
        let mut id: i64 = 0;
        for digit in time.bytes() {
            let digit = match digit {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            let value = DIGITS.iter().position(|known| *known == digit).ok_or_else(wrong)?;
            let value = i64::try_from(value).map_err(|_| wrong())?;
            id = id.checked_mul(32).and_then(|id| id.checked_add(value)).ok_or_else(wrong)?;
        }
        let count: i64 = count.parse().ok().filter(|count| (0..=COUNT).contains(count)).ok_or_else(wrong)?;
        if time.is_empty() || id > i64::MAX >> COUNT_BITS {
            return Err(wrong());
        }
        Ok(Self((id << COUNT_BITS) | count))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_short() {
        assert_eq!(LetterId(1_764_302_400_000 << 20).to_string(), "1kb49wag0");
        assert_eq!(LetterId((1_764_302_400_000 << 20) + 2).to_string(), "1kb49wag0-2");
        assert_eq!(LetterId(3).to_string(), "0-3");
        assert_eq!("1KB49WAGO-2".parse(), Ok(LetterId((1_764_302_400_000 << 20) + 2)));
    }

    #[test]
    fn what_is_no_id_is_told_so() {
        for text in ["", "-", "-1", "1-", "1--1", "1-1048576", "1-x", "u", "1kb49wag0 2", "zzzzzzzzzzzzzzzz"]
        {
            assert!(text.parse::<LetterId>().unwrap_err().contains("list"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in 0..=i64::MAX) {
            prop_assert_eq!(LetterId(id).to_string().parse(), Ok(LetterId(id)));
        }

        #[test]
        fn nothing_panics(text in ".{0,24}") {
            let _ = text.parse::<LetterId>();
        }
    }
}
