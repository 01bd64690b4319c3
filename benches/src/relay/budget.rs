//! The figures that have to be held, and whether they are.

use crate::figures::Spread;

/// What a row is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Budget {
    /// Nothing: the row explains others.
    None,
    /// It must be zero in every run.
    Zero,
    /// The median must not be above.
    AtMost(f64),
    /// The median must not be below.
    AtLeast(f64),
    /// The median must not be above this many times the skeleton's.
    TimesSkeleton(f64),
}

impl Budget {
    /// How it is written in the table.
    pub(crate) fn words(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Zero => "0".to_owned(),
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
            Self::TimesSkeleton(limit) => format!("≤ {limit} × skeleton"),
        }
    }

    /// Whether it is held; none when there is nothing to hold or nothing was measured.
    pub(crate) fn is_held(self, ours: Option<Spread>, skeleton: Option<Spread>) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Zero => Some(ours?.max <= 0.0),
            Self::AtMost(limit) => Some(ours?.median <= limit),
            Self::AtLeast(limit) => Some(ours?.median >= limit),
            Self::TimesSkeleton(limit) => Some(ours?.median <= limit * skeleton?.median),
        }
    }
}

/// Memory with this many portals, in megabytes.
pub(crate) fn idle_memory(portals: usize) -> Budget {
    match portals {
        0 => Budget::AtMost(12.0),
        50 => Budget::AtMost(14.0),
        10_000 => Budget::AtMost(20.0),
        100_000 => Budget::AtMost(60.0),
        _ => Budget::None,
    }
}

/// Start to ready with this many portals, in milliseconds.
pub(crate) fn start(portals: usize) -> Budget {
    match portals {
        0 => Budget::AtMost(150.0),
        10_000 => Budget::AtMost(200.0),
        100_000 => Budget::AtMost(500.0),
        _ => Budget::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_needs_figures() {
        let of = |value| Spread::of([value]);
        assert_eq!(Budget::AtMost(2.0).is_held(of(2.0), None), Some(true));
        assert_eq!(Budget::AtLeast(2.0).is_held(of(1.9), None), Some(false));
        assert_eq!(Budget::TimesSkeleton(2.0).is_held(of(5.0), of(2.4)), Some(false));
        assert_eq!(Budget::TimesSkeleton(2.0).is_held(of(5.0), None), None);
        assert_eq!(Budget::AtMost(2.0).is_held(None, of(1.0)), None);
        assert_eq!(Budget::Zero.is_held(Spread::of([0.0, 0.0, 1.0]), None), Some(false));
    }
}
