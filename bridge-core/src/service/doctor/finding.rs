//! What a look found, and the report that is made of all of them.

use std::fmt::Write as _;

/// How it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Fine,
    /// It works, but somebody should look at it.
    Look,
    /// It does not work.
    Bad,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Look => "look",
            Self::Bad => "bad",
        }
    }
}

/// One look: at what, what was seen, and what to do. It holds no token, no password and no text of people: the report is meant
/// to be shown to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it looks.
    pub grade: Grade,
    /// What was looked at, in a word or two.
    pub part: &'static str,
    /// What was seen, in sentences.
    pub what: String,
    /// What to do, in sentences; none where there is nothing to do, or where `what` says it already.
    pub remedy: Option<String>,
}

impl Finding {
    /// All is as it should be.
    pub fn fine(part: &'static str, what: impl Into<String>) -> Self {
        Self { grade: Grade::Fine, part, what: what.into(), remedy: None }
    }

    /// It works, but something should be done.
    pub fn look(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { grade: Grade::Look, part, what: what.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work.
    pub fn bad(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { grade: Grade::Bad, part, what: what.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work, in a sentence that says what to do as well.
    pub fn mistake(part: &'static str, sentence: impl Into<String>) -> Self {
        Self { grade: Grade::Bad, part, what: sentence.into(), remedy: None }
    }

    /// The same, with another remedy.
    #[must_use]
    pub(super) fn with_remedy(self, remedy: &str) -> Self {
        Self { remedy: Some(remedy.to_owned()), ..self }
    }

    /// What to do, with what is wrong where that says it.
    fn advice(&self) -> &str {
        self.remedy.as_deref().unwrap_or(&self.what)
    }
}

/// What to do first: the first thing that does not work, since later looks may fail because of it; else the first thing that
/// somebody should look at.
pub(super) fn first(findings: &[Finding]) -> Option<&Finding> {
    let of = |grade| findings.iter().find(|finding| finding.grade == grade);
    of(Grade::Bad).or_else(|| of(Grade::Look))
}

/// The report: a line per look, what to do below it, and at the end the one thing to do first.
pub(super) fn report(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.part.len()).max().unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let Finding { grade, part, what, remedy } = finding;
        let _ = writeln!(text, "{:<4}  {part:<width$}  {}", grade.word(), in_one_line(what));
        if let Some(remedy) = remedy {
            let _ = writeln!(text, "      {:<width$}  → {}", "", in_one_line(remedy));
        }
    }
    match first(findings) {
        None => text.push_str("\nAll is well: there is nothing to do."),
        Some(finding) => {
            let _ = write!(
                text,
                "\nFirst: {} ({}).",
                in_one_line(finding.advice()).trim_end_matches('.'),
                finding.part
            );
        }
    }
    text
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_work_goes_before_what_should_be_looked_at() {
        let fine = Finding::fine("config", "It is complete.");
        let look = Finding::look("key", "There is none.", "Make one.");
        let bad = Finding::bad("homeserver", "It is down.", "Start it.");
        let later = Finding::bad("port", "It is taken.", "Free it.");
        for (findings, expected) in [
            (vec![], None),
            (vec![&fine], None),
            (vec![&fine, &look], Some(&look)),
            (vec![&fine, &look, &bad, &later], Some(&bad)),
            (vec![&later, &bad], Some(&later)),
        ] {
            let findings: Vec<Finding> = findings.into_iter().cloned().collect();
            assert_eq!(first(&findings), expected);
        }
    }

    #[test]
    fn a_report_has_a_line_per_look_and_ends_with_what_to_do_first() {
        let findings = [
            Finding::fine("config", "It is complete."),
            Finding::bad("homeserver", "It is\n down.", "Start it."),
            Finding::mistake("key", "secret.key_file: Put it back."),
        ];
        assert_eq!(
            report(&findings),
            "ok    config      It is complete.\n\
             bad   homeserver  It is down.\n      \
             \x20           → Start it.\n\
             bad   key         secret.key_file: Put it back.\n\n\
             First: Start it (homeserver)."
        );
        assert!(report(&findings[2..]).ends_with("First: secret.key_file: Put it back (key)."));
        assert!(report(&findings[..1]).ends_with("nothing to do."));
    }
}
