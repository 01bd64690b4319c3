//! The whole of it: a link goes in, a post and its files come out, each post asked for once however many rooms show it.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::clock::Clock;
use tokio::time::Instant;

use crate::cache::Cache;
use crate::config::{Config, Settings};
use crate::fetch::{self, Download, FetchError};
use crate::links::{self, Link, Message, PostId, Target};
use crate::outcome::{Outcome, Source};
use crate::post::{Media, Post, Withheld};
use crate::sources::{Sources, Tried};

/// An instance's way to Instagram. Shared by all its rooms.
#[derive(Debug)]
pub struct Instagram {
    pub(crate) settings: Arc<Settings>,
    pub(crate) sources: Sources,
    posts: Cache<Answer>,
    shares: Cache<Result<Link, Outcome>>,
    clock: Clock,
}

/// What stands behind a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The post's id, under which uploads may be remembered; none if a share link could not be resolved.
    pub id: Option<PostId>,
    /// The link as it is shown.
    pub link: String,
    /// The post, or as much of it as could be had.
    pub post: Option<Post>,
    /// Why there is no more than that; `Outcome::Ok` if it is the whole post.
    pub reason: Outcome,
    /// What was asked, in order; empty if nothing had to be.
    pub tried: Vec<Tried>,
    /// For how long it may be remembered.
    pub keep: Duration,
}

/// Before the end of their time, signed addresses count as over.
const MARGIN_S: i64 = 60;
/// How long a part of a post is remembered: the rest may be had soon.
const KEEP_PART: Duration = Duration::from_mins(10);

impl Instagram {
    /// Checks the settings and makes the client. The errors are sentences, one for each key that does not fit.
    pub fn new(config: Config, clock: Clock) -> Result<Self, Vec<String>> {
        let settings = Arc::new(config.check()?);
        let sources = Sources::new(Arc::clone(&settings)).map_err(|error| vec![error])?;
        let most = settings.config.cache.posts;
        let (posts, shares) = (Cache::new(most, clock.clone()), Cache::new(most, clock.clone()));
        Ok(Self { settings, sources, posts, shares, clock })
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.settings.config
    }

    /// How often each source came to each outcome since the start.
    pub fn counted(&self) -> Vec<(Source, Outcome, u64)> {
        self.sources.counted()
    }

    /// The links of a message that are to be answered: none while the bot is switched off, and no more than are configured.
    pub fn links(&self, message: Message<'_>) -> Vec<Link> {
        if self.config().enabled { links::find(message, self.config().max_links) } else { Vec::new() }
    }

    /// What stands behind a link: remembered, or asked for within the budget, which includes resolving a share link. Never
    /// fails; what could not be had is said in the answer.
    pub async fn look_up(&self, link: &Link) -> Arc<Answer> {
        let deadline = Instant::now() + self.settings.total_time();
        let link = match self.resolve(link).await {
            Ok(link) => link,
            Err(reason) => return Arc::new(Answer::nothing(None, link, reason, Vec::new())),
        };
        let Target::Post { id, .. } = &link.target else {
            return Arc::new(Answer::nothing(None, &link, Outcome::ChangedShape, Vec::new()));
        };
        if id.is_private() {
            return Arc::new(Answer::nothing(Some(id), &link, Outcome::Private, Vec::new()));
        }
        let make = || async {
            let answer = self.ask(id, &link, deadline).await;
            let keep = answer.keep;
            (answer, keep)
        };
        let answer = self.posts.obtain(id.as_str(), make).await;
        // What is remembered of the post may have been asked for by another link to it.
        let shown = link.canonical();
        if answer.link == shown { answer } else { Arc::new(Answer { link: shown, ..(*answer).clone() }) }
    }

    async fn resolve(&self, link: &Link) -> Result<Link, Outcome> {
        let Target::Share { token, .. } = &link.target else { return Ok(link.clone()) };
        let make = || async {
            let resolved = self.sources.resolve(link).await;
            let keep = match resolved {
                Ok(_) => Duration::from_secs(self.settings.config.cache.keep_s),
                Err(reason) => keep_refusal(reason),
            };
            (resolved, keep)
        };
        (*self.shares.obtain(token, make).await).clone()
    }

    async fn ask(&self, id: &PostId, link: &Link, deadline: Instant) -> Answer {
        let found = self.sources.post_until(id, deadline).await;
        for tried in &found.tried {
            tracing::debug!(
                source = tried.source.name(),
                outcome = tried.outcome.name(),
                "a source was asked"
            );
        }
        let Some(post) = found.post else {
            let reason = most_telling(&found.tried);
            let mut answer = Answer::nothing(Some(id), link, reason, found.tried);
            if answer.tried.is_empty() {
                // The budget was spent on waiting for somebody else, which says nothing of the post.
                answer.keep = Duration::ZERO;
            }
            return answer;
        };
        let is_whole = post.is_whole();
        let most = Duration::from_secs(self.settings.config.cache.keep_s);
        let keep =
            self.signed_for(&post).unwrap_or(most).min(if is_whole { most } else { most.min(KEEP_PART) });
        Answer {
            id: Some(id.clone()),
            link: link.canonical(),
            reason: if is_whole { Outcome::Ok } else { Outcome::Withheld },
            post: Some(post),
            tried: found.tried,
            keep,
        }
    }

