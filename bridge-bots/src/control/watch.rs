//! Looks at a service again and again: every few seconds while somebody looks at the page, else each minute.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::output::{Output, Stream, plain};
use super::run::{End, run};
use super::state::{Seen, State, contract, docker, systemd};
use super::{Control, Managed, health};
use crate::config::services::By;

/// How often it is looked while somebody looks, and else.
const PACE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_mins(1));
/// How long somebody counts as looking who loaded a page once.
pub(super) const LINGER: Duration = Duration::from_secs(15);
/// How long a command that tells a state may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of what it prints is read, in bytes.
const LONGEST: usize = 512 * 1_024;

/// Looks at a service until the program stops.
pub(super) async fn watch(control: &Control, name: &str) {
    let Ok(managed) = control.managed(name) else { return };
    while !control.0.stop.is_cancelled() {
        let begun = Instant::now();
        look(control, managed).await;
        wait(control, managed, begun).await;
    }
}

/// Waits until it is time for the next look.
async fn wait(control: &Control, managed: &Managed, begun: Instant) {
    loop {
        let pace = if control.is_looked_at() { PACE.0 } else { PACE.1 };
        tokio::select! {
            () = control.0.stop.cancelled() => return,
            () = managed.soon.notified() => return,
            () = sleep_until(begun + pace) => return,
            () = managed.paced.notified() => {}
        }
    }
}

/// Looks once and notes what is seen.
async fn look(control: &Control, managed: &Managed) {
    let (seen, health) = tokio::join!(seen(control, managed), async {
        match (&control.0.client, &managed.service.health) {
            (Some(client), Some(url)) => Some(health::ask(client, url).await),
            _ => None,
        }
    });
    if control.0.stop.is_cancelled() {
        return;
    }
    let is_new = managed.known().note(seen, health, control.now());
    if is_new {
        control.tell();
    }
}

/// What runs it says. The error is a sentence.
async fn seen(control: &Control, managed: &Managed) -> Result<Seen, String> {
    let service = &managed.service;
    let mut container = None;
    if let Some(words) = service.find_words() {
        let printed = asked(control, &words).await?;
        container = printed.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
        if container.is_none() {
            return Ok(Seen::only(State::NotDeployed));
        }
    }
    let words = service.state_words(container.as_deref());
    match (service.by, &service.state) {
        // A command of one's own has our form, whatever runs the service.
        (By::Command, _) | (_, Some(_)) => contract::read(&asked(control, &words).await?),
        (By::Systemd, None) => systemd::read(&asked(control, &words).await?),
        (By::Docker, None) => match asked(control, &words).await {
            Ok(printed) => docker::read(&printed),
            Err(error) if docker::is_missing(&error) => Ok(Seen::only(State::NotDeployed)),
            Err(error) => Err(error),
        },
    }
}

/// What a command prints. The error is a sentence, with what it wrote as an error.
async fn asked(control: &Control, words: &[String]) -> Result<String, String> {
    let (mut printed, errors) = (Vec::new(), Output::default());
    let take = |stream, bytes: &[u8]| match stream {
        Stream::Out if printed.len() < LONGEST => printed.extend_from_slice(bytes),
        Stream::Out => {}
        Stream::Error => errors.take(stream, bytes),
    };
    let end = run(words, LIMIT, &control.0.stop, take).await;
    errors.end();
    let reason = errors.reason();
    match end {
        End::Ended(status) if status.success() => Ok(String::from_utf8_lossy(&printed).into_owned()),
        End::Ended(status) => {
            let last = String::from_utf8_lossy(&printed).lines().last().map(plain).unwrap_or_default();
            let reason = if reason.is_empty() { last } else { reason };
            let how = status
                .code()
                .map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
            Err(format!("The command that tells the state ended {how}: {reason}")
                .trim_end_matches([':', ' '])
                .to_owned())
        }
        End::NotStarted(why) => Err(why),
        End::TooLong => {
            Err(format!("The command that tells the state took longer than {} s.", LIMIT.as_secs()))
        }
        End::CutOff => Err("The program stops.".to_owned()),
    }
}
