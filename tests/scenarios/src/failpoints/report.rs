//! What a run over all points came to.
use std::collections::BTreeSet;
use std::fmt;

use super::kind::Kind;
use super::points::POINTS;

/// What became of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Killed, and both sides are as without a kill.
    Equal,
    /// The point was not passed this time, so nothing was killed.
    NotPassed,
    /// Something was lost, doubled, moved or changed; in words.
    Different(String),
}

/// A kind of event, and a passing of a point.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What happened.
    pub kind: Kind,
    /// The point.
    pub point: &'static str,
    /// Which passing, from 1.
    pub time: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// All cells.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In no order.
    pub cells: Vec<Cell>,
}

impl Report {
    /// How many had this outcome.
    fn count(&self, fits: impl Fn(&Cell) -> bool) -> usize {
        self.cells.iter().filter(|cell| fits(cell)).count()
    }

    /// The cells in which something was not as without a kill.
    pub fn different(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| matches!(cell.outcome, Outcome::Different(_)))
    }

    /// Points at which nothing was killed.
    pub fn untouched(&self) -> Vec<&'static str> {
        let killed = |point: &str| {
            self.cells.iter().any(|cell| cell.point == point && cell.outcome != Outcome::NotPassed)
        };
        POINTS.iter().copied().filter(|point| !killed(point)).collect()
    }

    fn entry(&self, kind: Kind, point: &str) -> String {
        let here = |cell: &Cell| cell.kind == kind && cell.point == point;
        let killed = self.count(|cell| here(cell) && cell.outcome != Outcome::NotPassed);
        let equal = self.count(|cell| here(cell) && cell.outcome == Outcome::Equal);
        match killed {
            0 => String::new(),
            _ if equal == killed => equal.to_string(),
            _ => format!("**{equal} of {killed}**"),
        }
    }
}

impl fmt::Display for Report {
    /// A table: for each kind of event and point, how often the bridge was killed there with both sides equal after it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | {} |", POINTS.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(POINTS.len()))?;
        let kinds: BTreeSet<Kind> = self.cells.iter().map(|cell| cell.kind).collect();
        for kind in kinds {
            let entries: Vec<String> = POINTS.iter().map(|point| self.entry(kind, point)).collect();
            writeln!(f, "| {} | {} |", kind.name(), entries.join(" | "))?;
        }
        for cell in self.different() {
            if let Outcome::Different(why) = &cell.outcome {
                writeln!(f, "{} killed at {} ({}): {why}", cell.kind.name(), cell.point, cell.time)?;
            }
        }
        let equal = self.count(|cell| cell.outcome == Outcome::Equal);
        let not_passed = self.count(|cell| cell.outcome == Outcome::NotPassed);
        write!(
            f,
            "{} kills: {equal} without a difference, {} with one; {not_passed} times the point was not passed",
            self.cells.len() - not_passed,
            self.different().count()
        )
    }
}