    /// How long all addresses of a post are valid from now on, as far as they say.
    fn signed_for(&self, post: &Post) -> Option<Duration> {
        let addresses =
            post.media.iter().flat_map(|media| [Some(&media.url), media.thumbnail.as_ref()]).flatten();
        let until = addresses.filter_map(|url| signed_until(url)).min()?;
        let left = until.saturating_sub(MARGIN_S).saturating_sub(self.clock.now_ms() / 1_000);
        Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
    }

    /// Fetches a picture or video of a post: the `index`th, counted from 0. `limit` is the homeserver's; the configured
    /// one holds besides. If the address is not valid any more, the post is asked for once more.
    pub async fn download(
        &self,
        answer: &Arc<Answer>,
        index: usize,
        limit: u64,
    ) -> Result<Download, FetchError> {
        self.file(answer, index, limit, |media| Some(media.url.as_str())).await
    }

    /// Fetches a video's still picture in the same way. A video without one, or a picture, is `WrongType`.
    pub async fn thumbnail(
        &self,
        answer: &Arc<Answer>,
        index: usize,
        limit: u64,
    ) -> Result<Download, FetchError> {
        let still = self.file(answer, index, limit, |media| media.thumbnail.as_deref()).await?;
        if still.measures.kind.is_video() { Err(FetchError::WrongType) } else { Ok(still) }
    }

    async fn file(
        &self,
        answer: &Arc<Answer>,
        index: usize,
        limit: u64,
        address: impl Fn(&Media) -> Option<&str>,
    ) -> Result<Download, FetchError> {
        let limit = limit.min(self.settings.config.max_file_size);
        let address_in = |answer: &Answer| {
            let media = answer.post.as_ref().and_then(|post| post.media.get(index));
            media.and_then(&address).map(str::to_owned)
        };
        let known = address_in(answer).ok_or(FetchError::WrongType)?;
        let web = self.sources.web();
        match fetch::fetch(web, &known, limit).await {
            Err(FetchError::Expired) => {}
            other => return other,
        }
        let Some(fresh) = self.ask_again(answer).await else { return Err(FetchError::Expired) };
        match address_in(&fresh) {
            Some(address) if address != known => fetch::fetch(web, &address, limit).await,
            _ => Err(FetchError::Expired),
        }
    }

    /// Asks for a post anew, unless somebody else did meanwhile.
    async fn ask_again(&self, old: &Answer) -> Option<Arc<Answer>> {
        let id = old.id.as_ref()?;
        let link = Link::read(&old.link)?;
        let known = self.look_up(&link).await;
        if known.post != old.post {
            return Some(known);
        }
        self.posts.forget_if(id.as_str(), |kept| kept.post == old.post).await;
        Some(self.look_up(&link).await)
    }
}

impl Answer {
    fn nothing(id: Option<&PostId>, link: &Link, reason: Outcome, tried: Vec<Tried>) -> Self {
        let (link, keep) = (link.canonical(), keep_refusal(reason));
        Self { id: id.cloned(), link, post: None, reason, tried, keep }
    }

    /// Whether a video was not given and only its still picture is there.
    pub fn lacks_video(&self) -> bool {
        self.post.as_ref().is_some_and(|post| post.withheld == Withheld::Video)
    }
}

/// How long it is remembered that there is nothing: long where that will not change, short where it may.
fn keep_refusal(reason: Outcome) -> Duration {
    match reason {
        Outcome::Gone | Outcome::Private | Outcome::Hidden | Outcome::AgeOrGeo => Duration::from_mins(30),
        Outcome::RateLimited | Outcome::LoginWall | Outcome::ChangedShape | Outcome::Forbidden => {
            Duration::from_mins(10)
        }
        _ => Duration::from_mins(5),
    }
}

/// The reason that tells people most: what is about the post goes before what is about the site and us.
fn most_telling(tried: &[Tried]) -> Outcome {
    const ORDER: [Outcome; 13] = [
        Outcome::Private,
        Outcome::Gone,
        Outcome::AgeOrGeo,
        Outcome::Hidden,
        Outcome::RateLimited,
        Outcome::LoginWall,
        Outcome::Paused,
        Outcome::Slow,
        Outcome::Unreachable,
        Outcome::ChangedShape,
        Outcome::TooLarge,
        Outcome::Forbidden,
        Outcome::Empty,
    ];
    let happened = |outcome: &&Outcome| tried.iter().any(|tried| tried.outcome == **outcome);
    ORDER.iter().find(happened).copied().unwrap_or(Outcome::Slow)
}

/// The second until which an address is signed, which it says in hexadecimal.
fn signed_until(url: &str) -> Option<i64> {
    let query = url.split_once('?')?.1;
    let value = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("oe="))?;
    i64::from_str_radix(value, 16).ok().filter(|second| *second > 0)
}

#[cfg(test)]
mod tests;
