//! A small world around the bot host: homeserver, the program with a config of its own, people.
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use testkit::homeserver::Slot;
use testkit::{Appservice, Homeserver, Port, Program, User, eventually};

use crate::world::database;
use crate::{Place, Planted, Recovery, Result};

/// The environment variable that names the program to test, in place of the one built beside the tests.
const PROGRAM_VARIABLE: &str = "BRIDGE_BOTS";
/// How long a start or an orderly stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long anything else may take; after a kill another process waits for the lease to run out.
pub const LIMIT: Duration = Duration::from_mins(1);

/// Who signs in at the admin listener.
pub const OPERATOR: &str = "ann";
/// With this.
pub const PASSWORD: &str = "correct horse";
/// Its hash, made with the least work that bcrypt has.
const HASH: &str = "$2b$04$isZB7OAZ1ouxE.7VVGsk4uWfXuBwX0v86rw9FupKegprxE845pRae";

/// Everything a scenario about bots acts in. The host is configured and not started.
#[derive(Debug)]
pub struct Bots {
    /// The Matrix side; a real Synapse is shared with other scenarios.
    pub homeserver: Homeserver,
    /// The host's names and tokens on the homeserver.
    pub appservice: Appservice,
    /// A person who may do everything.
    pub admin: User,
    /// The config file as a value; it is written at every start.
    pub config: Value,
    /// What must not be in the host's log. Whoever signs in adds what they are given.
    pub planted: Planted,
    /// Everybody on Matrix, for what they said.
    people: RefCell<Vec<User>>,
    program: Program,
    binary: String,
    tag: String,
    /// Kept for the admin listener.
    operators: Port,
}

impl Bots {
    /// Makes the world, with the program of this name in the workspace.
    pub async fn prepare(place: Place, binary: &str) -> Result<Self> {
        let Slot { homeserver, appservice } = Homeserver::lease(place.homeserver).await?;
        let tag = format!("{:08x}", rand::random::<u32>());
        let admin = homeserver.user(&format!("admin{tag}")).await?.with_patience(LIMIT);
        let program = program(binary)?.args(["--config", "config.yaml", "run"]);
        let key = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        program.write("secret.key", &key)?;
        program.write("registration.yaml", &appservice.registration_yaml())?;
        let Appservice { id, bot, user_prefix, server_name, port, .. } = &appservice;
        let config = json!({
            "homeserver": { "url": homeserver.base_url(), "name": server_name },
            "appservice": {
                "id": id, "bot": bot, "user_prefix": user_prefix, "listen": port.address(),
                "registration": "registration.yaml",
            },
            "database": { "url": database::fresh(place.database)? },
            "secret": { "key_file": "secret.key" },
            "logging": { "level": "debug,bridge_core=trace,bridge_bots=trace,bot_instagram=trace", "format": "text" },
            "permissions": { "*": "relay", server_name: "user", admin.user_id(): "admin" },
            "bots": { "admin": { "listen": null }, "accounts": {}, "instances": {} },
        });
        let (binary, operators) = (binary.to_owned(), Port::reserve()?);
        let (planted, people) = (Planted::default(), RefCell::default());
        for secret in [&appservice.as_token, &appservice.hs_token, &key] {
            planted.secret(secret);
        }
        for secret in [PASSWORD, HASH, testkit::user::PASSWORD] {
            planted.secret(secret);
        }
        Ok(Self { homeserver, appservice, admin, config, planted, people, program, binary, tag, operators })
    }

    /// Declares an account with one instance, both of this name, before a start.
    pub fn declare(&mut self, name: &str, plugin: &str, config: &Value) {
        self.config["bots"]["accounts"][name] = json!({ "displayname": format!("Bot {name}") });
        self.config["bots"]["instances"][name] =
            json!({ "plugin": plugin, "account": name, "config": config });
    }

    /// Lets the host serve operators after the next start: [`OPERATOR`] signs in with [`PASSWORD`]. Answers where, as an URL
    /// without a slash at its end.
    pub fn serve_operators(&mut self) -> String {
        self.config["bots"]["admin"] =
            json!({ "listen": self.operators.address(), "users": { OPERATOR: HASH } });
        self.operators.url()
    }

