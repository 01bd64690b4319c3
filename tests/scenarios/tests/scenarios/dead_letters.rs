//! What could not be carried over is kept, shown, tried again with its effect once, or deleted.
use anyhow::{Context as _, ensure};
use fake_slack::Fault;
use scenarios::world::LIMIT;
use serde_json::json;
use testkit::eventually;
use testkit::user::Event;

use crate::wire::envelope;
use crate::{Result, World, scenario};

const POST: &str = "chat.postMessage";
/// Slack's words for a setting that forbids a message.
const FORBIDDEN: &str = "restricted_action";

/// Runs `dead-letters` on the command line, which has to go well; answers what it printed.
async fn letters(world: &World, args: &[&str]) -> Result<String> {
    let args: Vec<&str> = ["dead-letters"].into_iter().chain(args.iter().copied()).collect();
    let (code, output) = world.bridge.verb(&args).await?;
    ensure!(code == 0, "{args:?} ended with {code}: {output}");
    Ok(output)
}

/// Waits until the command line lists this many; answers their ids.
async fn ids(world: &World, count: usize) -> Result<Vec<String>> {
    eventually(LIMIT, format!("{count} dead letters"), async || {
        let listed = letters(world, &["list"]).await?;
        let lines = listed.lines().filter(|line| line.contains(" from "));
        let ids: Vec<String> = lines.filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect();
        ensure!(ids.len() == count, "{listed}");
        Ok(ids)
    })
    .await
}

/// The admin says something that Slack forbids; answers the event's id and the bot's notice.
pub(crate) async fn refused_on_slack(world: &World, room: &str, text: &str) -> Result<(String, Event)> {
    world.slack.fail_next(POST, Fault::Error(FORBIDDEN.to_owned()), 1);
    let sent = world.matrix_says(&world.admin, room, text).await?;
    let notice = world.answer_to(&world.admin, room, &sent, "not delivered").await?;
    Ok((sent, notice))
}

scenario!(refused_on_slack_and_tried_again_arrives_once in everywhere);
async fn refused_on_slack_and_tried_again_arrives_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let (_, notice) = refused_on_slack(world, &room, "forbidden at first").await?;
    world.matrix_says(&world.admin, &room, "said meanwhile").await?;
    world.wait_on_slack("general", "said meanwhile").await?;
    let id = ids(world, 1).await?.remove(0);
    let log = world.bridge.log();
    let told = log.lines().find(|line| line.contains("INFO") && line.contains(&id));
    assert!(told.is_some_and(|line| line.contains("rejected") && line.contains("chat:")), "{log}");
    let shown = letters(world, &["show", &id]).await?;
    for part in [&id, "from      Matrix", "rejected", "A setting of the Slack workspace", "chat:"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.contains("forbidden at first"), "{shown}");
    assert!(letters(world, &["show", &id, "--payload"]).await?.contains("forbidden at first"));
    assert_eq!(world.slack_texts("general").iter().filter(|text| *text == "forbidden at first").count(), 0);

    // The cause is gone: the fault was for one call.
    letters(world, &["retry", &id]).await?;
    let both = ["said meanwhile", "forbidden at first"];
    world.wait_for_slack_texts("general", &both).await?;
    let edited = world.admin.wait_for_edit(&room, &notice.event_id).await?;
    assert!(edited.body().contains("delivered to Slack after all"), "{}", edited.body());
    ids(world, 0).await?;
    world.settle("general", &room).await?;
    world.wait_for_slack_texts("general", &both).await?;
    world.ensure_once(&room, "forbidden at first").await?;
    let (code, output) = world.bridge.verb(&["dead-letters", "retry", &id]).await?;
    assert!(code == 1 && output.contains("There is no dead letter"), "{code}: {output}");
    Ok(())
}

