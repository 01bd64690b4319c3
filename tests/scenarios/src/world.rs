//! A whole small world: homeserver, fake Slack, the bridge between them, and people.
pub mod balancer;
pub mod bridge;
mod choice;
pub mod dam;
pub(crate) mod database;
mod inspect;
mod login;
mod place;
mod rooms;
mod second;
mod talk;
mod watch;

use std::cell::RefCell;
use std::time::Duration;

use fake_slack::{FakeSlack, Options};
use testkit::homeserver::Slot;
use testkit::{Appservice, Fake, Homeserver, User};

pub use balancer::Balancer;
pub use bridge::Bridge;
pub use choice::Choice;
pub use dam::Dam;
pub use place::{Database, Place};
pub use second::{Second, TAKE_OVER};
pub use talk::after;

use crate::{Planted, Recovery, Result};
use bridge::Surroundings;

/// How long anything may take before a scenario gives up.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Everything a scenario acts in. The bridge is configured and not started; [`World::log_in`] starts it.
#[derive(Debug)]
pub struct World {
    /// The Slack side.
    pub slack: FakeSlack,
    /// The Matrix side; a real Synapse is shared with other scenarios.
    pub homeserver: Homeserver,
    /// The bridge's names and tokens on the homeserver.
    pub appservice: Appservice,
    /// A person who may do everything.
    pub admin: User,
    /// The bridge.
    pub bridge: Bridge,
    /// Names of people must differ between worlds, since they may share a homeserver.
    tag: String,
    /// What must not be in the bridge's log: secrets, and what people said.
    planted: Planted,
    /// Everybody on Matrix, for what they said.
    people: RefCell<Vec<User>>,
    /// Parts of log lines above `info` that belong to this scenario.
    expected: RefCell<Vec<String>>,
    /// Whether Slack may wait for acknowledgements at the end.
    may_be_unacknowledged: bool,
}

impl World {
    /// Makes the world; only the bridge does not run yet.
    pub async fn prepare(place: Place) -> Result<Self> {
        Self::in_slot(Homeserver::lease(place.homeserver).await?, place.database).await
    }

    /// Like [`World::prepare`], with a homeserver that no other world uses.
    pub async fn prepare_alone(place: Place) -> Result<Self> {
        Self::in_slot(Homeserver::lease_alone(place.homeserver).await?, place.database).await
    }

    async fn in_slot(slot: Slot, database: Database) -> Result<Self> {
        let tag = format!("{:08x}", rand::random::<u32>());
        let admin = slot.homeserver.user(&format!("admin{tag}")).await?;
        Ok(Self { tag, ..Self::around(slot, admin, database)? })
    }

    /// A world of parts that are there already.
    pub fn around(slot: Slot, admin: User, database: Database) -> Result<Self> {
        // Slack's own pauses between attempts are minutes; what is tested is that a later attempt is enough.
        let retry_delays =
            [0, 200, 300, 500, 1_000, 2_000, 4_000, 8_000, 16_000].map(Duration::from_millis).to_vec();
        let slack = FakeSlack::start(Options { retry_delays, ..Options::default() })?;
        let Slot { homeserver, appservice } = slot;
        let bridge = Bridge::new(Surroundings {
            homeserver_url: homeserver.base_url(),
            appservice: &appservice,
            database_url: &database::fresh(database)?,
            slack_api_url: &slack.api_url(),
            admin: admin.user_id(),
            recovery: Recovery::of(&homeserver, &appservice),
        })?;
        Ok(Self {
            planted: Planted::default(),
            people: RefCell::default(),
            expected: RefCell::default(),
            may_be_unacknowledged: false,
            slack,
            homeserver,
            appservice,
            admin,
            bridge,
            tag: String::new(),
        })
    }

    /// One more person, with a name that differs between worlds.
    pub async fn person(&self, name: &str) -> Result<User> {
        let person = self.homeserver.user(&format!("{name}{}", self.tag)).await?;
        self.people.borrow_mut().push(person.clone());
        Ok(person)
    }

    /// The fake homeserver, for faults; a scenario that uses it is mounted `in fakes`.
    pub fn fake(&self) -> &Fake {
        self.homeserver.fake().expect("scenarios with faults of the homeserver are mounted in fakes")
    }

    /// The bot's id.
    pub fn bot_id(&self) -> String {
        self.appservice.bot_id()
    }

    /// The id of the ghost of a Slack user, given by `U…`.
    pub fn ghost_id(&self, slack_user_id: &str) -> String {
        let team = self.slack.team_id().to_lowercase();
        self.appservice.ghost_id(&format!("{team}-{}", slack_user_id.to_lowercase()))
    }

    /// Ends the bridge by SIGKILL and starts it again.
    pub async fn crash_and_restart(&mut self) -> Result<()> {
        self.bridge.kill9()?;
        self.bridge.start().await
    }
}
