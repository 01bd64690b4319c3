//! Times as an operator reads and writes them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time (milliseconds since 1970) as text, in UTC.
pub(crate) fn shown(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The same as a part of a file's name.
pub(crate) fn in_a_name(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |at| at.strftime("%Y-%m-%dT%H-%M-%SZ").to_string())
}

/// Reads a day (`2026-11-28`, its beginning in UTC), a moment (`2026-11-28T12:00:00Z`), or how long ago it was (`30d`,
/// `12h`, `15m`), as milliseconds since 1970. The error is a sentence.
pub(crate) fn read(text: &str, now: i64) -> Result<i64, String> {
    let text = text.trim();
    if let Some(ago) = ago(text) {
        return Ok(now.saturating_sub(ago));
    }
    if let Ok(date) = text.parse::<Date>()
        && let Ok(at) = date.to_zoned(TimeZone::UTC)
        && !text.contains(['T', 't', ' '])
    {
        return Ok(at.timestamp().as_millisecond());
    }
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| {
        "Write the time as a day (2026-11-28), a moment (2026-11-28T12:00:00Z), or how long ago it was (30d, 12h)."
            .to_owned()
    })
}

fn ago(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
    let hours = match unit {
        'd' => number.checked_mul(24)?,
        'h' => number,
        'm' => return number.checked_mul(60_000),
        _ => return None,
    };
    hours.checked_mul(3_600_000).filter(|ms| i128::from(*ms) <= SignedDuration::MAX.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        let now = 1_764_302_400_000;
        assert_eq!(shown(now), "2025-11-28 04:00:00Z");
        assert_eq!(read("2025-11-28", now), Ok(now - 4 * 3_600_000));
        assert_eq!(read(" 2025-11-28T04:00:00Z ", now), Ok(now));
        assert_eq!(read("1d", now), Ok(now - 86_400_000));
        assert_eq!(read("2h", now), Ok(now - 7_200_000));
        assert_eq!(read("3m", now), Ok(now - 180_000));
        assert_eq!(shown(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn anything_else_is_told_so() {
        for text in
            ["", "yesterday", "-1d", "d", "5", "2025-13-01", "99999999999999999999d", "9223372036854775807d"]
        {
            assert!(read(text, 0).is_err_and(|sentence| sentence.contains("30d")), "{text}");
        }
    }
}
