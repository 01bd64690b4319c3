//! The last lines of an instance's log.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Finds, Reads};
use super::instance::Named;
use super::read::{Asked, Params, invalid};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::signed::Signed;
use crate::instance::log::{Line, Severity};
use crate::plugin::Problem;

/// The greatest number that programs in all languages read as it is written.
pub(super) const GREATEST: u64 = (1 << 53) - 1;
/// How many lines are shown if nothing else is said.
const SOME: usize = 100;
/// How many are held.
const MOST: usize = 500;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only lines behind this number, the oldest first: `newest` of the last answer gives what came since.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    after: Option<u64>,
    /// Only lines that matter as much or more.
    #[param(inline)]
    level: Option<Severity>,
    /// Only lines with these words in them, in capital or small letters.
    search: Option<String>,
    /// How many at most: the last, or with `after` the first. 100 if left out.
    #[param(minimum = 1, maximum = 500, example = 100)]
    limit: Option<usize>,
}

/// Lines of a log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Lines {
    /// The oldest first.
    lines: Vec<LogLine>,
    /// The number of the last line that was looked at.
    newest: u64,
}

/// A line of a log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogLine {
    /// Above that of every line before it, of whatever instance; begins anew when the program is started.
    pub(super) number: u64,
    /// When, in milliseconds since 1970.
    at: i64,
    level: Severity,
    text: String,
}

impl From<Line> for LogLine {
    fn from(line: Line) -> Self {
        Self { number: line.number, at: line.at, level: line.severity, text: line.text }
    }
}

/// Shows the last lines of an instance's log
///
/// The last 500 of each are held, since the program was started.
#[utoipa::path(get, path = "/api/v1/instances/{name}/logs", tag = "instances", security(("bearer" = [])),
    params(Named, Wanted),
    responses((status = 200, description = "The lines.", body = Lines), Reads, Finds, Always))]
pub(super) async fn show_log(
    State(shared): State<Shared>,
    _who: Signed,
    Params(Named { name }): Params<Named>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Lines>, Failure> {
    let problems = problems(&wanted);
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    Ok(Json(chosen(shared.host.logs(&name, usize::MAX)?, &wanted)))
}

fn problems(wanted: &Wanted) -> Vec<Problem> {
    let mut problems = Vec::new();
    if wanted.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        problems.push(Problem::new("limit", format!("has to be 1 to {MOST}.")));
    }
    if wanted.after.is_some_and(|after| after > GREATEST) {
        problems.push(Problem::new("after", "has to be the number of a line."));
    }
    problems
}

fn chosen(lines: Vec<Line>, wanted: &Wanted) -> Lines {
    let newest = lines.last().map_or(0, |line| line.number);
    // A number from before the program was started again means nothing now.
    let after = wanted.after.map(|after| if after > newest { 0 } else { after });
    let search = wanted.search.as_deref().unwrap_or_default().to_lowercase();
    let mut lines: Vec<LogLine> = lines
        .into_iter()
        .filter(|line| after.is_none_or(|after| line.number > after))
        .filter(|line| wanted.level.is_none_or(|level| line.severity >= level))
        .filter(|line| line.text.to_lowercase().contains(&search))
        .map(LogLine::from)
        .collect();
    let limit = wanted.limit.unwrap_or(SOME);
    let left_out = lines.len().saturating_sub(limit);
    if after.is_none() {
        lines.drain(..left_out);
    }
    lines.truncate(limit);
    let seen = lines.last().filter(|_| left_out > 0).map_or(newest, |line| line.number);
    Lines { lines, newest: seen }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Line> {
        let line = |number, severity, text: &str| Line { number, at: 0, severity, text: text.to_owned() };
        vec![
            line(3, Severity::Info, "Runs"),
            line(5, Severity::Error, "It broke"),
            line(8, Severity::Debug, "looks"),
            line(9, Severity::Warn, "runs slowly"),
        ]
    }

    fn numbers(wanted: &Wanted) -> (Vec<u64>, u64) {
        let Lines { lines, newest } = chosen(lines(), wanted);
        (lines.iter().map(|line| line.number).collect(), newest)
    }

    fn all() -> Wanted {
        Wanted { after: None, level: None, search: None, limit: None }
    }

    #[test]
    fn lines_are_chosen_by_number_level_words_and_count() {
        assert_eq!(numbers(&all()), (vec![3, 5, 8, 9], 9));
        assert_eq!(numbers(&Wanted { level: Some(Severity::Warn), ..all() }), (vec![5, 9], 9));
        assert_eq!(numbers(&Wanted { search: Some("RUNS".to_owned()), ..all() }), (vec![3, 9], 9));
        assert_eq!(numbers(&Wanted { limit: Some(2), ..all() }), (vec![8, 9], 9));
        assert_eq!(numbers(&Wanted { after: Some(5), ..all() }), (vec![8, 9], 9));
    }

    #[test]
    fn whoever_asks_for_what_came_since_misses_nothing() {
        let page = |after| numbers(&Wanted { after: Some(after), limit: Some(3), ..all() });
        assert_eq!(page(0), (vec![3, 5, 8], 8));
        assert_eq!(page(8), (vec![9], 9));
        assert_eq!(page(9), (Vec::new(), 9));
        assert_eq!(page(100), (vec![3, 5, 8], 8), "a number of an earlier run");
    }

    #[test]
    fn wishes_out_of_range_are_named() {
        let wrong = Wanted { limit: Some(0), after: Some(GREATEST + 1), ..all() };
        let fields: Vec<_> = problems(&wrong).into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["limit", "after"]);
    }
}
