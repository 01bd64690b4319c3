//! Asks every source what it answers for a link today, for people who want to know why something is not shown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::instagram::Instagram;
use crate::links::{Link, PostId, Target};
use crate::outcome::{Outcome, Source};
use crate::sources::outcome_of;

/// What all sources answer for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The link as it is shown; that of the post, if it could be resolved.
    pub link: String,
    /// Why it could not be resolved; nothing was asked then.
    pub unresolved: Option<Outcome>,
    /// Each source, in order.
    pub sources: Vec<Probed>,
}

/// What one source answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Which one.
    pub source: Source,
    /// What it came to.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// How many pictures and videos it gave.
    pub media: usize,
    /// Whether it gave a caption.
    pub caption: bool,
    /// How long it is left alone otherwise, because it failed several times in a row.
    pub paused: Option<Duration>,
}

impl Instagram {
    /// Asks every source that the settings name, one after the other, each within its time. What is remembered is not
    /// used, nothing is remembered, and a source that is left alone is asked too.
    pub async fn probe(&self, link: &Link) -> Probe {
        let resolved = match self.sources.resolve(link).await {
            Ok(resolved) => resolved,
            Err(reason) => {
                return Probe { link: link.canonical(), unresolved: Some(reason), sources: Vec::new() };
            }
        };
        let mut probe = Probe { link: resolved.canonical(), unresolved: None, sources: Vec::new() };
        if let Target::Post { id, .. } = &resolved.target {
            for source in self.sources.named() {
                probe.sources.push(self.probe_one(source, id).await);
            }
        }
        probe
    }

    async fn probe_one(&self, source: Source, id: &PostId) -> Probed {
        let (reading, took) = self.sources.ask(source, id, Duration::MAX).await;
        let outcome = outcome_of(&reading);
        let post = reading.ok();
        Probed {
            source,
            outcome,
            took,
            media: post.as_ref().map_or(0, |post| post.media.len()),
            caption: post.is_some_and(|post| post.caption.is_some()),
            paused: self.sources.paused(source),
        }
    }
}

impl Probe {
    /// The same in words, one line for the link and one for each source.
    pub fn words(&self) -> Vec<String> {
        let mut lines = vec![self.link.clone()];
        if let Some(reason) = self.unresolved {
            lines.push(format!("The share link could not be resolved: {}.", meaning(reason)));
        }
        lines.extend(self.sources.iter().map(Probed::words));
        lines
    }
}

impl Probed {
    fn words(&self) -> String {
        let mut line = format!("{}: {}", self.source.name(), meaning(self.outcome));
        if self.media > 0 {
            let _ = write!(line, ", {} {}", self.media, if self.media == 1 { "file" } else { "files" });
        }
        if self.caption {
            line.push_str(", caption");
        }
        let _ = write!(line, " ({} ms)", self.took.as_millis());
        if let Some(left) = self.paused {
            let _ = write!(line, "; left alone for {} s more", left.as_secs());
        }
        line
    }
}

/// What an outcome means, in a few words.
fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "the whole post",
        Outcome::Withheld => "a part of the post",
        Outcome::Empty => "an answer without the post",
        Outcome::Hidden => "nothing for visitors without an account",
        Outcome::Gone => "no such post",
        Outcome::Private => "a private account",
        Outcome::AgeOrGeo => "restricted by age or country",
        Outcome::RateLimited => "asked too often",
        Outcome::LoginWall => "wants somebody to sign in",
        Outcome::ChangedShape => "an answer that cannot be read; its shape or the question's id changed",
        Outcome::TooLarge => "an answer that is too large",
        Outcome::Slow => "no answer in time",
        Outcome::Unreachable => "not reachable",
        Outcome::Forbidden => "led to an address that is not asked",
        Outcome::Paused => "left alone for a while",
    }
}
