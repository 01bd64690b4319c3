//! Serves one socket: reads in order, has everything stored, and acknowledges only what is stored.

use std::time::Duration;

use bridge_core::failpoint;
use bridge_core::queue::{Delivered, InboxError, NewJob};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Stream};
use super::envelope::{self, Envelope, Frame, Goodbye, Kind};
use crate::metrics;
use crate::session::intake::Intake;

/// How often the socket is pinged.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Without any frame for this long the peer counts as gone.
const DEAD_AFTER: Duration = Duration::from_secs(45);
/// The most events that wait for their commit at once; beyond, reading waits, and with it Slack.
const MOST_IN_FLIGHT: usize = 4_096;
/// The most frames that go into one commit together.
const MOST_PER_BATCH: usize = 512;
/// A successor is asked for this long before the announced end.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// A socket that was told to go but is not closed by Slack is closed by us after this time.
const LONGEST_GOODBYE: Duration = Duration::from_mins(2);
/// What is being stored at a stop gets this long to be stored and acknowledged.
const LAST_ACKS: Duration = Duration::from_secs(2);

/// Tells the conductor that a successor is needed, and why.
#[derive(Debug)]
pub(super) struct News {
    pub(super) socket: tokio::task::Id,
    pub(super) goodbye: Goodbye,
}

type Stored = (Vec<String>, Instant, Result<Vec<Delivered>, InboxError>);

/// Reads until the socket ends or `stop` is called. Answers how long it lasted.
pub(super) async fn serve(
    connection: Connection,
    intake: Intake,
    news: mpsc::UnboundedSender<News>,
    stop: CancellationToken,
) -> Duration {
    let Connection { stream, hello, opened_at } = connection;
    let (sink, source) = stream.split();
    let (to_write, orders) = mpsc::unbounded_channel();
    let renew_at = hello.lifetime.map(|lifetime| opened_at + lifetime.saturating_sub(renew_before(lifetime)));
    let reader = Reader {
        source,
        to_write,
        intake,
        news,
        in_flight: FuturesUnordered::new(),
        events_in_flight: 0,
        pings: pings(),
        heard_at: Instant::now(),
        renew_at,
        close_at: None,
        stop,
    };
    let mut writer = Box::pin(write(sink, orders));
    tokio::select! {
        () = &mut writer => {}
        // The reader takes its end of the channel with it, so that the writer comes to an end too.
        () = reader.run() => {
            let _ = timeout(LAST_ACKS, writer).await;
        }
    }
    opened_at.elapsed()
}

fn renew_before(lifetime: Duration) -> Duration {
    RENEW_BEFORE.min(lifetime / 5)
}

fn pings() -> Interval {
    let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings
}

