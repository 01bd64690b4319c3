//! How long something is, as people write it.

use jiff::Timestamp;

/// The longest that is taken, in milliseconds: 366 days.
const LONGEST: i64 = 366 * DAY;
const SECOND: i64 = 1_000;
const DAY: i64 = 24 * 3_600 * SECOND;

/// Reads `90s`, `10m`, `1h30m`, `2d`, `1w` as milliseconds. The error is a sentence.
pub(super) fn read(text: &str) -> Result<i64, String> {
    let unread = || "The time could not be read.".to_owned();
    let (mut total, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(unread)?;
        let (number, behind) = rest.split_at(end);
        let mut letters = behind.chars();
        let unit = match letters.next().map(|letter| letter.to_ascii_lowercase()) {
            Some('s') => SECOND,
            Some('m') => 60 * SECOND,
            Some('h') => 3_600 * SECOND,
            Some('d') => DAY,
            Some('w') => 7 * DAY,
            _ => return Err(unread()),
        };
        let number: i64 = number.parse().map_err(|_| unread())?;
        total = number.checked_mul(unit).and_then(|part| part.checked_add(total)).ok_or_else(unread)?;
        rest = letters.as_str();
    }
    if (SECOND..=LONGEST).contains(&total) {
        Ok(total)
    } else {
        Err("The time has to be from a second to 366 days.".to_owned())
    }
}

/// A moment (milliseconds since 1970) for people.
pub(super) fn shown(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in
            [("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("2D", 2 * DAY), ("1w1d", 8 * DAY)]
        {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in ["", "10", "m", "0s", "1y", "367d", "-1m", "1m2", "9223372036854775807w", "1 m", "１m"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in "\\PC{0,12}") {
            if let Ok(ms) = read(&text) {
                prop_assert!((SECOND..=LONGEST).contains(&ms));
            }
        }
    }
}
