//! Threads and answers, both ways.
use anyhow::Context as _;

use crate::{Result, World, scenario};

scenario!(a_thread_on_slack_is_a_thread_on_matrix in everywhere);
async fn a_thread_on_slack_is_a_thread_on_matrix(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "the beginning")?;
    let beginning = world.admin.wait_for_text(&room, "the beginning").await?;
    world.plant("a reply below it");
    world.slack.reply_as("bob", "general", &ts, "a reply below it")?;
    let reply = world.admin.wait_for_text(&room, "a reply below it").await?;
    assert_eq!(reply.thread(), Some(beginning.event_id.as_str()));
    world.plant("also in the channel");
    world.slack.broadcast_as("bob", "general", &ts, "also in the channel")?;
    let is_outside =
        |event: &testkit::user::Event| event.body() == "also in the channel" && event.thread().is_none();
    let outside = world.admin.wait_for_event(&room, "the showing outside", is_outside).await?;
    assert_eq!(outside.reply_to(), Some(beginning.event_id.as_str()));
    Ok(())
}

scenario!(a_reply_is_sent_to_the_channel_later in each_homeserver);
async fn a_reply_is_sent_to_the_channel_later(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "where it began")?;
    let beginning = world.admin.wait_for_text(&room, "where it began").await?.event_id;
    world.plant("a quiet reply");
    let reply = world.slack.reply_as("bob", "general", &ts, "a quiet reply")?;
    let quiet = world.admin.wait_for_text(&room, "a quiet reply").await?;
    assert_eq!(quiet.thread(), Some(beginning.as_str()));
    world.slack.broadcast_later("general", &reply)?;
    let is_outside =
        |event: &testkit::user::Event| event.body() == "a quiet reply" && event.thread().is_none();
    let outside = world.admin.wait_for_event(&room, "the showing outside", is_outside).await?;
    assert_eq!((outside.reply_to(), &outside.sender), (Some(beginning.as_str()), &quiet.sender));
    // Told again, it is shown no second time, and it is no edit.
    world.slack.broadcast_later("general", &reply)?;
    world.settle("general", &room).await?;
    let shown = world.admin.messages(&room).await?;
    assert_eq!(shown.iter().filter(|event| event.body() == "a quiet reply").count(), 2);
    assert!(shown.iter().all(|event| event.replaces().is_none()), "it is an edit");
    // From now on both follow.
    world.plant("a loud reply");
    world.slack.edit("general", &reply, "a loud reply")?;
    for event in [&quiet, &outside] {
        let edit = world.admin.wait_for_edit(&room, &event.event_id).await?;
        assert_eq!(edit.content["m.new_content"]["body"], "a loud reply");
    }
    world.slack.delete("general", &reply)?;
    for event in [&quiet, &outside] {
        world.admin.wait_for_redaction(&room, &event.event_id).await?;
    }
    Ok(())
}

scenario!(a_thread_on_matrix_is_a_thread_on_slack in everywhere);
async fn a_thread_on_matrix_is_a_thread_on_slack(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "a question")?;
    let beginning = world.admin.wait_for_text(&room, "a question").await?;
    world.plant("an answer in the thread");
    world.admin.send_in_thread(&room, &beginning.event_id, "an answer in the thread").await?;
    let message = world.wait_on_slack("general", "an answer in the thread").await?;
    assert_eq!(message["thread_ts"], ts);
    world.plant("one more");
    world.slack.reply_as("bob", "general", &ts, "one more")?;
    let more = world.admin.wait_for_text(&room, "one more").await?;
    assert_eq!(more.thread(), Some(beginning.event_id.as_str()));
    Ok(())
}

scenario!(a_reply_to_what_was_never_shown_brings_its_beginning in everywhere);
async fn a_reply_to_what_was_never_shown_brings_its_beginning(world: &mut World) -> Result<()> {
    let ts = world.slack_says("alice", "general", "from before the bridge")?;
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.plant("years later");
    world.slack.reply_as("bob", "general", &ts, "years later")?;
    let reply = world.admin.wait_for_text(&room, "years later").await?;
    let beginning = reply.thread().context("it stands in no thread")?;
    let beginning = world.admin.event(&room, beginning).await?;
    assert_eq!(beginning.body(), "from before the bridge");
    assert_eq!(beginning.sender, world.ghost_id("U0ALICE001"));
    Ok(())
}

