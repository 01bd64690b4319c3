//! Bots whose account is elsewhere: on another homeserver, by its own access token.
use anyhow::Context as _;
use reqwest::Method;
use scenarios::{Bots, bots_scenario};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use testkit::user::PASSWORD;
use testkit::{Fake, Homeserver, Kind, Profile, Slot, User, eventually};

use crate::Result;
use crate::bots_import::TABLES;

/// Another homeserver with a person and an account on it.
struct Elsewhere {
    homeserver: Homeserver,
    friend: User,
    bot: User,
}

impl Elsewhere {
    async fn on(homeserver: Homeserver, tag: &str) -> Result<Self> {
        let friend = homeserver.user(&format!("friend{tag}")).await?.with_patience(scenarios::bots::LIMIT);
        let bot = homeserver.user(&format!("bot{tag}")).await?;
        Ok(Self { homeserver, friend, bot })
    }

    async fn fake() -> Result<Self> {
        Self::on(Homeserver::from_fake(Fake::start(Profile::synapse())?), "").await
    }

    /// The config of the account.
    fn declared(&self, world: &Bots, token: &str) -> Result<Value> {
        let file = world.file("token", token)?;
        let (url, user_id) = (self.homeserver.base_url(), self.bot.user_id());
        Ok(json!({ "homeserver": url, "user_id": user_id, "token_file": file }))
    }

    /// A room of the friend's with the account in it.
    async fn room(&self) -> Result<String> {
        let room = self.friend.create_room("elsewhere").await?;
        self.friend.invite(&room, self.bot.user_id()).await?;
        self.friend.wait_for_membership(&room, self.bot.user_id(), "join").await?;
        Ok(room)
    }

    async fn said(&self, room: &str) -> Result<Vec<String>> {
        let events = self.friend.messages(room).await?;
        let said = events
            .iter()
            .filter(|event| event.sender == self.bot.user_id() && event.kind == "m.room.message");
        Ok(said.map(|event| event.body().to_owned()).collect())
    }

    async fn wait_for_said(&self, room: &str, texts: &[&str]) -> Result<()> {
        eventually(scenarios::bots::LIMIT, format!("the bot elsewhere to say {texts:?}"), async || {
            let said = self.said(room).await.map_err(|error| error.to_string())?;
            if said == texts { Ok(()) } else { Err(format!("it said {said:?}")) }
        })
        .await
    }
}

fn declare(world: &mut Bots, elsewhere: &Elsewhere, plugin: &str) -> Result<()> {
    world.config["bots"]["accounts"]["far"] = elsewhere.declared(world, elsewhere.bot.access_token())?;
    world.config["bots"]["instances"]["far"] = json!({ "plugin": plugin, "account": "far" });
    world.config["permissions"]["*"] = "user".into();
    Ok(())
}

async fn wait_for_connection(world: &Bots, state: &str) -> Result<String> {
    eventually(scenarios::bots::LIMIT, format!("the account to be {state}"), async || {
        let shown = world.ctl(&["accounts"]).await.map_err(|error| error.to_string())?;
        if shown.contains(state) { Ok(shown) } else { Err(shown) }
    })
    .await
}

bots_scenario!(a_bot_elsewhere_joins_and_answers_what_comes_from_now_on in fakes);
async fn a_bot_elsewhere_joins_and_answers_what_comes_from_now_on(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    answers(world, &elsewhere).await
}

/// On a real one; the program's own homeserver is the fake.
#[tokio::test]
async fn a_bot_on_a_real_synapse_answers() {
    let name = "a_bot_on_a_real_synapse_answers";
    if !scenarios::Place::synapse_sqlite().is_available_or_skip(name) {
        return;
    }
    scenarios::bots::run(
        name,
        scenarios::Place::fake_synapse_sqlite(),
        "bridge-bots",
        async |world: &mut Bots| {
            let Slot { homeserver, appservice: _unused } = Homeserver::lease(Kind::Synapse).await?;
            let tag = format!("{:08x}", rand::random::<u32>());
            let elsewhere = Elsewhere::on(homeserver, &tag).await?;
            answers(world, &elsewhere).await
        },
    )
    .await;
}