    /// The full id of an account.
    pub fn account(&self, name: &str) -> String {
        self.appservice.ghost_id(name)
    }

    /// One more person, with a name that differs between worlds.
    pub async fn person(&self, name: &str) -> Result<User> {
        let person = self.homeserver.user(&format!("{name}{}", self.tag)).await?.with_patience(LIMIT);
        self.people.borrow_mut().push(person.clone());
        Ok(person)
    }

    /// A room of the admin's with these accounts in it.
    pub async fn room_with(&self, accounts: &[&str]) -> Result<String> {
        let room = self.admin.create_room("a room with bots").await?;
        for name in accounts {
            let user_id = self.account(name);
            self.admin.invite(&room, &user_id).await?;
            self.admin.wait_for_membership(&room, &user_id, "join").await?;
        }
        Ok(room)
    }

    /// What was said in a room by this account, in order.
    pub async fn said_by(&self, room: &str, name: &str) -> Result<Vec<String>> {
        let account = self.account(name);
        let events = self.admin.messages(room).await?;
        let said = events.iter().filter(|event| event.sender == account && event.kind == "m.room.message");
        Ok(said.map(|event| event.body().to_owned()).collect())
    }

    /// Waits until an account has said exactly this in a room.
    pub async fn wait_for_said(&self, room: &str, name: &str, texts: &[&str]) -> Result<()> {
        eventually(LIMIT, format!("{name} to say {texts:?}"), async || {
            let said = self.said_by(room, name).await.map_err(|error| error.to_string())?;
            if said == texts { Ok(()) } else { Err(format!("it said {said:?}")) }
        })
        .await
    }

    /// Has `ctl` carry an order out; fails if it does not.
    pub async fn ctl(&self, order: &[&str]) -> Result<String> {
        let (code, told) = self.verb(&[&["ctl"], order].concat()).await?;
        anyhow::ensure!(code == 0, "ctl {order:?} ended with {code}: {told}");
        Ok(told)
    }

    /// What `ctl` says of an order that it does not carry out.
    pub async fn ctl_refused(&self, order: &[&str]) -> Result<String> {
        let (code, told) = self.verb(&[&["ctl"], order].concat()).await?;
        anyhow::ensure!(code == 1, "ctl {order:?} ended with {code}: {told}");
        Ok(told)
    }

    /// Writes a file that an order can name; answers its path.
    pub fn file(&self, name: &str, text: &str) -> Result<String> {
        Ok(self.program.write(name, text)?.to_string_lossy().into_owned())
    }

    /// Has the host end by SIGKILL, after the next start, when a point is passed.
    pub fn kill_at(&mut self, point: &str) -> Result<()> {
        let nonce = rand::random::<u32>();
        self.program.write("armed", &format!("{nonce} {point} 1"))?;
        let folder = self.program.folder().to_owned();
        self.program.set_env("BRIDGE_FAILPOINTS", folder);
        Ok(())
    }

    /// Waits until it has ended by SIGKILL, and starts it again.
    pub async fn wait_killed_and_start(&mut self) -> Result<()> {
        let code = self.program.wait_exit(PATIENCE).await?;
        anyhow::ensure!(code == -9, "the host ended with {code}, not by SIGKILL\n{}", self.program.tail());
        self.start().await
    }

    /// Starts the host and waits until it serves, and a real Synapse sends it what happens as it happens.
    pub async fn start(&mut self) -> Result<()> {
        self.write_config()?;
        self.program.start()?;
        let url = self.url("/health/ready");
        self.program.wait_ready(&url, PATIENCE).await?;
        Recovery::wait_until_over(Recovery::of(&self.homeserver, &self.appservice).as_ref(), PATIENCE).await
    }

    /// Ends it as a crash does, by SIGKILL.
    pub fn kill9(&mut self) -> Result<()> {
        self.program.kill9()
    }

    /// Ends it in order; fails if it does not end well.
    pub async fn stop(&mut self) -> Result<()> {
        let code = self.program.terminate(PATIENCE).await?;
        anyhow::ensure!(code == 0, "the host ended with exit code {code}\n{}", self.program.tail());
        Ok(())
    }