scenario!(refused_again_it_is_the_same_letter in each_homeserver);
async fn refused_again_it_is_the_same_letter(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let (_, notice) = refused_on_slack(world, &room, "forbidden twice over").await?;
    let id = ids(world, 1).await?.remove(0);
    world.slack.fail_next(POST, Fault::Error("thread_locked".to_owned()), 1);
    letters(world, &["retry", "--all"]).await?;
    let edited = world.admin.wait_for_edit(&room, &notice.event_id).await?;
    assert!(edited.body().contains("not delivered") && edited.body().contains("locked"), "{}", edited.body());
    eventually(LIMIT, "the second failure", async || {
        let shown = letters(world, &["show", &id]).await?;
        ensure!(shown.contains("tries     2") && shown.contains("state     kept"), "{shown}");
        Ok(())
    })
    .await?;
    letters(world, &["retry", &id]).await?;
    world.wait_for_slack_texts("general", &["forbidden twice over"]).await?;
    ids(world, 0).await.map(drop)
}

scenario!(refused_on_matrix_and_tried_again_arrives_once in everywhere);
async fn refused_on_matrix_and_tried_again_arrives_once(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    let alice = world.ghost_id("U0ALICE001");
    world.shut_out(&room, &alice, true).await?;
    world.slack_says("alice", "general", "from somebody who is banned")?;
    world.slack_says("bob", "general", "and somebody who is not")?;
    world.wait_for_texts(&world.admin, &room, &["and somebody who is not"]).await?;
    let id = ids(world, 1).await?.remove(0);
    let shown = letters(world, &["show", &id]).await?;
    assert!(shown.contains("from      the network") && shown.contains("parked"), "{shown}");
    assert!(!shown.contains("somebody"), "{shown}");

    world.shut_out(&room, &alice, false).await?;
    letters(world, &["retry", &id]).await?;
    let both = ["and somebody who is not", "from somebody who is banned"];
    world.wait_for_texts(&world.admin, &room, &both).await?;
    ids(world, 0).await?;
    world.settle("general", &room).await?;
    world.wait_for_texts(&world.admin, &room, &both).await
}