async fn answers(world: &mut Bots, elsewhere: &Elsewhere) -> Result<()> {
    // It is in a room with history, and in one to which it was invited before.
    let old = elsewhere.friend.create_room("older").await?;
    elsewhere.friend.invite(&old, elsewhere.bot.user_id()).await?;
    elsewhere.bot.join(&old).await?;
    elsewhere.friend.send_text(&old, "!hello history").await?;
    let pending = elsewhere.friend.create_room("pending").await?;
    elsewhere.friend.invite(&pending, elsewhere.bot.user_id()).await?;
    declare(world, elsewhere, "hello")?;
    world.declare("near", "hello", &json!({}));
    world.start().await?;
    wait_for_connection(world, ", connected").await?;
    elsewhere.friend.wait_for_membership(&pending, elsewhere.bot.user_id(), "join").await?;
    elsewhere.friend.send_text(&old, "!hello now").await?;
    elsewhere.wait_for_said(&old, &["Hello, now!"]).await?;
    // What was said before it came is history, too.
    let later = elsewhere.friend.create_room("later").await?;
    elsewhere.friend.send_text(&later, "!hello too early").await?;
    elsewhere.friend.invite(&later, elsewhere.bot.user_id()).await?;
    elsewhere.friend.wait_for_membership(&later, elsewhere.bot.user_id(), "join").await?;
    for name in ["one", "two"] {
        elsewhere.friend.send_text(&later, &format!("!hello {name}")).await?;
    }
    elsewhere.wait_for_said(&later, &["Hello, one!", "Hello, two!"]).await?;
    // Our own account is as it was.
    let room = world.room_with(&["near"]).await?;
    world.admin.send_text(&room, "!hello here").await?;
    world.wait_for_said(&room, "near", &["Hello, here!"]).await?;
    assert_eq!(elsewhere.said(&old).await?, ["Hello, now!"]);
    // After a break it goes on where it was, with more than comes in one answer.
    world.stop().await?;
    elsewhere.friend.send_text(&old, "!hello first").await?;
    for number in 0..120 {
        elsewhere.friend.send_text(&old, &format!("line {number}")).await?;
    }
    elsewhere.friend.send_text(&old, "!hello last").await?;
    world.start().await?;
    elsewhere.wait_for_said(&old, &["Hello, now!", "Hello, first!", "Hello, last!"]).await
}

bots_scenario!(a_kill_makes_a_bot_elsewhere_answer_once in one);
async fn a_kill_makes_a_bot_elsewhere_answer_once(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    declare(world, &elsewhere, "hello")?;
    world.start().await?;
    let room = elsewhere.room().await?;
    let mut answers = Vec::new();
    for point in
        ["outside.received", "outside.stored", "bot.handing_on", "bot.handed_on", "bot.sent", "bot.worked"]
    {
        world.stop().await?;
        world.kill_at(point)?;
        elsewhere.friend.send_text(&room, &format!("!hello {point}")).await?;
        world.start().await.ok();
        world.wait_killed_and_start().await.with_context(|| format!("at {point}"))?;
        answers.push(format!("Hello, {point}!"));
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        elsewhere.wait_for_said(&room, &answers).await?;
    }
    Ok(())
}

bots_scenario!(a_token_that_is_taken_back_is_said_and_a_new_one_loses_nothing in one);
async fn a_token_that_is_taken_back_is_said_and_a_new_one_loses_nothing(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    declare(world, &elsewhere, "hello")?;
    world.start().await?;
    let room = elsewhere.room().await?;
    elsewhere.friend.send_text(&room, "!hello before").await?;
    elsewhere.wait_for_said(&room, &["Hello, before!"]).await?;
    elsewhere.bot.request(Method::POST, "/_matrix/client/v3/logout", Some(&json!({}))).await?;
    elsewhere.friend.send_text(&room, "!hello meanwhile").await?;
    let shown = wait_for_connection(world, "signed out").await?;
    assert!(shown.contains("M_UNKNOWN_TOKEN") && shown.contains("write the new token into"), "{shown}");
    let again = User::log_in(elsewhere.homeserver.base_url(), "bot", PASSWORD).await?;
    assert_eq!(again.user_id(), elsewhere.bot.user_id());
    world.file("token", &format!("{}\n", again.access_token()))?;
    elsewhere.wait_for_said(&room, &["Hello, before!", "Hello, meanwhile!"]).await?;
    wait_for_connection(world, ", connected").await.map(drop)
}

