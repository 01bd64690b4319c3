//! What people on Slack ask the bridge for, in chats of all kinds.
use crate::{Result, World, scenario};

/// Types `/matrix …` and waits for the answer.
async fn ask(world: &World, user: &str, channel: &str, line: &str) -> Result<String> {
    let id = world.slack.slash_as(user, channel, "/matrix", line)?;
    let answer = world.on_slack("the answer", |slack| slack.slash_answers(&id).into_iter().next()).await?;
    Ok(format!("{answer:?}"))
}

fn has(answer: &str, part: &str) {
    assert!(answer.contains(part), "{part:?} is not in {answer}");
}

scenario!(it_says_why_there_is_no_room in each_homeserver);
async fn it_says_why_there_is_no_room(world: &mut World) -> Result<()> {
    world.log_in().await?;
    has(&ask(world, "alice", "random", "who").await?, "made with the first message");
    has(&ask(world, "alice", "random", "help").await?, "invite @name:server");
    let outside = world.slack.create_channel("alice", "outside", false)?;
    let closed = world.slack.create_channel("alice", "closed", true)?;
    let among_people = world.slack.open_conversation(&["alice", "bob"])?;
    for chat in [&outside, &closed, &among_people] {
        has(&ask(world, "alice", chat, "link").await?, "app is not in this chat");
    }
    let direct = world.slack.dm("alice")?;
    has(&ask(world, "alice", &direct, "who").await?, "made with the first message");
    Ok(())
}

scenario!(it_answers_in_a_direct_chat in each_homeserver);
async fn it_answers_in_a_direct_chat(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let direct = world.slack.dm("alice")?;
    world.slack_says("alice", &direct, "a word with the bridge")?;
    let invite = world.admin.wait_for_invite(|invite| invite.name.as_deref() == Some("alice")).await?;
    world.admin.join(&invite.room_id).await?;
    has(&ask(world, "alice", &direct, "who").await?, world.admin.user_id());
    has(&ask(world, "alice", &direct, "link").await?, "matrix.to");
    has(&ask(world, "alice", &direct, "invite ada").await?, "full Matrix id");
    let ghost = world.ghost_id("U0ALICE001");
    has(&ask(world, "alice", &direct, &format!("invite {ghost}")).await?, "own users");
    let ada = world.person("ada").await?;
    has(&ask(world, "alice", &direct, &format!("invite {}", ada.user_id())).await?, "is invited");
    ada.wait_for_invite(|other| other.room_id == invite.room_id).await?;
    Ok(())
}
