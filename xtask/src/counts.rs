//! How many tests passed, failed and were skipped, read from what the test programs print.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// One failure: a step that broke before it could count.
    pub(crate) const ONE_FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// Reads a line of a Rust test program: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn from_libtest(line: &str) -> Option<Self> {
        let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let number = |word| number_before(numbers, ';', word);
        Some(Self { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
    }

    /// Reads the last line of a judge: `12 passed, 0 failed`.
    pub(crate) fn from_judge(line: &str) -> Option<Self> {
        let number = |word| number_before(line, ',', word);
        Some(Self {
            passed: number("passed")?,
            failed: number("failed")?,
            skipped: number("skipped").unwrap_or_default(),
        })
    }
}

fn number_before(text: &str, separator: char, word: &str) -> Option<u64> {
    let part = text.split(separator).map(str::trim).find_map(|part| part.strip_suffix(word))?;
    part.trim().parse().ok()
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn reads_libtest() {
        let line = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Counts::from_libtest(line), Some(Counts { passed: 5, failed: 2, skipped: 1 }));
        assert_eq!(Counts::from_libtest("test a::b ... ok"), None);
        assert_eq!(Counts::from_libtest("test result: odd"), None);
    }

    #[test]
    fn reads_a_judge() {
        let expected = Counts { passed: 12, failed: 3, skipped: 0 };
        assert_eq!(Counts::from_judge("12 passed, 3 failed"), Some(expected));
        assert_eq!(Counts::from_judge("ok: connects"), None);
    }

    #[test]
    fn adds_and_prints() {
        let mut sum = Counts { passed: 1, failed: 0, skipped: 2 };
        sum += Counts::ONE_FAILED;
        assert_eq!(sum.to_string(), "1 passed, 1 failed, 2 skipped");
    }
}