    /// The program itself.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Runs another verb to its end; answers the exit code and what it wrote.
    pub async fn verb(&self, args: &[&str]) -> Result<(i32, String)> {
        self.write_config()?;
        let config = self.program.folder().join("config.yaml");
        program(&self.binary)?.arg("--config").arg(config).args(args).run(PATIENCE).await
    }

    /// An instance in the health document.
    pub async fn instance(&self, name: &str) -> Result<Value> {
        let health: Value = reqwest::Client::new().get(self.url("/health")).send().await?.json().await?;
        let all = health["own"]["instances"].as_array().context("the health document has no instances")?;
        all.iter()
            .find(|one| one["id"] == name)
            .cloned()
            .with_context(|| format!("no instance {name}: {health}"))
    }

    /// Waits until an instance is in this state.
    pub async fn wait_for_state(&self, name: &str, state: &str) -> Result<Value> {
        eventually(LIMIT, format!("{name} to be {state}"), async || {
            let found = self.instance(name).await.map_err(|error| format!("{error:#}"))?;
            if found["state"] == state { Ok(found) } else { Err(found.to_string()) }
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        let address = self.config["appservice"]["listen"].as_str().unwrap_or_default();
        format!("http://{address}{path}")
    }

    fn write_config(&self) -> Result<PathBuf> {
        let text = serde_yaml::to_string(&self.config).context("the config cannot be written")?;
        self.program.write("config.yaml", &text)
    }
}

fn program(binary: &str) -> Result<Program> {
    match std::env::var_os(PROGRAM_VARIABLE).filter(|_| binary == "bridge-bots") {
        Some(path) => Program::new(PathBuf::from(path)),
        None => Program::of_workspace(binary),
    }
}

/// Runs a scenario about bots in one place. Where the place is not to be had on this machine it says so and does nothing.
///
/// # Panics
/// When the scenario fails, or the host does not end well.
pub async fn run(
    name: &str,
    place: Place,
    binary: &str,
    scenario: impl AsyncFnOnce(&mut Bots) -> Result<()>,
) {
    if !place.is_available_or_skip(name) {
        return;
    }
    let world = Bots::prepare(place, binary).await;
    let mut world = world.unwrap_or_else(|error| panic!("no world for {name}: {error:#}"));
    scenario(&mut world).await.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    if world.program.is_running() {
        world.stop().await.unwrap_or_else(|error| panic!("{name}, at the end: {error:#}"));
    }
    let log = world.program.log();
    for person in world.people.borrow().iter().chain([&world.admin]) {
        world.planted.secret(person.access_token());
        person.said().iter().for_each(|words| world.planted.words(words));
    }
    let is_clean = world.planted.ensure_absent("the host", &log);
    is_clean.unwrap_or_else(|error| panic!("{name}, afterwards: {error:#}"));
    assert!(!log.contains("panicked and ended"), "{name}: a task panicked\n{log}");
}

/// `bots_scenario!(name in worlds)` makes one test per world from `async fn name(&mut Bots) -> Result<()>`, with the program
/// `bridge-bots`; `bots_scenario!(name by "program" in worlds)` with another one. The worlds are those of
/// [`scenario!`](crate::scenario).
#[macro_export]
macro_rules! bots_scenario {
    ($name:ident in $worlds:ident) => {
        $crate::bots_scenario!($name by "bridge-bots" in $worlds);
    };
    ($name:ident by $binary:literal in everywhere) => {
        $crate::bots_scenario!(@tests $name $binary: fake_synapse_sqlite, fake_synapse_postgres,
            fake_continuwuity_sqlite, fake_continuwuity_postgres, synapse_sqlite, synapse_postgres);
    };
    ($name:ident by $binary:literal in fakes) => {
        $crate::bots_scenario!(@tests $name $binary: fake_synapse_sqlite, fake_continuwuity_sqlite,
            fake_continuwuity_postgres);
    };
    ($name:ident by $binary:literal in one) => {
        $crate::bots_scenario!(@tests $name $binary: fake_synapse_sqlite);
    };
    (@tests $name:ident $binary:literal: $($place:ident),+) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $place() {
                    let name = concat!(stringify!($name), " in ", stringify!($place));
                    $crate::bots::run(name, $crate::Place::$place(), $binary, super::$name).await;
                }
            )+
        }
    };
}