bots_scenario!(a_homeserver_elsewhere_may_be_away in one);
async fn a_homeserver_elsewhere_may_be_away(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    let fake = elsewhere.homeserver.fake()?.clone();
    declare(world, &elsewhere, "hello")?;
    fake.stop().await;
    // It starts nevertheless.
    world.start().await?;
    wait_for_connection(world, ", away").await?;
    fake.start_again()?;
    let room = elsewhere.room().await?;
    elsewhere.friend.send_text(&room, "!hello one").await?;
    elsewhere.wait_for_said(&room, &["Hello, one!"]).await?;
    fake.restart().await?;
    elsewhere.friend.send_text(&room, "!hello two").await?;
    elsewhere.wait_for_said(&room, &["Hello, one!", "Hello, two!"]).await
}

bots_scenario!(a_room_that_says_no_more_makes_no_other_wait in one);
async fn a_room_that_says_no_more_makes_no_other_wait(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    declare(world, &elsewhere, "hello")?;
    world.start().await?;
    let (busy, calm) = (elsewhere.room().await?, elsewhere.room().await?);
    elsewhere.friend.send_text(&calm, "!hello before").await?;
    elsewhere.wait_for_said(&calm, &["Hello, before!"]).await?;
    world.stop().await?;
    // More than comes in one answer, and the rest is refused, as to somebody who was banned.
    for number in 0..120 {
        elsewhere.friend.send_text(&busy, &format!("line {number}")).await?;
    }
    elsewhere.friend.send_text(&calm, "!hello after").await?;
    let refused = testkit::Fault::Error(403, "M_FORBIDDEN");
    elsewhere.homeserver.fake()?.fail_next(&format!("GET *{busy}/messages"), refused, usize::MAX);
    world.start().await?;
    elsewhere.wait_for_said(&calm, &["Hello, before!", "Hello, after!"]).await?;
    assert!(world.program().log().contains("what is older was passed over"), "nobody is told of the gap");
    elsewhere.homeserver.fake()?.clear_faults();
    elsewhere.friend.send_text(&busy, "!hello again").await?;
    elsewhere.wait_for_said(&busy, &["Hello, again!"]).await
}