scenario!(a_reply_to_what_slack_never_got_goes_out_by_itself in each_homeserver);
async fn a_reply_to_what_slack_never_got_goes_out_by_itself(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    // A command and its answer are for the room only.
    let asked = world.admin.send_text(&room, "!slack ping").await?;
    let answer = world.answer_to(&world.admin, &room, &asked, "").await?.event_id;
    for (event, relation) in [(&asked, "reply"), (&answer, "reply"), (&asked, "thread"), (&answer, "thread")]
    {
        let text = format!("a {relation} about {}", if event == &asked { "a command" } else { "an answer" });
        world.plant(&text);
        // As older programs write it, with what is answered in front.
        let body = format!("> <{}> !slack ping\n\n{text}", world.admin.user_id());
        let relates_to = match relation {
            "reply" => serde_json::json!({ "m.in_reply_to": { "event_id": event } }),
            _ => serde_json::json!({
                "rel_type": "m.thread", "event_id": event, "is_falling_back": true, "m.in_reply_to": { "event_id": event },
            }),
        };
        let content = serde_json::json!({ "msgtype": "m.text", "body": body, "m.relates_to": relates_to });
        world.admin.send(&room, "m.room.message", &content).await?;
        let message = world.wait_on_slack("general", &text).await?;
        assert!(message["thread_ts"].is_null(), "{message}");
    }
    Ok(())
}

scenario!(a_beginning_comes_with_its_reactions in each_homeserver);
async fn a_beginning_comes_with_its_reactions(world: &mut World) -> Result<()> {
    world.log_in().await?;
    // Nobody tells the app what happens in a channel that it is not in.
    world.slack.create_channel("alice", "attic", false)?;
    world.slack.join("carol", "attic")?;
    let ts = world.slack_says("alice", "attic", "an old chest")?;
    world.slack.react_as("carol", "attic", &ts, "eyes")?;
    world.slack.invite("alice", &world.slack.app().bot_user_id, "attic")?;
    let room = world.portal("attic").await?;
    world.plant("what is in it?");
    world.slack.reply_as("carol", "attic", &ts, "what is in it?")?;
    let reply = world.admin.wait_for_text(&room, "what is in it?").await?;
    let beginning = reply.thread().context("it stands in no thread")?;
    let reaction = world.admin.wait_for_reaction(&room, beginning, "👀").await?;
    assert_eq!(reaction.sender, world.ghost_id("U0CAROL001"));
    world.slack.unreact_as("carol", "attic", &ts, "eyes")?;
    world.admin.wait_for_redaction(&room, &reaction.event_id).await?;
    Ok(())
}

scenario!(an_answer_on_matrix_quotes in each_homeserver);
async fn an_answer_on_matrix_quotes(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "what shall we eat?")?;
    let asked = world.admin.wait_for_text(&room, "what shall we eat?").await?;
    world.plant("noodles, please");
    world.admin.reply(&room, &asked.event_id, "noodles, please").await?;
    let message = world
        .on_slack("the answer", |slack| {
            let is_it = |text: &str| text.contains("noodles, please");
            slack.messages("general").into_iter().find(|message| message["text"].as_str().is_some_and(is_it))
        })
        .await?;
    assert!(message["thread_ts"].is_null(), "an answer is no thread by default");
    let shown = message.to_string();
    assert!(shown.contains(&ts) || shown.contains(&ts.replace('.', "")) || shown.contains("eat"), "{shown}");
    Ok(())
}

scenario!(an_answer_to_the_beginning_goes_to_the_channel_too in each_homeserver);
async fn an_answer_to_the_beginning_goes_to_the_channel_too(world: &mut World) -> Result<()> {
    world.bridge.config["slack"]["replies"] = "broadcast".into();
    world.log_in().await?;
    let room = world.portal("general").await?;
    let ts = world.slack_says("alice", "general", "shall we meet?")?;
    let beginning = world.admin.wait_for_text(&room, "shall we meet?").await?.event_id;
    world.plant("said in the thread only");
    world.admin.send_in_thread(&room, &beginning, "said in the thread only").await?;
    world.plant("said to everybody");
    let content = serde_json::json!({
        "msgtype": "m.text", "body": "said to everybody",
        "m.relates_to": {
            "rel_type": "m.thread", "event_id": beginning, "is_falling_back": false,
            "m.in_reply_to": { "event_id": beginning },
        },
    });
    world.admin.send(&room, "m.room.message", &content).await?;
    world.plant("said outside of threads");
    world.admin.reply(&room, &beginning, "said outside of threads").await?;
    for (text, is_outside) in
        [("said in the thread only", false), ("said to everybody", true), ("said outside of threads", true)]
    {
        let message = world.wait_on_slack("general", text).await?;
        assert_eq!(message["thread_ts"], ts, "{text}");
        assert_eq!(message["subtype"] == "thread_broadcast", is_outside, "{message}");
    }
    world.settle("general", &room).await?;
    for text in ["said in the thread only", "said to everybody", "said outside of threads"] {
        world.ensure_once(&room, text).await?;
    }
    Ok(())
}
