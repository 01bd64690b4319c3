//! Changes as they come, over server-sent events (HTML standard, section 9.2): for pages with script.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use maud::Markup;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::admin::Shared;
use crate::admin::sessions::Kind;
use crate::admin::signed::Signed;

/// The shortest time between two looks: what changes more often is shown together.
const PACE: Duration = Duration::from_millis(250);
/// How often it is looked whether somebody is still signed in, when nothing changes.
const CHECK: Duration = Duration::from_mins(1);

/// What is to be shown now; nothing if there is nothing new.
pub(super) type Look = Box<dyn FnMut() -> Option<Markup> + Send>;

/// What a stream needs from one event to the next.
struct Following {
    shared: Shared,
    signed: Signed,
    moved: watch::Receiver<u64>,
    look: Look,
    name: &'static str,
    /// None before the first look, which comes at once.
    looked_at: Option<Instant>,
}

/// A stream of what `look` gives each time that `moved` moves. It ends when nobody is signed in any more or the program stops.
pub(super) fn follow(
    shared: Shared,
    signed: Signed,
    moved: watch::Receiver<u64>,
    name: &'static str,
    look: Look,
) -> Response {
    let following = Following { shared, signed, moved, look, name, looked_at: None };
    let events = stream::unfold(following, async |mut following| {
        let event = following.next().await?;
        Some((Ok::<Event, Infallible>(event), following))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        let stop = self.shared.stop.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                goes_on = self.wait() => if !goes_on { return None },
            }
            self.shared.signed(self.signed.token.expose(), Kind::Pages).await.ok()?;
            self.looked_at = Some(Instant::now());
            if let Some(markup) = (self.look)() {
                // As JSON: a line break would end the data.
                return Event::default().event(self.name).json_data(markup.into_string()).ok();
            }
        }
    }

    /// Waits until it is time to look again; `false` when nothing will ever move.
    async fn wait(&mut self) -> bool {
        let Some(looked_at) = self.looked_at else {
            self.moved.mark_unchanged();
            return true;
        };
        tokio::select! {
            moved = self.moved.changed() => if moved.is_err() { return false },
            () = tokio::time::sleep(CHECK) => {}
        }
        tokio::time::sleep_until(looked_at + PACE).await;
        self.moved.mark_unchanged();
        true
    }
}
