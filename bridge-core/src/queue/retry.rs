//! How long to wait before another try.

use std::time::Duration;

use rand::RngExt;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_mins(1);

/// The wait after the `attempts`-th failed try (counted from 1): doubling from half a second to a minute, and a
/// random quarter less or more, so that lanes which failed together do not return together.
pub fn delay(attempts: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10));
    doubled.min(LONGEST).mul_f64(jitter())
}

#[allow(clippy::disallowed_methods, reason = "spreading waits needs no seed")]
fn jitter() -> f64 {
    rand::rng().random_range(0.75..1.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_from_half_a_second_to_a_minute() {
        assert!(delay(1) >= FIRST.mul_f64(0.75) && delay(1) <= FIRST.mul_f64(1.25));
        assert!(delay(3) >= FIRST.mul_f64(3.0) && delay(3) <= FIRST.mul_f64(5.0));
        for attempts in [9, 40, u32::MAX] {
            assert!(delay(attempts) >= LONGEST.mul_f64(0.75) && delay(attempts) <= LONGEST.mul_f64(1.25));
        }
    }
}
