//! Logging in by chat: good, wrong, cancelled, and what becomes of the tokens.
use fake_slack::DisconnectReason;
use testkit::eventually;

use crate::{Result, World, scenario};

scenario!(login_by_question_and_answer in everywhere);
async fn login_by_question_and_answer(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    world.ask(&room, "list-logins", "t0fake00001").await?;
    world.ask(&room, "logout", "Logged out").await?;
    let gone = world
        .slack
        .wait_until(scenarios::world::LIMIT, |slack| slack.sockets().is_empty().then_some(()))
        .await;
    assert!(gone.is_some(), "after the logout a socket is still open");
    world.ask(&room, "list-logins", "no login").await?;
    Ok(())
}

scenario!(login_in_one_line in each_homeserver);
async fn login_in_one_line(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let app = world.slack.app();
    world.ask(&room, &format!("login app {} {}", app.bot_token, app.app_token), "Logged in").await?;
    world.wait_for_socket().await?;
    world.portal("general").await?;
    Ok(())
}

scenario!(login_from_the_shell in fakes);
async fn login_from_the_shell(world: &mut World) -> Result<()> {
    let app = world.slack.app();
    for (args, said) in [
        (vec!["--owner", "ada"], "no Matrix id"),
        (vec!["--owner", "@eve:elsewhere.test"], "permission level `relay`"),
        (vec!["--bot-tokn", "x"], "asks for no --bot-tokn"),
    ] {
        let (code, output) = world.bridge.verb(&[&["login", "app"], &args[..]].concat()).await?;
        assert!(code == 1 && output.contains(said), "{args:?}: {output}");
        assert!(!output.contains("xoxb"), "{args:?} was noticed behind a question: {output}");
    }
    let owner = world.admin.user_id().to_owned();
    let erin = world.person("erin").await?.user_id().to_owned();
    world.bridge.config["permissions"][&erin] = "user".into();
    for (owner, before) in [(&erin, None), (&owner, Some(&erin))] {
        let args =
            ["login", "app", "--bot-token", &app.bot_token, "--app-token", &app.app_token, "--owner", owner];
        let (code, said) = world.bridge.verb(&args).await?;
        assert_eq!(code, 0, "{said}");
        assert!(!said.contains(&app.bot_token) && !said.contains(&app.app_token), "{said}");
        let change = before.map(|before| format!("the login of {before}; now it is that of {owner}"));
        assert_eq!(said.contains("Until now"), change.is_some(), "{said}");
        assert!(change.is_none_or(|change| said.contains(&change)), "{said}");
    }
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.portal("general").await?;
    Ok(())
}

scenario!(a_login_lasts_over_a_restart in everywhere);
async fn a_login_lasts_over_a_restart(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.bridge.stop().await?;
    world.bridge.start().await?;
    world.wait_for_socket().await?;
    world.slack_says("bob", "general", "good morning again")?;
    world.admin.wait_for_text(&room, "good morning again").await?;
    Ok(())
}

scenario!(tokens_are_redacted in fakes);
async fn tokens_are_redacted(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    // A room in which the bot has the power to remove what others say, as it has in the chats it makes itself.
    let bot = world.bot_id();
    let body = serde_json::json!({
        "preset": "private_chat", "is_direct": true, "invite": [bot], "room_version": "11",
        "power_level_content_override": { "users": { world.admin.user_id(): 100, bot.as_str(): 100 } },
    });
    let room = world.admin.create_room_with(body).await?;
    world.admin.wait_for_text_with(&room, "help").await?;
    world.ask(&room, "login app", "xoxb-").await?;
    let app = world.slack.app();
    let mut secrets = Vec::new();
    for (token, answer) in [(&app.bot_token, "xapp-"), (&app.app_token, "Logged in")] {
        let event_id = world.admin.send_text(&room, token).await?;
        world.answer_to(&world.admin, &room, &event_id, answer).await?;
        secrets.push(event_id);
    }
    let line = format!("login app {} {}", app.bot_token, app.app_token);
    let event_id = world.admin.send_text(&room, &line).await?;
    world.answer_to(&world.admin, &room, &event_id, "Logged in").await?;
    secrets.push(event_id);
    for event_id in &secrets {
        world.admin.wait_for_redaction(&room, event_id).await?;
    }
    eventually(scenarios::world::LIMIT, "no token to be left in the chat", async || {
        let left: Vec<String> =
            world.admin.messages(&room).await?.iter().map(|event| event.content.to_string()).collect();
        anyhow::ensure!(!left.iter().any(|text| text.contains(&app.bot_token)), "the bot token is there");
        anyhow::ensure!(!left.iter().any(|text| text.contains(&app.app_token)), "the app token is there");
        Ok(())
    })
    .await
}

