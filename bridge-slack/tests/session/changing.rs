//! Edits and deletions: every part of a message, once each, and what Slack refuses.

use std::time::Duration;

use bridge_core::content::{File, FileSource, Message, Part, PartBody, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixKind, Sent};
use bridge_core::id::PartId;
use bridge_core::network::{SentPart, Session};
use fake_slack::{Fault, Options};

use super::world::{SOON, World, long_text, pass, refusal, says, sent};

const POST: &str = "chat.postMessage";
const UPDATE: &str = "chat.update";
const DELETE: &str = "chat.delete";

fn edit(sent: Vec<Sent>, text: &str) -> MatrixKind {
    MatrixKind::Edit { sent, message: Message::text(RichText::plain(text)) }
}

fn ids(parts: &[SentPart]) -> Vec<String> {
    parts.iter().map(|part| part.id.to_string()).collect()
}

#[tokio::test]
async fn an_edit_changes_the_message_and_leaves_its_name_and_marker() {
    let world = World::new().await;
    let parts = world.send(&world.mary(says("befor"))).await.unwrap();
    let before = world.slack.messages("general").remove(0);
    let now = world.send(&world.mary(edit(sent(&parts), "before"))).await.unwrap();
    assert_eq!(now, parts);
    let after = world.slack.messages("general").remove(0);
    assert_eq!(after["text"], "before");
    assert_eq!(after["username"], "Mary");
    assert_eq!(after["metadata"], before["metadata"]);
    let shown = &after["blocks"][0]["elements"][0]["elements"][0]["text"];
    assert_eq!(shown, "before", "the blocks still show the old text");
}

#[tokio::test]
async fn an_edit_adds_and_removes_parts() {
    let world = World::new().await;
    let parts = world.send(&world.mary(says("short"))).await.unwrap();
    let event = world.mary(edit(sent(&parts), &long_text()));
    let long = world.send(&event).await.unwrap();
    assert!(long.len() >= 3 && long[0] == parts[0], "{long:?}");
    assert_eq!(world.texts().len(), long.len());
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&world.texts().join(" ")), words(&long_text()));
    // A repeat, after the answer was lost on the way to the database, adds nothing.
    assert_eq!(ids(&world.send_again(&event).await.unwrap()), ids(&long));
    assert_eq!(world.texts().len(), long.len());
    let short = world.send(&world.mary(edit(sent(&long), "short again"))).await.unwrap();
    assert_eq!((ids(&short), world.texts()), (ids(&parts), vec!["short again".to_owned()]));
}

#[tokio::test]
async fn an_edit_broken_off_in_the_middle_is_found_and_finished() {
    // So slow that the fault is ordered before the next post comes to be looked at.
    let world = World::with(Options { latency: Duration::from_millis(150), ..Options::default() }).await;
    let parts = world.send(&world.mary(says("short"))).await.unwrap();
    let event = world.mary(edit(sent(&parts), &long_text()));
    let breaking = async {
        let added = |slack: &fake_slack::Workspace| slack.messages("general").len() > 1;
        world.slack.wait_until(SOON, |slack| added(slack).then_some(())).await.unwrap();
        world.slack.rate_limit_next(POST, 30, 1);
    };
    let (outcome, ()) = tokio::join!(world.send(&event), breaking);
    assert!(matches!(outcome, Err(NetworkError::Interrupted(_))), "{outcome:?}");
    let found = world.session.find_sent(&event).await.unwrap();
    assert_eq!(found.len(), 1);
    pass(Duration::from_secs(30)).await;
    let now = world.session.send(&event, found).await.unwrap();
    assert_eq!(world.texts().len(), now.len(), "a part is missing or double");
}

#[tokio::test]
async fn an_edit_of_unknown_fate_is_made_again() {
    let world = World::new().await;
    let parts = world.send(&world.mary(says("one"))).await.unwrap();
    let event = world.mary(edit(sent(&parts), "two"));
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::Status(500)] {
        world.slack.fail_next(UPDATE, fault.clone(), 1);
        let error = world.send(&event).await.unwrap_err();
        assert!(matches!(error, NetworkError::Transient(_)), "{fault:?}: {error:?}");
    }
    world.slack.rate_limit_next(UPDATE, 30, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::RateLimited(_)), "{error:?}");
    pass(Duration::from_secs(30)).await;
    assert_eq!(ids(&world.send_again(&event).await.unwrap()), ids(&parts));
    assert_eq!(world.texts(), ["two"]);
}

#[tokio::test]
async fn refused_edits_are_told_in_words() {
    let world = World::new().await;
    let parts = world.send(&world.mary(says("one"))).await.unwrap();
    for (code, word) in [
        ("edit_window_closed", "edited"),
        ("cant_update_message", "only messages"),
        ("message_not_found", "no longer"),
    ] {
        world.slack.fail_next(UPDATE, Fault::Error(code.to_owned()), 1);
        let why = refusal(world.send(&world.mary(edit(sent(&parts), "two"))).await);
        assert!(why.contains(word), "{code}: {why}");
    }
    let why = refusal(world.send(&world.mary(edit(sent(&parts), ""))).await);
    assert!(why.contains("delete it"), "{why}");
    assert_eq!(world.texts(), ["one"]);
}

#[tokio::test]
async fn a_deletion_takes_every_part_back_also_again() {
    let world = World::new().await;
    world.slack.post_as("alice", "general", "stays").unwrap();
    let parts = world.send(&world.mary(says(&long_text()))).await.unwrap();
    let event = world.mary(MatrixKind::Delete { sent: sent(&parts) });
    world.slack.fail_next(DELETE, Fault::DropAfter, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    for _ in 0..2 {
        assert_eq!(world.send_again(&event).await.unwrap(), Vec::new());
        assert_eq!(world.texts(), ["stays"]);
    }
}

#[tokio::test]
async fn messages_of_others_are_not_deleted() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "mine").unwrap();
    let theirs = vec![Sent { part: bridge_core::id::PartId::first(), id: world.id_of(&ts) }];
    let why = refusal(world.send(&world.mary(MatrixKind::Delete { sent: theirs })).await);
    assert!(why.contains("only messages that the bridge itself sent"), "{why}");
    assert_eq!(world.texts(), ["mine"]);
}

#[tokio::test]
async fn a_file_that_somebody_else_shows_again_stays() {
    let world = World::new().await;
    let mut ours = Message::default();
    let file = File::new(FileSource::new("mxc://hs/cat"), "cat.png");
    ours.parts.push(Part::new(PartId::first(), PartBody::File(file)));
    world.send(&world.mary(MatrixKind::Message(ours))).await.unwrap();
    let file = world.slack.files().remove(0);
    let ts = world.slack.share_file_as("carol", "general", &file.id, "look at this").unwrap();
    let theirs = vec![Sent { part: PartId::first(), id: world.id_of(&ts) }];
    let why = refusal(world.send(&world.mary(MatrixKind::Delete { sent: theirs })).await);
    assert!(why.contains("only messages that the bridge itself sent"), "{why}");
    assert_eq!(world.slack.call_count("files.delete"), 0);
    assert!(world.slack.files()[0].visible);
}
