//! Bots answer in the rooms that they were invited to.
use serde_json::json;

use scenarios::{Bots, bots_scenario};

use testkit::eventually;

use crate::Result;

bots_scenario!(a_declared_bot_joins_and_answers in everywhere);
async fn a_declared_bot_joins_and_answers(world: &mut Bots) -> Result<()> {
    world.declare("greeter", "hello", &json!({}));
    world.start().await?;
    let room = world.room_with(&["greeter"]).await?;
    eventually(scenarios::bots::LIMIT, "the account to have its name", async || {
        let profile =
            world.admin.profile(&world.account("greeter")).await.map_err(|error| error.to_string())?;
        if profile["displayname"] == "Bot greeter" { Ok(()) } else { Err(profile.to_string()) }
    })
    .await?;
    let asked = world.admin.send_text(&room, "!hello Bob").await?;
    let answer = world.admin.wait_for_text(&room, "Hello, Bob!").await?;
    assert_eq!(
        (answer.sender.as_str(), answer.reply_to()),
        (&*world.account("greeter"), Some(asked.as_str()))
    );
    assert_eq!(answer.content["msgtype"], "m.notice");
    world.admin.send_text(&room, "nobody is asked").await?;
    world.admin.send_text(&room, "!hello").await?;
    let own_name = world.admin.user_id().trim_start_matches('@').split(':').next().unwrap_or_default();
    world.wait_for_said(&room, "greeter", &["Hello, Bob!", &format!("Hello, {own_name}!")]).await?;
    let shown = world.wait_for_state("greeter", "running").await?;
    assert!(shown["last_ok_at"].is_number() && shown["restarts"] == 0, "{shown}");
    Ok(())
}

bots_scenario!(invitations_are_taken_from_those_who_may_invite in fakes);
async fn invitations_are_taken_from_those_who_may_invite(world: &mut Bots) -> Result<()> {
    world.declare("open", "hello", &json!({}));
    world.declare("closed", "hello", &json!({}));
    world.config["bots"]["accounts"]["closed"]["autojoin"] = false.into();
    let stranger = world.person("stranger").await?;
    world.config["permissions"][stranger.user_id()] = "relay".into();
    let friend = world.person("friend").await?;
    world.start().await?;
    for (person, name, membership) in [
        (&friend, "open", "join"),
        (&friend, "closed", "leave"),
        (&stranger, "open", "leave"),
        (&world.admin, "closed", "join"),
        (&world.admin, "nobody", "leave"),
    ] {
        let room = person.create_room("a room").await?;
        let account = world.account(name);
        person.invite(&room, &account).await?;
        person.wait_for_membership(&room, &account, membership).await?;
    }
    Ok(())
}

bots_scenario!(bots_answer_neither_each_other_nor_themselves in fakes);
async fn bots_answer_neither_each_other_nor_themselves(world: &mut Bots) -> Result<()> {
    // Its greeting is a command of its own and of the other's.
    world.declare("one", "hello", &json!({ "greeting": "!hello {name}" }));
    world.declare("two", "hello", &json!({ "greeting": "!hello {name}" }));
    world.start().await?;
    let room = world.room_with(&["one", "two"]).await?;
    world.admin.send_text(&room, "!hello A").await?;
    world.admin.send(&room, "m.room.message", &json!({ "msgtype": "m.notice", "body": "!hello B" })).await?;
    world.admin.send_text(&room, "!hello C").await?;
    for name in ["one", "two"] {
        world.wait_for_said(&room, name, &["!hello A", "!hello C"]).await?;
    }
    // Whatever they made of each other's words would have come before this.
    world.admin.send_text(&room, "!hello D").await?;
    for name in ["one", "two"] {
        world.wait_for_said(&room, name, &["!hello A", "!hello C", "!hello D"]).await?;
    }
    Ok(())
}

bots_scenario!(mistakes_in_the_file_are_named_together in one);
async fn mistakes_in_the_file_are_named_together(world: &mut Bots) -> Result<()> {
    world.declare("greeter", "hello", &json!({ "greating": "x" }));
    world.declare("other", "helo", &json!({}));
    world.config["bots"]["instances"]["lost"] = json!({ "plugin": "hello", "account": "nobody" });
    for verb in ["run", "check"] {
        let (code, told) = world.verb(&[verb]).await?;
        assert_eq!(code, 1, "{told}");
        for part in [
            "bots.instances.greeter.config: there is no key `greating`",
            "bots.instances.other.plugin: there is no plugin helo",
            "bots.instances.lost.account: there is no account nobody",
        ] {
            assert!(told.contains(part), "{part} is not in: {told}");
        }
    }
    Ok(())
}
