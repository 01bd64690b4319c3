//! The bot host with two bots more, for scenarios: `trouble`, which hangs, panics or fails when it is told to, and `ledger`.

mod ledger;

use std::process::ExitCode;
use std::time::Duration;

use bridge_bots::Plugins;
use bridge_bots::plugin::web::{self, http::StatusCode};
use bridge_bots::plugin::{
    Descriptor, Event, Kind, Plugin, PluginConfig, PluginContext, PluginError, Problem, Takes, Timer,
    WebRequest, WebResponse,
};
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use serde_json::json;

fn main() -> ExitCode {
    bridge_bots::main_with(Plugins::built_in().with::<Trouble>().with::<Ledger>())
}

/// The config.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Whether the start fails.
    refuses_to_start: bool,
    /// Whether the start never ends.
    hangs_at_start: bool,
    /// What stands before each count.
    word: String,
}

impl PluginConfig for Config {
    fn check(&self) -> Vec<Problem> {
        if self.word.len() > 10 { vec![Problem::new("word", "is too long.")] } else { Vec::new() }
    }
}

/// The bot. It counts what it hears, in its memory.
struct Trouble(Config);

impl Plugin for Trouble {
    type Config = Config;

    fn descriptor() -> Descriptor {
        Descriptor::new("trouble", "1.0.0", "Fails when it is told to.")
            .wants(Kind::Message)
            .field("refuses_to_start", "Whether the start fails.")
            .field("hangs_at_start", "Whether the start never ends.")
            .field("word", "What stands before each count.")
            .keeps()
            .web()
            .action("say", Takes::Room, "Says something in a room.")
            .action("panic", Takes::Nothing, "Panics.")
    }

    async fn start(config: Config, _context: &PluginContext) -> Result<Self, PluginError> {
        if config.refuses_to_start {
            return Err(PluginError::Fault("it was told not to start".to_owned()));
        }
        if config.hangs_at_start {
            std::future::pending::<()>().await;
        }
        Ok(Self(config))
    }

    async fn on_event(&self, event: &Event, context: &PluginContext) -> Result<(), PluginError> {
        match event.body() {
            "hang" => std::future::pending().await,
            "everything" => everything(event, context).await,
            "panic" => panic!("ordered by the test"),
            "fail" => Err(PluginError::Fault("it was told to fail".to_owned())),
            // Fails the first time only, after it has said something.
            "stumble" => {
                context.say(&event.room_id, "I stumble.").await?;
                let name = format!("stumbled {}", event.id);
                if context.value(&name).await?.is_none() {
                    context.put(&name, "once").await?;
                    return Err(PluginError::Fault("it stumbled".to_owned()));
                }
                context.say(&event.room_id, "I stand.").await.map(drop)
            }
            text => context.say(&event.room_id, &format!("{}heard {text}", self.0.word)).await.map(drop),
        }
    }

    async fn on_timer(&self, timer: &Timer, context: &PluginContext) -> Result<(), PluginError> {
        context.say(&timer.room_id, &timer.payload).await.map(drop)
    }

    async fn on_action(
        &self,
        name: &str,
        input: &str,
        context: &PluginContext,
    ) -> Result<String, PluginError> {
        match name {
            "panic" => panic!("ordered by the test"),
            _ => context.say(input, "I was told to.").await.map(|_| "It was said.".to_owned()),
        }
    }

    /// Tells what came: method, path and query, how long the body is, and whether a cookie could be seen.
    async fn on_request(
        &self,
        request: WebRequest,
        context: &PluginContext,
    ) -> Result<WebResponse, PluginError> {
        match request.uri().path() {
            "/panic" => panic!("ordered by the test"),
            "/hang" => std::future::pending().await,
            path if path.starts_with("/say/") => {
                let room = path.trim_start_matches("/say/").replace("%21", "!");
                context.say(&room, "A hook called.").await?;
            }
            _ => {}
        }
        let has_cookie = request.headers().contains_key(web::http::header::COOKIE);
        let words = format!("{} {} {} {has_cookie}", request.method(), request.uri(), request.body().len());
        let mut response = web::text(StatusCode::ACCEPTED, &words);
        let cookie = web::http::HeaderValue::from_static("bridge_bots=stolen");
        response.headers_mut().insert(web::http::header::SET_COOKIE, cookie);
        Ok(response)
    }
}

/// One of each effect.
async fn everything(event: &Event, context: &PluginContext) -> Result<(), PluginError> {
    let room = &event.room_id;
    context.read(event).await?;
    context.typing(room, Some(Duration::from_secs(30))).await?;
    context.react(event, "👀").await?;
    let said = context.say(room, "draft").await?;
    context.edit(room, &said, "final").await?;
    let other = context.say(room, "mistake").await?;
    context.redact(room, &other, Some("it was one")).await?;
    let address = context.upload(b"a file".to_vec(), "text/plain", Some("a.txt")).await?;
    let file = json!({ "msgtype": "m.file", "body": "a.txt", "url": address });
    context.send(room, "m.room.message", file).await?;
    let payload = "it is time".to_owned();
    let timer =
        Timer { name: event.id.clone(), room_id: room.clone(), due_at: event.happened_at() + 500, payload };
    context.set_timer(&timer).await
}
