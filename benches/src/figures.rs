//! Percentiles of samples, and the spread of a figure over several runs.

use serde::Serialize;

/// Samples of one measurement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

impl Samples {
    /// Adds one.
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// Adds all of another measurement.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// The value that this share of the samples, in percent, does not exceed. Not a number when there are none.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

/// A figure over several runs.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    /// The middle one; of an even number the mean of the two in the middle.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) min: f64,
    /// The largest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of one value per run; none when there was no run.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let upper = values[values.len() / 2];
        let lower = values[(values.len() - 1) / 2];
        Some(Self { median: f64::midpoint(lower, upper), min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_and_spread() {
        let samples: Samples = (1..=100).rev().map(f64::from).collect();
        let at = |percent| samples.percentile(percent).to_string();
        assert_eq!([at(50.0), at(99.0), at(100.0), at(0.0)], ["50", "99", "100", "1"]);
        assert!(Samples::default().percentile(50.0).is_nan());
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).map(|s| (s.median, s.min, s.max));
        assert_eq!(spread, Some((2.5, 1.0, 4.0)));
        assert!(Spread::of([]).is_none());
    }
}
