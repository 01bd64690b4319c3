//! A homeserver, a line server, the bridge between them as a black box, and a person.

use std::time::Duration;

use testkit::user::Event;
use testkit::{Appservice, Homeserver, Kind, Program, Result, Slot, User};

use crate::server::LineServer;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) server: LineServer,
    pub(crate) homeserver: Homeserver,
    pub(crate) appservice: Appservice,
    pub(crate) admin: User,
    program: Program,
}

impl World {
    /// A world in which the bridge runs, and nobody has logged in.
    pub(crate) async fn start(kind: Kind) -> Result<Self> {
        let Slot { homeserver, appservice } = Homeserver::lease(kind).await?;
        let server = LineServer::start(&["den", "hall"])?;
        let admin = homeserver.user("admin").await?;
        let program =
            Program::new(env!("CARGO_BIN_EXE_bridge-line"))?.args(["--config", "config.yaml", "run"]);
        program.write("secret.key", &"5e".repeat(32))?;
        program.write("registration.yaml", &appservice.registration_yaml())?;
        let Appservice { id, bot, user_prefix, server_name, port, .. } = &appservice;
        let (url, listen, person) = (homeserver.base_url(), port.address(), admin.user_id());
        let line = server.address();
        let config = format!(
            "homeserver: {{ url: '{url}', name: '{server_name}' }}\n\
             appservice: {{ id: '{id}', bot: '{bot}', user_prefix: '{user_prefix}', listen: '{listen}', \
             registration: registration.yaml }}\n\
             database: {{ url: 'sqlite:bridge.db' }}\n\
             secret: {{ key_file: secret.key }}\n\
             logging: {{ level: 'info,bridge_core=debug' }}\n\
             permissions: {{ '*': relay, '{person}': admin }}\n\
             line: {{ server: '{line}' }}\n"
        );
        program.write("config.yaml", &config)?;
        let mut world = Self { server, homeserver, appservice, admin, program };
        world.start_bridge().await?;
        Ok(world)
    }

    pub(crate) async fn start_bridge(&mut self) -> Result<()> {
        self.program.start()?;
        let url = format!("{}/health/ready", self.appservice.port.url());
        self.program.wait_ready(&url, PATIENCE).await
    }

    /// Ends the bridge by SIGKILL.
    pub(crate) fn kill_bridge(&mut self) -> Result<()> {
        self.program.kill9()
    }

    /// Opens a direct chat with the bot, and logs in there as this user of the line server; answers the chat's room.
    pub(crate) async fn log_in(&self, name: &str) -> Result<String> {
        let bot = self.appservice.bot_id();
        let room = self.admin.create_dm(&bot).await?;
        self.admin.wait_for_membership(&room, &bot, "join").await?;
        self.ask(&room, "login line", "the name you go by").await?;
        self.ask(&room, name, "Logged in").await?;
        self.server.wait_for_listener().await?;
        Ok(room)
    }

    /// Writes a line to the bot, and waits for an answer with this in it.
    pub(crate) async fn ask(&self, room: &str, line: &str, answer: &str) -> Result<Event> {
        self.admin.send_text(room, line).await?;
        self.admin.wait_for_text_with(room, answer).await
    }

    /// Makes a room's portal by a first line of bob, and joins it.
    pub(crate) async fn portal(&self, room: &str) -> Result<String> {
        self.server.say(room, "bob", "the first line");
        let portal = self.admin.join_invite_of(&self.appservice.bot_id()).await?;
        self.admin.wait_for_text(&portal, "the first line").await?;
        Ok(portal)
    }

    /// Ends a scenario: after one more line each way, the portal and the room hold exactly this.
    pub(crate) async fn settle(&self, portal: &str, on_matrix: &[&str], on_line: &[&str]) -> Result<()> {
        self.server.say("den", "bob", "the last line");
        self.admin.wait_for_text(portal, "the last line").await?;
        let mut expected = on_line.to_vec();
        expected.push("bob: the last line");
        self.server.wait_until_said("den", &expected).await?;
        let texts = self.admin.texts(portal).await?;
        let mut expected = on_matrix.to_vec();
        expected.push("the last line");
        anyhow::ensure!(texts == expected, "on Matrix there is {texts:?}, and not {expected:?}");
        Ok(())
    }
}
