//! The only place that reads the system clock; makes timestamps and ids that never repeat.
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970.
#[allow(
    clippy::disallowed_methods,
    reason = "the fake lives in real time, as Slack does; this is its one clock"
)]
pub(crate) fn now_micros() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

/// Seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    now_micros() / 1_000_000
}

/// Gives out microseconds that only ever grow, however fast they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: u64,
    /// How far it is behind, in microseconds.
    behind: u64,
}

impl Clock {
    /// The present time, or one microsecond after the last answer if that is later.
    pub(crate) fn tick(&mut self) -> u64 {
        self.last = now_micros().saturating_sub(self.behind).max(self.last + 1);
        self.last
    }

    /// From now on it is so far behind. Whoever makes that less each time gets nothing twice.
    pub(crate) fn set_behind(&mut self, micros: u64) {
        self.behind = micros;
        self.last = 0;
    }

    /// An id that looks like Slack's and never comes twice, also not after a restart.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}0{}", base36(self.tick()))
    }
}

/// Writes a message timestamp: seconds, a point, six digits.
pub(crate) fn write_ts(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Reads a timestamp as callers write it: `12`, `12.5` and `12.500000` are all fine.
pub(crate) fn read_ts(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: u64 = seconds.parse().ok()?;
    if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}

/// Upper-case base 36, the alphabet of Slack's ids.
fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        let digit = u8::try_from(number % 36).unwrap_or(0);
        digits.push(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 });
        number /= 36;
    }
    digits.iter().rev().map(|&b| char::from(b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_there_and_back() {
        assert_eq!(read_ts("1732170000.000100"), Some(1_732_170_000_000_100));
        assert_eq!(write_ts(1_732_170_000_000_100), "1732170000.000100");
        assert_eq!(read_ts("5"), Some(5_000_000));
        assert_eq!(read_ts("5.1"), Some(5_100_000));
        assert_eq!(read_ts("5.1234567"), None);
        assert_eq!(read_ts("x"), None);
    }

    #[test]
    fn ticks_never_repeat() {
        let mut clock = Clock::default();
        let ticks: Vec<u64> = (0..1000).map(|_| clock.tick()).collect();
        assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