scenario!(a_token_in_the_wrong_place_is_removed_or_named in each_homeserver);
async fn a_token_in_the_wrong_place_is_removed_or_named(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let stray = world.admin.send_text(&room, &world.slack.app().bot_token).await?;
    world.answer_to(&world.admin, &room, &stray, "no such command").await?;
    Ok(())
}

scenario!(wrong_tokens_are_refused_in_sentences in everywhere);
async fn wrong_tokens_are_refused_in_sentences(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let app = world.slack.app();
    // Put together here so that no scanner takes this file for a leak.
    let unknown_bot = format!("xoxb-{}", "0-never-given-out");
    let unknown_app = format!("xapp-{}", "1-never-given-out");
    let person = format!("xoxp-{}", "1-of-a-person");
    for token in [&unknown_bot, &unknown_app, &person] {
        world.plant(token);
    }
    let (bot, app_token) = (&app.bot_token, &app.app_token);
    for (first, second, answer) in [
        (&unknown_bot, app_token, "does not know the bot token"),
        (bot, &unknown_app, "app-level token"),
        (app_token, bot, "This is the app-level token"),
        (&person, app_token, "speaks as a person"),
    ] {
        world.ask(&room, &format!("login app {first} {second}"), answer).await?;
        assert!(world.slack.sockets().is_empty(), "a refused login has a socket");
    }
    // By question and answer the bot keeps asking until the answer fits.
    world.ask(&room, "login app", "xoxb-").await?;
    world.ask(&room, app_token, "This is the app-level token").await?;
    world.ask(&room, bot, "xapp-").await?;
    world.ask(&room, bot, "Bot User OAuth Token again").await?;
    world.ask(&room, app_token, "Logged in").await?;
    Ok(())
}

scenario!(tokens_of_two_apps_are_refused in one);
async fn tokens_of_two_apps_are_refused(world: &mut World) -> Result<()> {
    let other = world.slack.install_app("Another App");
    world.plant(&other.app_token);
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let line = format!("login app {} {}", world.slack.app().bot_token, other.app_token);
    world.ask(&room, &line, "different apps").await?;
    Ok(())
}

scenario!(a_missing_scope_is_named in everywhere);
async fn a_missing_scope_is_named(world: &mut World) -> Result<()> {
    let app = world.slack.app();
    world
        .slack
        .set_scopes(&app.bot_token, &["channels:read", "channels:history", "users:read", "team:read"])?;
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let line = format!("login app {} {}", app.bot_token, app.app_token);
    let answer = world.ask(&room, &line, "chat:write").await?;
    assert!(answer.body().contains("Not logged in"), "{}", answer.body());
    Ok(())
}

scenario!(socket_mode_off_is_named in one);
async fn socket_mode_off_is_named(world: &mut World) -> Result<()> {
    world.slack.disconnect(DisconnectReason::LinkDisabled);
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let app = world.slack.app();
    let line = format!("login app {} {}", app.bot_token, app.app_token);
    world.ask(&room, &line, "Socket Mode").await?;
    world.slack.set_socket_mode(true);
    world.ask(&room, &line, "Logged in").await?;
    Ok(())
}

scenario!(a_login_is_cancelled in everywhere);
async fn a_login_is_cancelled(world: &mut World) -> Result<()> {
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    world.ask(&room, "login app", "xoxb-").await?;
    world.ask(&room, &world.slack.app().bot_token, "xapp-").await?;
    world.ask(&room, "cancel", "Cancelled").await?;
    world.ask(&room, "list-logins", "no login").await?;
    world.ask(&room, "cancel", "nothing to cancel").await?;
    Ok(())
}

