//! The fake workspace as the measurement drives it: over its control routes, from another process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::fake::channel_name;
use crate::figures::Samples;
use crate::http_client;
use crate::mark::{self, Mark};
use crate::process::Program;

/// A workspace in a process of its own.
#[derive(Debug)]
pub(crate) struct Slack {
    http: reqwest::Client,
    program: Program,
    channels: usize,
    /// Its addresses and tokens.
    pub(crate) info: Info,
}

/// What the workspace prints when it is ready.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Info {
    pub(crate) api_url: String,
    pub(crate) control_url: String,
    pub(crate) bot_token: String,
    pub(crate) app_token: String,
}

/// How a burst went.
#[derive(Debug, Deserialize)]
pub(crate) struct BurstAnswer {
    pub(crate) all_acknowledged: bool,
    /// From the first frame to the last acknowledgement, in milliseconds.
    pub(crate) total_ms: f64,
    pub(crate) ack_ms: AckTimes,
}

/// How long acknowledgements took, in milliseconds.
#[derive(Debug, Deserialize)]
pub(crate) struct AckTimes {
    pub(crate) p99: Option<f64>,
}

/// What became of one event.
#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) event_type: String,
    pub(crate) attempts: Vec<Attempt>,
}

/// One sending of an event.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempt {
    /// Microseconds since 1970.
    pub(crate) sent_at: u64,
}

/// A message that the app posted.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) mark: Mark,
    /// When the call arrived, in microseconds since 1970.
    pub(crate) called_at: u64,
}

#[derive(Deserialize)]
struct Calls {
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    arguments: Box<RawValue>,
    called_at: u64,
    ok: bool,
}

impl Slack {
    /// Starts it with this many channels; it remembers this many events and calls.
    pub(crate) async fn start(folder: &Path, channels: usize, remembered: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["fake-slack", "--channels", &channels.to_string()]);
        command.args(["--remembered", &remembered.to_string()]);
        let mut program = Program::start(command, &folder.join("slack.log"), Some(Stdio::piped()))?;
        let stdout = program.stdout().context("The fake workspace has no output.")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.context("The fake workspace ended before it was ready; see slack.log.")?;
        let info = serde_json::from_str(&line)?;
        Ok(Self { http: http_client::http_client()?, program, channels, info })
    }

    async fn control<T: serde::de::DeserializeOwned>(&self, verb: &str, body: &Value) -> Result<T> {
        http_client::post(&self.http, &format!("{}{verb}", self.info.control_url), body).await
    }

    /// Posts messages to all channels in turn, as fast as the socket takes them or at a rate, and waits for their
    /// acknowledgements.
    pub(crate) async fn burst(
        &self,
        workload: u32,
        count: usize,
        per_second: Option<f64>,
    ) -> Result<BurstAnswer> {
        let channels: Vec<String> = (0..self.channels).map(channel_name).collect();
        let body = json!({
            "count": count, "channels": channels, "text": mark::text(workload, "{n}"),
            "per_second": per_second, "limit_ms": 120_000,
        });
        self.control("burst", &body).await
    }

    /// When each of the last `count` messages was sent first, in microseconds since 1970, and how many were sent again.
    pub(crate) async fn sent_at(&self, count: usize) -> Result<(Vec<u64>, usize)> {
        #[derive(Deserialize)]
        struct Acks {
            deliveries: Vec<Delivery>,
        }
        let acks: Acks = self.control("acks", &json!({})).await?;
        let mut messages: Vec<_> =
            acks.deliveries.into_iter().filter(|delivery| delivery.event_type == "message").collect();
        ensure!(messages.len() >= count, "The fake workspace remembers only {} messages.", messages.len());
        messages.drain(..messages.len() - count);
        let again = messages.iter().filter(|delivery| delivery.attempts.len() > 1).count();
        let first = |delivery: &Delivery| delivery.attempts.first().map_or(0, |attempt| attempt.sent_at);
        Ok((messages.iter().map(first).collect(), again))
    }

    /// The messages of a workload that the app posted, in the order the calls arrived.
    pub(crate) async fn posts(&self, workload: u32) -> Result<Vec<Post>> {
        let Calls { calls } = self.control("calls", &json!({ "method": "chat.postMessage" })).await?;
        let mut posts = Vec::with_capacity(calls.len());
        for call in calls.iter().filter(|call| call.ok) {
            let Some(mark) = mark::find(call.arguments.get().as_bytes()) else { continue };
            if mark.workload == workload {
                posts.push(Post { mark, called_at: call.called_at });
            }
        }
        posts.sort_by_key(|post| post.called_at);
        Ok(posts)
    }

    /// A person shares a file of any length in the first channel.
    pub(crate) async fn share(&self, name: &str, length: u64) -> Result<()> {
        let files = json!([{ "name": name, "length": length }]);
        let body = json!({ "user": "alice", "channel": channel_name(0), "files": files });
        self.control::<Value>("upload", &body).await.map(|_| ())
    }

    /// The lengths of the files whose bytes apps sent, in order.
    pub(crate) async fn uploaded(&self) -> Result<Vec<u64>> {
        let calls: Value = self.control("calls", &json!({ "method": "files.upload" })).await?;
        let calls = calls["calls"].as_array().into_iter().flatten().filter(|call| call["ok"] == true);
        Ok(calls.filter_map(|call| call["arguments"]["length"].as_u64()).collect())
    }

    /// How often each method was called since [`Slack::forget_calls`].
    pub(crate) async fn call_count(&self, method: Option<&str>) -> Result<usize> {
        let counts: Value = self.control("counts", &json!({})).await?;
        let of = |value: &Value| value.as_u64().unwrap_or(0) as usize;
        Ok(match method {
            Some(method) => of(&counts["counts"][method]),
            None => counts["counts"].as_object().into_iter().flatten().map(|(_, count)| of(count)).sum(),
        })
    }

    /// Forgets the calls so far.
    pub(crate) async fn forget_calls(&self) -> Result<()> {
        self.control::<Value>("clear_calls", &json!({})).await.map(|_| ())
    }

    /// Waits until the app has this many sockets open.
    pub(crate) async fn wait_for_sockets(&self, count: usize) -> Result<()> {
        let answer: Value = self.control("wait", &json!({ "sockets": count, "limit_ms": 30_000 })).await?;
        ensure!(answer["found"] == true, "The app did not have {count} sockets open within 30 s.");
        Ok(())
    }

    /// Waits until every event sent so far is acknowledged.
    pub(crate) async fn wait_until_acknowledged(&self) -> Result<()> {
        let body = json!({ "acknowledged": true, "limit_ms": 60_000 });
        let answer: Value = self.control("wait", &body).await?;
        ensure!(answer["found"] == true, "Events were not acknowledged within 60 s.");
        Ok(())
    }

    /// How long the Web API itself takes for a small call, in milliseconds.
    pub(crate) async fn answer_times(&self, count: usize) -> Result<Samples> {
        let mut samples = Samples::default();
        for _ in 0..count {
            let begun = std::time::Instant::now();
            let url = format!("{}auth.test", self.info.api_url);
            http_client::send(self.http.post(url).bearer_auth(&self.info.bot_token)).await?;
            samples.push(begun.elapsed().as_secs_f64() * 1000.0);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(samples)
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.program.stop().await
    }
}