scenario!(what_cannot_be_read_is_listed_and_dropped in everywhere);
async fn what_cannot_be_read_is_listed_and_dropped(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    world.expect_in_log("kept as a dead letter");
    let words = "the words of a spoilt event";
    world.plant(words);
    let odd = json!({ "type": "message", "subtype": "message_changed", "channel": "C0GENERAL1", "message": null,
        "text": words });
    assert!(world.slack.send_envelope(&envelope(world, "Ev0SPOILT01", &odd)));
    let id = ids(world, 1).await?.remove(0);
    let shown = letters(world, &["show", &id]).await?;
    assert!(shown.contains("parked") && !shown.contains(words), "{shown}");
    let shown = letters(world, &["show", &id, "--payload"]).await?;
    assert!(shown.contains(words) && shown.contains(r#""token": "(covered)""#), "{shown}");
    counted(world, 1).await?;
    assert_eq!(letters(world, &["drop", &id]).await?.trim(), "1 dead letter was dropped.");
    counted(world, 0).await?;
    assert_eq!(letters(world, &["list"]).await?.trim(), "There are no dead letters.");
    let dropped = letters(world, &["drop", "--before", "0m"]).await?;
    assert!(dropped.starts_with("Nothing was dropped"), "{dropped}");
    world.settle("general", &room).await
}

/// Waits until health and metrics tell of this many.
async fn counted(world: &World, count: u64) -> Result<()> {
    eventually(LIMIT, format!("{count} in health and metrics"), async || {
        let health = reqwest::get(world.bridge.url("/health")).await?.json::<serde_json::Value>().await?;
        ensure!(health["dead_letters"] == count, "{health}");
        let metrics = reqwest::get(world.bridge.url("/metrics")).await?.text().await?;
        let line = metrics.lines().find(|line| line.starts_with("bridge_dead_letters"));
        let line = line.context("no such metric")?;
        ensure!(line == format!("bridge_dead_letters {count}"), "{line}");
        Ok(())
    })
    .await
}

scenario!(tried_again_while_stopped_it_arrives_after_the_start in everywhere);
async fn tried_again_while_stopped_it_arrives_after_the_start(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    refused_on_slack(world, &room, "forbidden before the stop").await?;
    let id = ids(world, 1).await?.remove(0);
    world.bridge.stop().await?;
    let answer = letters(world, &["retry", &id]).await?;
    assert!(answer.contains("when it is started"), "{answer}");
    assert!(letters(world, &["list"]).await?.contains("waiting to be tried again"));
    world.bridge.start().await?;
    world.wait_for_slack_texts("general", &["forbidden before the stop"]).await?;
    ids(world, 0).await?;
    world.wait_for_socket().await?;
    world.settle("general", &room).await?;
    world.wait_for_slack_texts("general", &["forbidden before the stop"]).await
}

scenario!(a_letter_that_arrived_in_part_is_completed in each_homeserver);
async fn a_letter_that_arrived_in_part_is_completed(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    // The first piece is posted; the second is refused at once, and again when it is tried once more.
    world.slack.fail_next(POST, Fault::Spared, 1);
    world.slack.fail_next(POST, Fault::Error(FORBIDDEN.to_owned()), 2);
    let words: Vec<String> = (0..1_000).map(|number| format!("part{number:04}")).collect();
    let sent = world.matrix_says(&world.admin, &room, &words.join(" ")).await?;
    world.answer_to(&world.admin, &room, &sent, "Only the first part").await?;
    let id = ids(world, 1).await?.remove(0);
    letters(world, &["retry", &id]).await?;
    ids(world, 0).await?;
    let pieces: Vec<String> =
        world.slack_texts("general").into_iter().filter(|text| text.contains("part0")).collect();
    let arrived: Vec<&str> = pieces.iter().flat_map(|piece| piece.split_whitespace()).collect();
    assert_eq!(arrived, words, "nothing is missing and nothing is there twice");
    Ok(())
}

scenario!(what_was_deleted_meanwhile_is_not_tried_again in each_homeserver);
async fn what_was_deleted_meanwhile_is_not_tried_again(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let (sent, _) = refused_on_slack(world, &room, "thought better of it").await?;
    let id = ids(world, 1).await?.remove(0);
    world.admin.redact(&room, &sent).await?;
    letters(world, &["retry", &id]).await?;
    ids(world, 0).await?;
    world.matrix_says(&world.admin, &room, "and this comes later").await?;
    world.wait_on_slack("general", "and this comes later").await?;
    assert!(!world.slack_texts("general").iter().any(|text| text.contains("thought better")));
    Ok(())
}

scenario!(admins_manage_dead_letters_by_chat in each_homeserver);
async fn admins_manage_dead_letters_by_chat(world: &mut World) -> Result<()> {
    let chat = world.log_in().await?;
    let room = world.portal("general").await?;
    let (_, notice) = refused_on_slack(world, &room, "forbidden until the admin looks").await?;
    let id = ids(world, 1).await?.remove(0);
    let listed = world.ask(&chat, "dead-letters list", &id).await?;
    assert!(listed.body().contains("1 dead letter, the oldest first"), "{}", listed.body());
    let shown = world.ask(&chat, &format!("dead-letters show {id}"), "tries").await?;
    assert!(!shown.body().contains("until the admin looks"), "{}", shown.body());
    world.ask(&chat, &format!("dead-letters show {id} --payload"), "on the command line only").await?;
    world.ask(&chat, "dead-letters", "dead-letters list").await?;
    world.ask(&chat, "dead-letters show 1-x", "no dead letter's id").await?;
    world.ask(&room, "!slack dead-letters list", "direct chat").await?;

    let erin = world.person("erin").await?;
    let hers = world.direct_chat_of(&erin).await?;
    for line in ["dead-letters list".to_owned(), format!("dead-letters retry {id}")] {
        let refusal = world.ask_as(&erin, &hers, &line, "permission").await?;
        assert!(refusal.body().contains("admin") && !refusal.body().contains(&id), "{}", refusal.body());
    }

    world.ask(&chat, &format!("dead-letters retry {id}"), "to be tried again").await?;
    world.wait_for_slack_texts("general", &["forbidden until the admin looks"]).await?;
    world.admin.wait_for_edit(&room, &notice.event_id).await?;
    // The notice is changed before the end of the letter is committed.
    ids(world, 0).await?;
    world.ask(&chat, "dead-letters list", "no dead letters").await?;

    refused_on_slack(world, &room, "forbidden for good").await?;
    let id = ids(world, 1).await?.remove(0);
    world.ask(&chat, &format!("dead-letters drop {id}"), "1 dead letter was dropped").await?;
    ids(world, 0).await.map(drop)
}

scenario!(clients_are_told_what_became_of_a_message in each_homeserver);
async fn clients_are_told_what_became_of_a_message(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let (sent, _) = refused_on_slack(world, &room, "clients show that it failed").await?;
    let failed = status_of(world, &room, &sent, "FAIL_PERMANENT").await?;
    assert_eq!(failed.content["reason"], "m.foreign_network_error");
    assert_eq!(failed.content["network"], "slack");
    let why = failed.content["message"].as_str().unwrap_or_default();
    assert!(why.contains("A setting of the Slack workspace"), "{why}");
    letters(world, &["retry", "--all"]).await?;
    status_of(world, &room, &sent, "SUCCESS").await?;

    // What arrives at once is told only where the config says so.
    let quiet = world.matrix_says(&world.admin, &room, "nobody is told that it arrived").await?;
    world.wait_on_slack("general", "nobody is told that it arrived").await?;
    world.bridge.config["appservice"]["delivery_events"] = json!("all");
    world.bridge.stop().await?;
    world.bridge.start().await?;
    let loud = world.matrix_says(&world.admin, &room, "clients show that it arrived").await?;
    status_of(world, &room, &loud, "SUCCESS").await?;
    let told = world.admin.messages(&room).await?;
    ensure!(
        !told.iter().any(|event| is_status_of(event, &quiet)),
        "it was told of what is not to be told of"
    );
    Ok(())
}

/// Waits for the event that says this of a message.
async fn status_of(world: &World, room: &str, event_id: &str, status: &str) -> Result<Event> {
    let what = format!("{status} of {event_id}");
    let fits = |event: &Event| is_status_of(event, event_id) && event.content["status"] == status;
    world.admin.wait_for_event(room, &what, fits).await
}

fn is_status_of(event: &Event, event_id: &str) -> bool {
    event.kind == "com.beeper.message_send_status" && event.content["m.relates_to"]["event_id"] == event_id
}

scenario!(an_edit_that_is_tried_again_undoes_no_later_one in each_homeserver);
async fn an_edit_that_is_tried_again_undoes_no_later_one(world: &mut World) -> Result<()> {
    world.log_in().await?;
    let room = world.portal("general").await?;
    let sent = world.matrix_says(&world.admin, &room, "the first wording of all").await?;
    world.wait_on_slack("general", "the first wording of all").await?;
    world.slack.fail_next("chat.update", Fault::Error(FORBIDDEN.to_owned()), 1);
    for text in ["a wording in between", "the last wording of all"] {
        world.plant(text);
        world.admin.edit(&room, &sent, text).await?;
    }
    world.wait_on_slack("general", "the last wording of all").await?;
    let id = ids(world, 1).await?.remove(0);
    letters(world, &["retry", &id]).await?;
    ids(world, 0).await?;
    world.matrix_says(&world.admin, &room, "and on it goes").await?;
    world.wait_on_slack("general", "and on it goes").await?;
    let texts = world.slack_texts("general");
    assert!(texts.iter().any(|text| text == "the last wording of all"), "{texts:?}");
    assert!(!texts.iter().any(|text| text == "a wording in between"), "{texts:?}");
    Ok(())
}
