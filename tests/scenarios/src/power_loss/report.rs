//! What the power cuts came to.
use std::fmt;

/// What the power cuts came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where the random numbers began.
    pub seed: u64,
    /// Events that were acknowledged, at each of which the power was cut.
    pub events: usize,
    /// Writes and flushes of the database.
    pub deeds: usize,
    /// Outcomes that were looked at.
    pub cuts: usize,
    /// What was wrong, in words.
    pub lost: Vec<String>,
    /// How many outcomes were wrong where flushes did nothing: none would mean that losses are not seen.
    pub lost_by_a_lying_disk: usize,
}

impl Report {
    /// Whether nothing was lost, by a check that sees losses.
    pub fn is_good(&self) -> bool {
        self.lost.is_empty() && self.cuts > 0 && self.lost_by_a_lying_disk > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} acknowledged events, {} writes and flushes, {} power cuts; {} with a loss; \
             where flushes do nothing {} of the first with a loss",
            self.seed,
            self.events,
            self.deeds,
            self.cuts,
            self.lost.len(),
            self.lost_by_a_lying_disk,
        )?;
        if self.lost_by_a_lying_disk == 0 {
            write!(f, "\n  the check does not see losses: its result is worth nothing")?;
        }
        self.lost.iter().take(10).try_for_each(|example| write!(f, "\n  {example}"))
    }
}