bots_scenario!(an_event_that_two_ways_bring_reaches_each_bot_once in one);
async fn an_event_that_two_ways_bring_reaches_each_bot_once(world: &mut Bots) -> Result<()> {
    // The account elsewhere is a person's on our own homeserver, in a room with an account of ours.
    let person = world.person("outsider").await?;
    let homeserver = Homeserver::from_fake(world.homeserver.fake()?.clone());
    let elsewhere = Elsewhere { homeserver, friend: world.admin.clone(), bot: person };
    declare(world, &elsewhere, "hello")?;
    world.declare("near", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["near"]).await?;
    world.admin.invite(&room, elsewhere.bot.user_id()).await?;
    world.admin.wait_for_membership(&room, elsewhere.bot.user_id(), "join").await?;
    let texts: Vec<String> = (0..10).map(|number| format!("Hello, {number}!")).collect();
    for number in 0..10 {
        world.admin.send_text(&room, &format!("!hello {number}")).await?;
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.wait_for_said(&room, "near", &texts).await?;
    elsewhere.wait_for_said(&room, &texts).await
}

bots_scenario!(a_token_is_tried_before_it_is_stored_and_never_shown in one);
async fn a_token_is_tried_before_it_is_stored_and_never_shown(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    let url = elsewhere.homeserver.base_url().to_owned();
    world.config["permissions"]["*"] = "user".into();
    world.start().await?;
    let wrong = world.file("wrong", "syt_no_such_token")?;
    let token = elsewhere.bot.access_token().to_owned();
    let right = world.file("right", &token)?;
    let other = world.file("other", elsewhere.friend.access_token())?;
    let asking = |homeserver: &str, file: &str| {
        ["account", "far", "--homeserver", homeserver, "--token-file", file].map(str::to_owned).to_vec()
    };
    let refused = async |order: Vec<String>| {
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        world.ctl_refused(&order).await
    };
    let told = refused(asking(&url, &wrong)).await?;
    assert!(told.contains("does not take the token (M_UNKNOWN_TOKEN)"), "{told}");
    let told = refused(asking("http://127.0.0.1:9", &right)).await?;
    assert!(told.contains("cannot be asked whose the token is"), "{told}");
    let told = refused(asking("http://matrix.example", &right)).await?;
    assert!(told.contains("has to be the https address"), "{told}");
    assert!(world.ctl(&["accounts"]).await?.contains("no accounts"));
    let order = asking(&url, &right);
    let order: Vec<&str> = order.iter().map(String::as_str).collect();
    let made = world.ctl(&order).await?;
    assert!(made.contains(elsewhere.bot.user_id()), "{made}");
    // The stored token is sent to its own homeserver only.
    let elsewhere_else = ["account", "far", "--homeserver", "http://127.0.0.1:9"];
    let told = world.ctl_refused(&elsewhere_else).await?;
    assert!(told.contains("needs the access token anew"), "{told}");
    let told = refused(asking(&url, &other)).await?;
    assert!(told.contains("Another account needs another name"), "{told}");
    world.ctl(&["create", "far", "--plugin", "hello", "--account", "far"]).await?;
    let room = elsewhere.room().await?;
    elsewhere.friend.send_text(&room, "!hello stored").await?;
    elsewhere.wait_for_said(&room, &["Hello, stored!"]).await?;
    let shown = world.ctl(&["accounts"]).await? + &world.program().log();
    assert!(!shown.contains(&token) && shown.contains(&url), "the token is shown: {shown}");
    // It is sealed where it is kept, and known after a restart.
    world.stop().await?;
    let file = world.program().folder().join("saved.backup");
    let (code, told) = world.verb(&["backup", file.to_str().unwrap_or_default()]).await?;
    assert_eq!(code, 0, "{told}");
    assert!(!std::fs::read_to_string(file)?.contains(&token), "the token lies open");
    world.start().await?;
    elsewhere.friend.send_text(&room, "!hello again").await?;
    elsewhere.wait_for_said(&room, &["Hello, stored!", "Hello, again!"]).await?;
    let told = world.ctl_refused(&["delete-account", "far"]).await?;
    assert!(told.contains("delete it first"), "{told}");
    world.ctl(&["delete", "far"]).await?;
    world.ctl(&["delete-account", "far"]).await.map(drop)
}

bots_scenario!(an_account_of_a_maubot_goes_on_here_with_its_rooms in one);
async fn an_account_of_a_maubot_goes_on_here_with_its_rooms(world: &mut Bots) -> Result<()> {
    let elsewhere = Elsewhere::fake().await?;
    let room = elsewhere.friend.create_room("of old").await?;
    elsewhere.friend.invite(&room, elsewhere.bot.user_id()).await?;
    elsewhere.bot.join(&room).await?;
    let folder = tempfile::tempdir()?;
    let options =
        SqliteConnectOptions::new().filename(folder.path().join("maubot.db")).create_if_missing(true);
    let mut maubot = SqliteConnection::connect_with(&options).await?;
    for table in TABLES {
        maubot.execute(table).await?;
    }
    for (id, token) in
        [(elsewhere.bot.user_id(), elsewhere.bot.access_token()), ("@gone:hs.test", "syt_gone")]
    {
        sqlx::query("INSERT INTO client VALUES ($1, $2, $3, 'D', TRUE, '', '', TRUE, TRUE, TRUE, 'disable', 'disable')")
            .bind(id)
            .bind(elsewhere.homeserver.base_url())
            .bind(token)
            .execute(&mut maubot)
            .await?;
    }
    sqlx::query("INSERT INTO instance VALUES ('old', 'xyz.maubot.echo', TRUE, $1, '', 'sqlite')")
        .bind(elsewhere.bot.user_id())
        .execute(&mut maubot)
        .await?;
    maubot.close().await?;
    world.config["permissions"]["*"] = "user".into();
    world.start().await?;
    let path = folder.path().to_string_lossy().into_owned();
    let (code, told) = world.verb(&["import-maubot", &path, "--keep-accounts"]).await?;
    for part in [
        &format!(
            "{}, called bot here: taken over, at {}",
            elsewhere.bot.user_id(),
            elsewhere.homeserver.base_url()
        ),
        "@gone:hs.test, called gone here: could not be taken over",
        "2 made, 0 there already, 1 left out.",
    ] {
        // Something was left out.
        assert!(code == 1 && told.contains(part), "{code}, {part}: {told}");
    }
    assert!(!told.contains("syt_"), "no token is shown: {told}");
    wait_for_connection(world, ", connected").await?;
    elsewhere.friend.send_text(&room, "!echo as before").await?;
    elsewhere.wait_for_said(&room, &["as before"]).await?;
    let (code, told) = world.verb(&["import-maubot", &path, "--keep-accounts"]).await?;
    assert!(code == 1 && told.contains("0 made, 2 there already, 1 left out."), "{code}: {told}");
    Ok(())
}
