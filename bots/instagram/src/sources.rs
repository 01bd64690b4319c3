//! Asks one source after the other for a post, within a budget, and stops at the first that gives all of it.

pub(crate) mod breaker;
mod guest;
mod questions;
mod share;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::config::Settings;
use crate::links::PostId;
use crate::outcome::{Outcome, Source};
use crate::post::{Post, Withheld};
use crate::read::Reading;
use crate::web::Web;
use breaker::Breakers;
use guest::Guest;

/// The sources, with what is known of how they fare.
#[derive(Debug)]
pub struct Sources {
    web: Web,
    settings: Arc<Settings>,
    breakers: Breakers,
    guest: Guest,
    /// The question that was understood last.
    understood: AtomicUsize,
    counted: [[AtomicU64; Outcome::ALL.len()]; Source::ALL.len()],
}

/// What asking one source came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// Which one.
    pub source: Source,
    /// What it came to.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// What all sources together came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The post, or as much of it as could be had.
    pub post: Option<Post>,
    /// What was asked, in order.
    pub tried: Vec<Tried>,
}

impl Sources {
    /// Makes the client. The error is a sentence.
    pub fn new(settings: Arc<Settings>) -> Result<Self, String> {
        Ok(Self {
            web: Web::new(Arc::clone(&settings))?,
            settings,
            breakers: Breakers::default(),
            guest: Guest::default(),
            understood: AtomicUsize::new(0),
            counted: Default::default(),
        })
    }

    pub(crate) fn web(&self) -> &Web {
        &self.web
    }

    /// The sources that the settings name.
    pub(crate) fn named(&self) -> Vec<Source> {
        let sources = self.settings.config.sources.iter().copied();
        sources.filter(|source| *source != Source::Mirror || self.settings.mirror.is_some()).collect()
    }

    /// Looks for a post. Takes no longer than the budget for all sources.
    pub async fn post(&self, id: &PostId) -> Found {
        self.post_until(id, Instant::now() + self.settings.total_time()).await
    }

    /// The same, where a part of the budget is spent already.
    pub(crate) async fn post_until(&self, id: &PostId, deadline: Instant) -> Found {
        let mut found = Found { post: None, tried: Vec::new() };
        for source in self.named() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || found.tried.last().is_some_and(|tried| tried.outcome.is_final()) {
                break;
            }
            if !may_add(source, found.post.as_ref()) {
                continue;
            }
            let (outcome, took, post) = self.try_one(source, id, left).await;
            found.tried.push(Tried { source, outcome, took });
            found.post = better(found.post, post);
            if found.post.as_ref().is_some_and(Post::is_whole) {
                break;
            }
        }
        found
    }

    /// Asks one source, if it is not paused, and notes how it fared.
    async fn try_one(
        &self,
        source: Source,
        id: &PostId,
        left: Duration,
    ) -> (Outcome, Duration, Option<Post>) {
        if !self.breakers.admits(source, Instant::now()) {
            self.count(source, Outcome::Paused);
            return (Outcome::Paused, Duration::ZERO, None);
        }
        let (reading, took) = self.ask(source, id, left).await;
        let outcome = outcome_of(&reading);
        self.count(source, outcome);
        // A source that was given less than its time is not to blame for being slow.
        if outcome != Outcome::Slow || left >= self.settings.source_time() {
            self.breakers.note(source, outcome, Instant::now());
        } else {
            self.breakers.release(source, Instant::now());
        }
        (outcome, took, reading.ok())
    }

    /// Asks one source whatever was known of it.
    pub(crate) async fn ask(&self, source: Source, id: &PostId, left: Duration) -> (Reading, Duration) {
        let begun = Instant::now();
        let reading = timeout(left.min(self.settings.source_time()), self.question(source, id)).await;
        (reading.unwrap_or(Err(Outcome::Slow)), begun.elapsed())
    }

    /// How long a source is left alone from now on, because it failed several times in a row; `None` if it is not.
    pub fn paused(&self, source: Source) -> Option<Duration> {
        self.breakers.pause(source, Instant::now())
    }

    fn count(&self, source: Source, outcome: Outcome) {
        self.counted[source as usize][outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often each source came to each outcome since the start, without those that never happened.
    pub fn counted(&self) -> Vec<(Source, Outcome, u64)> {
        let all =
            Source::ALL.iter().flat_map(|source| Outcome::ALL.iter().map(move |outcome| (*source, *outcome)));
        let counted = all.map(|(source, outcome)| {
            (source, outcome, self.counted[source as usize][outcome as usize].load(Ordering::Relaxed))
        });
        counted.filter(|(_, _, count)| *count > 0).collect()
    }
}

/// What a reading counts as.
pub(crate) fn outcome_of(reading: &Reading) -> Outcome {
    match reading {
        Ok(post) if post.is_whole() => Outcome::Ok,
        Ok(_) => Outcome::Withheld,
        Err(outcome) => *outcome,
    }
}

/// Whether a source can give more than is known.
fn may_add(source: Source, known: Option<&Post>) -> bool {
    match (source, known) {
        (Source::OembedGraph, Some(_)) => false,
        (Source::OembedWeb, Some(post)) => post.withheld == Withheld::All || post.caption.is_none(),
        _ => true,
    }
}

/// The one of two that is less incomplete, with the words of both.
fn better(known: Option<Post>, new: Option<Post>) -> Option<Post> {
    let (known, new) = match (known, new) {
        (Some(known), Some(new)) => (known, new),
        (known, new) => return known.or(new),
    };
    let (mut best, other) = if new.withheld < known.withheld { (new, known) } else { (known, new) };
    best.user = best.user.or(other.user);
    best.caption = best.caption.or(other.caption);
    Some(best)
}

#[cfg(test)]
mod tests;