scenario!(revoked_tokens_are_told_to_the_owner in fakes);
async fn revoked_tokens_are_told_to_the_owner(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    let app = world.slack.app();
    world.slack.revoke_token(&app.bot_token)?;
    world.slack.revoke_token(&app.app_token)?;
    world.slack.drop_sockets();
    world.expect_in_log("WARN");
    world.expect_unacknowledged();
    world.admin.wait_for_text_with(&room, "log in again").await?;
    Ok(())
}

scenario!(a_login_that_slack_ends_is_told_once_and_shown in each_homeserver);
async fn a_login_that_slack_ends_is_told_once_and_shown(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    let portal = world.portal("general").await?;
    // Only the bot's token: the socket stays, so the event is all that tells.
    world.slack.revoke_token(&world.slack.app().bot_token)?;
    world.admin.wait_for_text_with(&room, "token was revoked").await?;
    world.ask(&room, "list-logins", "bad credentials").await?;
    let health = reqwest::get(world.bridge.url("/health")).await?.text().await?;
    assert!(health.contains("bad_credentials"), "{health}");
    // What follows from it says nothing new: a new socket, a refused post, the app's removal.
    world.slack.disconnect(DisconnectReason::RefreshRequested);
    world.matrix_says(&world.admin, &portal, "nobody takes this any more").await?;
    let refused = world.slack.wait_for_call("chat.postMessage", |_| true, scenarios::world::LIMIT).await;
    assert!(refused.is_some(), "the message was not tried");
    world.slack.uninstall();
    world.expect_unacknowledged();
    world.ask(&room, "list-logins", "bad credentials").await?;
    let told = world.admin.texts(&room).await?;
    let told: Vec<_> = told.iter().filter(|text| text.contains("has ended")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    Ok(())
}

scenario!(a_removed_app_is_told_to_the_owner in one);
async fn a_removed_app_is_told_to_the_owner(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    world.slack.uninstall();
    world.admin.wait_for_text_with(&room, "removed from the workspace").await?;
    world.ask(&room, "list-logins", "bad credentials").await?;
    Ok(())
}

scenario!(a_missing_feature_is_told_and_the_login_goes_on in one);
async fn a_missing_feature_is_told_and_the_login_goes_on(world: &mut World) -> Result<()> {
    let app = world.slack.app();
    let text = "channels:read channels:history groups:read groups:history im:read im:history mpim:read \
                mpim:history chat:write chat:write.customize users:read";
    let scopes: Vec<&str> = text.split_whitespace().collect();
    world.slack.set_scopes(&app.bot_token, &scopes)?;
    world.bridge.start().await?;
    let room = world.direct_chat().await?;
    let line = format!("login app {} {}", app.bot_token, app.app_token);
    let answer = world.ask(&room, &line, "Logged in").await?;
    assert!(answer.body().contains("reactions (reactions:read, reactions:write)"), "{}", answer.body());
    world.wait_for_socket().await?;
    world.portal("general").await?;
    Ok(())
}

scenario!(a_channel_without_the_app_makes_no_room in one);
async fn a_channel_without_the_app_makes_no_room(world: &mut World) -> Result<()> {
    let room = world.log_in().await?;
    world.slack.create_channel("alice", "outside", false)?;
    world.ask(&room, "bridge #outside", "/invite @matrix-bridge").await?;
    assert_eq!(
        world.resolve(&world.alias("outside")?).await?,
        None,
        "there is a room that is tied to nothing"
    );
    world.slack.invite("alice", &world.slack.app().bot_user_id, "outside")?;
    let answer = world.ask(&room, "bridge #outside", "is bridged").await?;
    let via = format!("?via={}", world.appservice.server_name);
    assert!(answer.body().contains(&via), "whoever is elsewhere cannot follow: {}", answer.body());
    world.portal("outside").await?;
    Ok(())
}
