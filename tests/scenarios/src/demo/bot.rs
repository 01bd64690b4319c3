//! The demo of a bot: a homeserver, and a program of the workspace with the bot in it, which is asked and answers.
use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use serde_json::{Value, json};
use testkit::homeserver::synapse::VENV_VARIABLE;
use testkit::{Appservice, Homeserver, Kind, Program, User, user};

use super::transcript::{Side, Transcript};
use super::{folder, unless_stopped};
use crate::Result;

/// Where bots come from, and the one that is shown when no other is named.
const TEMPLATE: &str = "template-hello-native";
/// The account of whoever looks on.
const VISITOR: &str = "visitor";
/// How long a start, a stop or an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often the room is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Shows a bot at work in a room of a homeserver on this machine.
#[derive(Debug, Clone, Parser)]
#[command(name = "demo-bot")]
pub struct Options {
    /// The bot: its package under plugins/, which is its program's and its plugin's name, too.
    #[arg(default_value = TEMPLATE)]
    pub bot: String,
    /// What is said to it.
    #[arg(long, value_name = "TEXT", default_value = "!hello")]
    pub say: String,
    /// Check that it answers, and end.
    #[arg(long)]
    pub once: bool,
    /// The homeserver: synapse, fake-synapse or fake-continuwuity.
    #[arg(long, value_name = "KIND", default_value = "synapse", value_parser = kind)]
    pub on: Kind,
}

fn kind(text: &str) -> Result<Kind, String> {
    match Kind::parse(text).map_err(|error| error.to_string())? {
        Kind::Url(_) => {
            Err("the demo starts its own homeserver; see docs/bots.md for one that runs already".to_owned())
        }
        kind => Ok(kind),
    }
}

/// Everything that was started.
struct Stage {
    homeserver: Homeserver,
    visitor: User,
    bot: String,
    program: Program,
}

/// Runs the demo until the bot has answered (with `once`) or until Ctrl-C, then stops everything it started.
///
/// Fails with a sentence when something cannot be started or no answer comes.
pub async fn run(options: Options) -> Result<()> {
    let is_first = tempfile::env::override_temp_dir(&folder()?).is_ok();
    ensure!(is_first, "the demo runs once per process");
    let transcript = Transcript::new();
    let Some(stage) = unless_stopped(Stage::build(&options, &transcript)).await? else { return Ok(()) };
    let mut stage = stage?;
    let shown = unless_stopped(show(&mut stage, &options, &transcript)).await;
    if stage.program.is_running() {
        let code = stage.program.terminate(PATIENCE).await?;
        ensure!(code == 0, "{} did not end in order, but with {code}\n{}", options.bot, stage.program.tail());
    }
    match shown? {
        Some(Err(error)) => {
            Err(error.context(format!("see what the program logged:\n{}", stage.program.tail())))
        }
        Some(Ok(())) if options.once => {
            println!("The bot answers.");
            Ok(())
        }
        None if options.once => bail!("it was stopped before the bot had answered"),
        Some(Ok(())) | None => {
            transcript.say("Everything is stopped.");
            Ok(())
        }
    }
}

impl Stage {
    /// Starts the homeserver, and sets up the program as its config file says.
    async fn build(options: &Options, transcript: &Transcript) -> Result<Self> {
        let bot = &options.bot;
        let program = Program::of_workspace(bot)
            .with_context(|| format!("{bot} is no program of this workspace; is there a plugins/{bot}?"))?;
        transcript.say("Starting a homeserver …");
        let fresh = Appservice::new(testkit::homeserver::fake::SERVER_NAME)?;
        // The names that the program's own example config has.
        let app =
            Appservice { id: "bots".into(), bot: "botsbot".into(), user_prefix: "bots_".into(), ..fresh };
        let started = Homeserver::start_with(options.on.clone(), &[&app.registration_yaml()]).await;
        let homeserver = started.with_context(|| format!("{VENV_VARIABLE} or --on names another"))?;
        let visitor = homeserver.user(VISITOR).await?.with_patience(PATIENCE);
        let config = config(&homeserver, &app, bot, visitor.user_id());
        program.write("config.yaml", &serde_yaml::to_string(&config)?)?;
        program.write("registration.yaml", &app.registration_yaml())?;
        program.write(
            "secret.key",
            &format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()),
        )?;
        Ok(Self {
            homeserver,
            visitor,
            bot: app.ghost_id(bot),
            program: program.args(["--config", "config.yaml", "run"]),
        })
    }

    /// Shows what was said in the room since the last look.
    async fn look(&self, room: &str, known: &mut HashSet<String>, transcript: &Transcript) -> Result<()> {
        for event in self.visitor.seen(room).await? {
            if known.insert(event.event_id.clone()) && event.kind == "m.room.message" {
                transcript.said(Side::Matrix, "the room", local(&event.sender), event.body());
            }
        }
        Ok(())
    }
}

/// What an operator writes: one account and one instance, both named as the bot is.
fn config(homeserver: &Homeserver, app: &Appservice, bot: &str, admin: &str) -> Value {
    json!({
        "homeserver": { "url": homeserver.base_url(), "name": app.server_name },
        "appservice": { "listen": app.port.address(), "registration": "registration.yaml" },
        "permissions": { "*": "relay", &app.server_name: "user", admin: "admin" },
        "bots": {
            "admin": { "listen": null },
            "accounts": { bot: {} },
            "instances": { bot: { "plugin": bot, "account": bot } },
        },
    })
}

async fn show(stage: &mut Stage, options: &Options, transcript: &Transcript) -> Result<()> {
    transcript.say(&format!("Starting the program {} …", options.bot));
    stage.program.start()?;
    let health: Value =
        serde_yaml::from_str(&std::fs::read_to_string(stage.program.folder().join("config.yaml"))?)?;
    let listen = health["appservice"]["listen"].as_str().unwrap_or_default();
    stage.program.wait_ready(&format!("http://{listen}/health/ready"), PATIENCE).await?;
    let visitor = &stage.visitor;
    transcript.say(&format!("You are {}, and invite {} into a room.", visitor.user_id(), stage.bot));
    let room = visitor.create_room("A room with a bot").await?;
    visitor.invite(&room, &stage.bot).await?;
    visitor.wait_for_membership(&room, &stage.bot, "join").await.context("the bot did not come")?;
    visitor.send_text(&room, &options.say).await?;
    let from_bot = |event: &user::Event| event.kind == "m.room.message" && event.sender == stage.bot;
    let answered = visitor.wait_for_event(&room, "the bot's answer", from_bot).await;
    let mut known = HashSet::new();
    stage.look(&room, &mut known, transcript).await?;
    answered.with_context(|| format!("the bot said nothing to {:?}", options.say))?;
    if options.once {
        return Ok(());
    }
    tell_addresses(stage, transcript);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        ensure!(stage.program.is_running(), "the program ended");
        stage.look(&room, &mut known, transcript).await?;
    }
}

fn tell_addresses(stage: &Stage, transcript: &Transcript) {
    transcript.show(&format!(
        "\n  Join in with any Matrix client:\n    homeserver  {}\n    user        {}\n    password    {}\n\
         \n  Config, database and log of the bot's program, while it runs:\n    {}\n\
         \n  What is said in the room is shown below. Ctrl-C stops everything.\n",
        stage.homeserver.base_url(),
        stage.visitor.user_id(),
        user::PASSWORD,
        stage.program.folder().display(),
    ));
}

fn local(user_id: &str) -> &str {
    user_id.trim_start_matches('@').split(':').next().unwrap_or(user_id)
}
