//! What happens, as it happens: a stream of changed instances and new log lines.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Always, Finds, Reads};
use super::instance::{Shown, all};
use super::log::{GREATEST, LogLine};
use super::read::{Asked, invalid};
use crate::admin::Shared;
use crate::admin::failure::Failure;
use crate::admin::sessions::Kind;
use crate::admin::signed::Signed;
use crate::plugin::Problem;

/// How long changes are gathered before they are told.
const GATHER: Duration = Duration::from_millis(250);
/// How often it is looked whether whoever listens is still signed in.
const LOOK: Duration = Duration::from_secs(30);
/// How long a stream may be asked for, in seconds.
const LONGEST: u64 = 86_400;

/// What is told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The instance whose log lines are told, too.
    #[param(pattern = "^[a-z0-9_-][a-z0-9._-]{0,63}$")]
    logs: Option<String>,
    /// Lines behind this number are told first; if left out, only those that come from now on. The header `Last-Event-ID`,
    /// which browsers send when they connect again, is taken in its place.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    after: Option<u64>,
    /// After how many seconds the stream ends; 0 tells how things are and ends. When the program stops if left out.
    #[param(minimum = 0, maximum = 86400, example = 0)]
    seconds: Option<u64>,
}

/// The data of an event `state`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct States {
    /// Instances that are not as they were told last; in the first event all.
    changed: Vec<Shown>,
    /// Those that are no more, by their names.
    gone: Vec<String>,
}

/// An event of the stream.
#[derive(Debug, ToSchema)]
pub(super) struct StreamEvent {
    #[schema(pattern = "^(state|line)$", example = "state")]
    event: &'static str,
    /// Of a line: its number, for `Last-Event-ID`.
    id: Option<String>,
    /// In JSON: `States` of an event `state`, `LogLine` of an event `line`.
    data: String,
}

impl From<StreamEvent> for Event {
    fn from(StreamEvent { event, id, data }: StreamEvent) -> Self {
        let told = Self::default().event(event).data(data);
        match id {
            Some(id) => told.id(id),
            None => told,
        }
    }
}

/// Tells of changes as they happen
///
/// Events as of the HTML standard, section "Server-sent events". `state` has `States` as its data; it comes first with all
/// instances, then when some have changed. `line` has a `LogLine` of the instance that was asked for.
#[utoipa::path(get, path = "/api/v1/events", tag = "program", security(("bearer" = [])), params(Wanted),
    responses(
        (status = 200, description = "Events, until the stream ends.", body = StreamEvent,
            content_type = "text/event-stream"),
        Reads, Finds, Always))]
pub(super) async fn stream_events(
    State(shared): State<Shared>,
    who: Signed,
    headers: HeaderMap,
    Asked(wanted): Asked<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let problems = problems(&wanted);
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    if let Some(name) = &wanted.logs {
        shared.host.show(name)?;
    }
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let watching = Watching::new(shared, who, resumed.or(wanted.after), wanted);
    let events = unfold(watching, async |mut watching| {
        let event = watching.next().await?;
        Some((Ok(event.into()), watching))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn problems(wanted: &Wanted) -> Vec<Problem> {
    let mut problems = Vec::new();
    if wanted.seconds.is_some_and(|seconds| seconds > LONGEST) {
        problems.push(Problem::new("seconds", format!("has to be 0 to {LONGEST}.")));
    }
    if wanted.after.is_some_and(|after| after > GREATEST) {
        problems.push(Problem::new("after", "has to be the number of a line."));
    }
    problems
}

/// Somebody who listens.
struct Watching {
    shared: Shared,
    who: Signed,
    states: watch::Receiver<u64>,
    lines: watch::Receiver<u64>,
    logs: Option<String>,
    /// What was told last.
    told: BTreeMap<String, Shown>,
    /// The number of the last line that was told.
    seen: u64,
    /// To be sent.
    events: VecDeque<StreamEvent>,
    end: Option<Instant>,
    /// When it was last looked whether whoever listens is signed in.
    looked: Instant,
}

impl Watching {
    fn new(shared: Shared, who: Signed, after: Option<u64>, wanted: Wanted) -> Self {
        let signals = shared.host.signals();
        let (mut states, mut lines) = (signals.states(), signals.lines());
        states.borrow_and_update();
        let newest = *lines.borrow_and_update();
        let mut watching = Self {
            logs: wanted.logs,
            told: BTreeMap::new(),
            // A number from before the program was started again means nothing now.
            seen: after.map_or(newest, |after| if after > newest { 0 } else { after }),
            events: VecDeque::new(),
            end: wanted.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
            looked: Instant::now(),
            shared,
            who,
            states,
            lines,
        };
        let changed = all(&watching.shared.host);
        watching.told.extend(changed.iter().map(|shown| (shown.name.clone(), shown.clone())));
        watching.tell_states(&States { changed, gone: Vec::new() });
        watching.look_at_lines();
        watching
    }

    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let stop = self.shared.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = until(self.end) => return None,
                () = sleep_until(self.looked + LOOK) => {
                    self.look_at_session().await?;
                    // A change that was being gathered is not told a second time.
                    self.look_at_states();
                    self.look_at_lines();
                }
                moved = changes(&mut self.states, &mut self.lines, self.logs.is_some()) => {
                    moved.ok()?;
                    self.look_at_states();
                    self.look_at_lines();
                }
            }
        }
    }

    /// None when whoever listens is not signed in any more.
    async fn look_at_session(&mut self) -> Option<()> {
        self.looked = Instant::now();
        for kind in [Kind::Api, Kind::Pages] {
            if self.shared.signed(self.who.token.expose(), kind).await.is_ok() {
                return Some(());
            }
        }
        None
    }

    fn look_at_states(&mut self) {
        let now: BTreeMap<String, Shown> =
            all(&self.shared.host).into_iter().map(|shown| (shown.name.clone(), shown)).collect();
        let changed: Vec<_> =
            now.values().filter(|shown| self.told.get(&shown.name) != Some(shown)).cloned().collect();
        let gone: Vec<_> = self.told.keys().filter(|name| !now.contains_key(*name)).cloned().collect();
        self.told = now;
        if !changed.is_empty() || !gone.is_empty() {
            self.tell_states(&States { changed, gone });
        }
    }

    fn look_at_lines(&mut self) {
        let Some(name) = &self.logs else { return };
        // One that was deleted says no more.
        let Ok(lines) = self.shared.host.logs(name, usize::MAX) else { return };
        let seen = self.seen;
        for line in lines.into_iter().filter(|line| line.number > seen).map(LogLine::from) {
            self.seen = line.number;
            let data = serde_json::to_string(&line).unwrap_or_default();
            self.events.push_back(StreamEvent { event: "line", id: Some(line.number.to_string()), data });
        }
    }

    fn tell_states(&mut self, states: &States) {
        let data = serde_json::to_string(states).unwrap_or_default();
        self.events.push_back(StreamEvent { event: "state", id: None, data });
    }
}

/// Waits for a change, and a moment longer for those that come with it.
async fn changes(
    states: &mut watch::Receiver<u64>,
    lines: &mut watch::Receiver<u64>,
    with_lines: bool,
) -> Result<(), watch::error::RecvError> {
    tokio::select! {
        moved = states.changed() => moved?,
        moved = lines.changed(), if with_lines => moved?,
    }
    sleep(GATHER).await;
    states.borrow_and_update();
    lines.borrow_and_update();
    Ok(())
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
