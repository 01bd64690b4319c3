//! The workspace every start begins with: a team, three people, three channels, one app.
use std::collections::{BTreeMap, HashMap};

use super::user::person;
use super::{Channel, Kind, State, Team};
use crate::clock::Clock;

impl State {
    /// The default workspace.
    pub(crate) fn seeded(base_url: &str) -> Self {
        let team =
            Team { id: "T0FAKE00001".into(), name: "Fake Workspace".into(), domain: "fake-workspace".into() };
        let mut state = Self {
            clock: Clock::default(),
            base_url: base_url.to_owned(),
            team,
            foreign_teams: BTreeMap::new(),
            users: BTreeMap::new(),
            channels: BTreeMap::new(),
            apps: BTreeMap::new(),
            grants: HashMap::new(),
            emoji: BTreeMap::new(),
            usergroups: Vec::new(),
            ephemeral: Vec::new(),
            files: BTreeMap::new(),
            uploads: HashMap::new(),
            slow_shares: 0,
            held_shares: None,
            slash_commands: Vec::new(),
            said: Vec::new(),
            reply_noise: true,
        };
        let people = [
            ("USLACKBOT", "slackbot", "Slackbot"),
            ("U0ALICE001", "alice", "Alice Archer"),
            ("U0BOB00001", "bob", "Bob Baker"),
            ("U0CAROL001", "carol", "Carol Cook"),
        ];
        for (id, name, real_name) in people {
            state.users.insert(id.to_owned(), person(id, name, real_name));
        }
        if let Some(alice) = state.users.get_mut("U0ALICE001") {
            alice.is_admin = true;
        }
        let app_id = state.install_app(1, "Matrix Bridge");
        let bot = state.apps.get(&app_id).map(|app| app.bot_user_id.clone()).unwrap_or_default();
        let channels = [
            ("C0GENERAL1", Kind::Public, "general"),
            ("C0RANDOM01", Kind::Public, "random"),
            ("C0SECRET01", Kind::Private, "secret-plans"),
        ];
        for (id, kind, name) in channels {
            let mut channel = Channel::new(id, kind, name, "U0ALICE001");
            channel.general = name == "general";
            let members = ["U0ALICE001", "U0BOB00001", "U0CAROL001", bot.as_str()];
            channel.members.extend(members.map(str::to_owned));
            state.channels.insert(id.to_owned(), channel);
        }
        let parrot = format!("{base_url}/avatars/party_parrot-64.png");
        state.emoji.insert("party_parrot".to_owned(), parrot);
        state.emoji.insert("partyparrot".to_owned(), "alias:party_parrot".to_owned());
        state
    }
}
