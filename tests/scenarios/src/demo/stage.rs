//! What the demo plays on: a Synapse of its own, or a homeserver that runs already.
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result as AnyResult};
use serde_json::json;
use testkit::homeserver::{Slot, fake::SERVER_NAME};
use testkit::{Appservice, Homeserver, Kind, User, user};

use super::Options;
use super::transcript::Transcript;
use crate::{Database, Result, World};

/// The account in the demo's own homeserver.
const VISITOR: &str = "visitor";
/// Where the bridge listens when the homeserver is not the demo's own: the default of its config.
const LISTEN: &str = "127.0.0.1:29400";
/// How often is asked whether the homeserver knows the bridge now.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Which homeserver, and which account on it.
#[derive(Debug)]
pub(super) enum Stage {
    Own,
    Outside { url: String, user: String, password: String },
}

impl Stage {
    pub(super) fn choose(options: &Options) -> Result<Self> {
        let Some(url) = &options.homeserver else { return Ok(Self::Own) };
        let user = options.user.clone().context("--homeserver needs --user")?;
        let user = user.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned();
        let password = options.password.clone().context("--homeserver needs --password")?;
        Ok(Self::Outside { url: url.trim_end_matches('/').to_owned(), user, password })
    }

    /// Starts everything but the bridge.
    pub(super) async fn build(&self, transcript: &Transcript) -> Result<World> {
        match self {
            Self::Own => own(transcript).await,
            Self::Outside { url, user, password } => {
                transcript.say(&format!("Logging in to {url} as {user} …"));
                outside(url, user, password).await
            }
        }
    }

    /// Gives a homeserver that is not ours the registration, through its administrator, and waits until it has it.
    pub(super) async fn make_known(&self, world: &mut World, transcript: &Transcript) -> Result<()> {
        let Self::Outside { url, .. } = self else { return Ok(()) };
        transcript.show(&registration_forms(world).await?);
        transcript.say(&format!("Waiting until {url} knows the bridge. Ctrl-C ends the demo."));
        let mut asking = tokio::time::interval(ASK_EVERY);
        let mut last = String::new();
        loop {
            asking.tick().await;
            let (code, output) = world.bridge.verb(&["check"]).await?;
            if code == 0 {
                transcript.say("The homeserver and the bridge know each other.");
                return Ok(());
            }
            let reason = output.lines().last().unwrap_or_default().to_owned();
            if reason != last {
                transcript.say(&format!("Not yet: {reason}"));
                last = reason;
            }
        }
    }

    /// What is left to do for whoever gave us a homeserver.
    pub(super) fn say_farewell(&self, transcript: &Transcript) {
        if let Self::Outside { url, .. } = self {
            transcript.say(&format!(
                "The demo's registration is gone. Take it out of the config of {url} again: a Synapse does not start where a \
                 registration file is missing."
            ));
        }
    }

    /// Where to look and what to join with.
    pub(super) fn tell_addresses(&self, world: &World, transcript: &Transcript) {
        let password = match self {
            Self::Own => user::PASSWORD,
            Self::Outside { .. } => "(yours)",
        };
        let app = world.slack.app();
        transcript.show(&format!(
            "\n  Join in with any Matrix client:\n    homeserver  {}\n    user        {}\n    password    {password}\n\
             \n  Join in on Slack, with a browser:\n    {}\n\n  The Slack app's tokens, for a login of your own:\n    \
             login app {} {}\n\n  What is said on either side is shown below. Ctrl-C stops everything.\n",
            world.homeserver.base_url(),
            world.admin.user_id(),
            world.slack.web_url(),
            app.bot_token,
            app.app_token,
        ));
    }
}

async fn own(transcript: &Transcript) -> Result<World> {
    transcript.say("Starting a Synapse, a Slack workspace and the bridge between them …");
    let appservice = named(SERVER_NAME)?;
    let homeserver = Homeserver::start_with(Kind::Synapse, &[&appservice.registration_yaml()]).await?;
    let visitor = homeserver.user(VISITOR).await?;
    visitor.set_display_name("Visitor").await?;
    let mut world = World::around(Slot { homeserver, appservice }, visitor, Database::Sqlite)?;
    world.bridge.config["logging"]["level"] = json!("info");
    Ok(world)
}

async fn outside(url: &str, name: &str, password: &str) -> Result<World> {
    let person = User::log_in(url, name, password).await?;
    let (scheme, place) =
        url.split_once("://").context("The homeserver's address begins with http:// or https://")?;
    let with_account = format!("{scheme}://{}:{}@{place}", escaped(name), escaped(password));
    let homeserver: AnyResult<Homeserver> = Homeserver::start(Kind::Url(with_account)).await;
    let homeserver = homeserver?;
    let appservice = named(homeserver.server_name())?;
    let mut world = World::around(Slot { homeserver, appservice }, person, Database::Sqlite)?;
    world.bridge.config["logging"]["level"] = json!("info");
    world.bridge.config["appservice"]["listen"] = json!(LISTEN);
    Ok(world)
}

/// The names that the bridge's own example config has.
fn named(server_name: &str) -> Result<Appservice> {
    let fresh = Appservice::new(server_name)?;
    Ok(Appservice { id: "slack".into(), bot: "slackbot".into(), user_prefix: "slack_".into(), ..fresh })
}

/// Writes the registration with the bridge's own verb; answers it in the form of each homeserver family.
async fn registration_forms(world: &World) -> Result<String> {
    std::fs::remove_file(world.bridge.folder().join("registration.yaml"))?;
    let mut text = String::new();
    for (form, heading) in [
        ("file", "For Synapse, and tuwunel's appservice_dir"),
        ("admin", "For the conduwuit family: a message to its admin room"),
        ("tuwunel", "For tuwunel's own configuration file"),
    ] {
        let (code, output) = world.bridge.verb(&["registration", "--form", form]).await?;
        anyhow::ensure!(code == 0, "the registration could not be written: {output}");
        writeln!(text, "\n── {heading} ──\n{}", output.trim_end())?;
    }
    let file = std::fs::read_to_string(world.bridge.folder().join("registration.yaml"))?;
    write!(text, "\n── The file itself ──\n{file}")?;
    Ok(text)
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