/// Writes what it is told, all that is ready with one flush. Ends with the connection, or says goodbye when
/// nobody has an order left.
async fn write(mut sink: SplitSink<Stream, Message>, mut orders: mpsc::UnboundedReceiver<Message>) {
    while let Some(order) = orders.recv().await {
        let mut next = Some(order);
        let mut acknowledged = false;
        while let Some(message) = next {
            acknowledged |= message.is_text();
            if sink.feed(message).await.is_err() {
                return;
            }
            next = orders.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
        if acknowledged {
            failpoint::pass("frame.acknowledged");
        }
    }
    // The peer may be gone already.
    let _ = sink.close().await;
}

struct Reader {
    source: SplitStream<Stream>,
    to_write: mpsc::UnboundedSender<Message>,
    intake: Intake,
    news: mpsc::UnboundedSender<News>,
    in_flight: FuturesUnordered<BoxFuture<'static, Stored>>,
    events_in_flight: usize,
    pings: Interval,
    heard_at: Instant,
    renew_at: Option<Instant>,
    close_at: Option<Instant>,
    stop: CancellationToken,
}

impl Reader {
    async fn run(mut self) {
        let mut frames = Vec::new();
        loop {
            let may_read = self.events_in_flight < MOST_IN_FLIGHT;
            tokio::select! {
                biased;
                Some(stored) = self.in_flight.next(), if !self.in_flight.is_empty() => self.acknowledge(stored),
                _ = self.pings.tick() => {
                    if !may_read {
                        self.heard_at = Instant::now();
                    }
                    if self.heard_at.elapsed() > DEAD_AFTER {
                        tracing::info!("Slack's socket is silent; it counts as gone");
                        return;
                    }
                    self.order(Message::Ping(Bytes::new()));
                }
                () = self.stop.cancelled() => return self.last_acks().await,
                () = at(self.renew_at), if self.renew_at.is_some() => self.goodbye(Goodbye::Refresh),
                () = at(self.close_at), if self.close_at.is_some() => return self.last_acks().await,
                ended = next_frames(&mut self.source, &mut frames), if may_read => {
                    self.heard_at = Instant::now();
                    self.take(&frames);
                    frames.clear();
                    if ended {
                        return;
                    }
                }
            }
        }
    }

    /// Sorts frames: events go to the inbox in their order as one commit, the rest is done with at once.
    fn take(&mut self, frames: &[Message]) {
        let mut ids = Vec::new();
        let mut jobs = Vec::new();
        for frame in frames {
            let Message::Text(text) = frame else { continue };
            match envelope::decode(text) {
                Some(Frame::Envelope(Envelope {
                    id,
                    kind: Kind::Event | Kind::SlashCommand,
                    payload: Some(payload),
                })) => {
                    jobs.push(self.intake.job(payload.get()));
                    ids.push(id.into_owned());
                }
                Some(Frame::Envelope(envelope)) => self.pass_over(&envelope),
                Some(Frame::Disconnect(goodbye)) => self.goodbye(goodbye),
                Some(Frame::Hello(_) | Frame::Other) => {}
                None => tracing::warn!(bytes = text.len(), "a frame from Slack is not JSON; it is ignored"),
            }
        }
        if !jobs.is_empty() {
            failpoint::pass("frame.received");
            self.deliver(ids, jobs);
        }
    }

    fn deliver(&mut self, ids: Vec<String>, jobs: Vec<NewJob>) {
        self.events_in_flight += jobs.len();
        let inbox = self.intake.inbox().clone();
        let received_at = self.heard_at;
        let mut delivery = async move { (ids, received_at, inbox.deliver_all(jobs).await) }.boxed();
        // The first poll puts the batch into the inbox's queue, or in line for it. Done here and now, batches
        // enter in the order in which they were read.
        match (&mut delivery).now_or_never() {
            Some(stored) => self.acknowledge(stored),
            None => self.in_flight.push(delivery),
        }
    }

    fn acknowledge(&mut self, (ids, received_at, result): Stored) {
        self.events_in_flight -= ids.len();
        match result {
            Ok(_) => {
                metrics::accepted(ids.len());
                for id in &ids {
                    self.order(Message::text(envelope::acknowledgement(id)));
                }
                metrics::acknowledged(ids.len(), received_at.elapsed());
            }
            Err(error) => {
                // Without acknowledgement Slack sends them again.
                tracing::warn!(events = ids.len(), %error, "events of Slack were not stored");
                metrics::unstored(ids.len());
                self.intake.not_stored();
            }
        }
    }

    /// Acknowledges what the bridge has no use for, so that Slack does not send it again.
    fn pass_over(&self, envelope: &Envelope<'_>) {
        match envelope.kind {
            Kind::Interactive => metrics::unused_envelope(),
            Kind::Event | Kind::SlashCommand | Kind::Unknown => metrics::unknown_envelope(),
        }
        self.order(Message::text(envelope::acknowledgement(&envelope.id)));
    }

    /// Asks for a successor, and goes on until Slack closes.
    fn goodbye(&mut self, goodbye: Goodbye) {
        self.renew_at = None;
        self.close_at.get_or_insert(Instant::now() + LONGEST_GOODBYE);
        // Nobody hears it any more only when everything stops.
        let _ = self.news.send(News { socket: tokio::task::id(), goodbye });
    }

    fn order(&self, message: Message) {
        // A writer that is gone means a socket that is gone; `serve` notices.
        let _ = self.to_write.send(message);
    }

    async fn last_acks(mut self) {
        let all = async {
            while let Some(stored) = self.in_flight.next().await {
                self.acknowledge(stored);
            }
        };
        let _ = timeout(LAST_ACKS, all).await;
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// Waits for a frame and takes all that are there. `true` when the stream ended behind them.
async fn next_frames(source: &mut SplitStream<Stream>, frames: &mut Vec<Message>) -> bool {
    let mut next = source.next().await;
    loop {
        match next {
            Some(Ok(Message::Close(_)) | Err(_)) | None => return true,
            Some(Ok(message)) => frames.push(message),
        }
        if frames.len() >= MOST_PER_BATCH {
            return false;
        }
        // Only what has arrived: there is no point of waiting here at which a frame could be lost.
        match source.next().now_or_never() {
            Some(ready) => next = ready,
            None => return false,
        }
    }
}
