//! Files from Matrix: each shown once, although Slack takes no marker with them.

use std::time::Duration;

use bridge_core::clock::Clock;
use bridge_core::content::{File, FileSource, Message, Part, PartBody, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind, RemoteKind, Sender, Speaker};
use bridge_core::id::PartId;
use bridge_core::network::{Network, Session, Stretch};
use bridge_slack::config::{Config, RateLimits};
use fake_slack::{Fault, Options};
use serde_json::Value;

use super::world::{CONTENT, World, long_text, next, pass, refusal, sent};

const PLACE: &str = "files.getUploadURLExternal";
const BYTES: &str = "files.upload";
const COMPLETE: &str = "files.completeUploadExternal";

fn file(name: &str, caption: &str) -> Message {
    let mut file = File::new(FileSource::new("mxc://hs/cat"), name);
    file.size = Some(CONTENT.len() as u64);
    file.caption = (!caption.is_empty()).then(|| RichText::plain(caption));
    let mut message = Message::default();
    message.parts.push(Part::new(PartId::first(), PartBody::File(file)));
    message
}

impl World {
    fn cat(&self, caption: &str) -> MatrixEvent {
        self.mary(MatrixKind::Message(file("cat.png", caption)))
    }

    /// The messages that show files.
    fn shown(&self) -> Vec<Value> {
        let messages = self.slack.messages("general").into_iter();
        messages.filter(|one| one["files"].as_array().is_some_and(|files| !files.is_empty())).collect()
    }
}

#[tokio::test]
async fn a_file_arrives_with_its_bytes_under_the_persons_name() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let parts = world.send(&world.cat("my *cat* <3")).await.unwrap();
    let message = world.shown().remove(0);
    assert_eq!(message["text"], "*Mary*: my *cat* &lt;3");
    assert_eq!(message["files"][0]["name"], "cat.png");
    assert_eq!(message["files"][0]["size"], CONTENT.len());
    assert_eq!(parts[0].id, world.id_of(message["ts"].as_str().unwrap()));
    assert_eq!((parts.len(), world.slack.call_count("conversations.history")), (1, 0));
    // It comes back as ours, under the id that the pair will have.
    let echo = next(&mut deliveries).await;
    let echo = world.network.decode(world.context.login_id(), &echo.jobs[0].payload).unwrap();
    assert!(matches!(&echo.sender, Sender::Own { .. }), "{:?}", echo.sender);
    let bare = world.does(Speaker::Login, "c0general1", MatrixKind::Message(file("cat.png", "")));
    world.send(&bare).await.unwrap();
    assert_eq!(world.shown()[1]["text"], "");
}

#[tokio::test]
async fn a_file_goes_into_its_thread() {
    let world = World::new().await;
    let root = world.slack.post_as("alice", "general", "root").unwrap();
    let mut message = file("cat.png", "");
    message.thread_root = Some(world.id_of(&root));
    let event = world.mary(MatrixKind::Message(message));
    let parts = world.send(&event).await.unwrap();
    assert_eq!(world.shown()[0]["thread_ts"], root.as_str());
    assert_eq!(world.session.find_sent(&event).await.unwrap(), parts);
}

#[tokio::test]
async fn a_file_that_slack_shows_late_is_waited_for_and_then_looked_for() {
    let world = World::new().await;
    world.slack.delay_shares(3);
    assert_eq!(world.send(&world.cat("soon")).await.unwrap().len(), 1);
    assert_eq!(world.slack.call_count("files.info"), 3);
    world.slack.delay_shares(100);
    let event = world.cat("late");
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
    assert_eq!(world.send_again(&event).await.unwrap().len(), 1);
    assert_eq!(world.shown().len(), 2);
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_found() {
    let world = World::new().await;
    for fault in [Fault::DropAfter, Fault::HangAfter] {
        let event = world.cat("maybe");
        world.slack.fail_next(COMPLETE, fault.clone(), 1);
        let error = world.send(&event).await.unwrap_err();
        assert!(matches!(error, NetworkError::Uncertain(_)), "{fault:?}: {error:?}");
        let before = world.shown().len();
        let parts = world.send_again(&event).await.unwrap();
        assert_eq!((parts.len(), world.shown().len()), (1, before), "{fault:?}");
    }
    let ids = world.shown().iter().map(|one| one["ts"].to_string()).collect::<Vec<_>>();
    assert!(ids.len() == 2 && ids[0] != ids[1]);
}

#[tokio::test]
async fn a_file_that_is_read_back_is_known_by_its_note() {
    let world = World::new().await;
    let event = world.cat("whose is it");
    world.slack.fail_next(COMPLETE, Fault::HangAfter, 1);
    world.send(&event).await.unwrap_err();
    // The program dies before it knows what became of the order.
    let restarted = world.restarted().await;
    let chat = world.chat("c0general1");
    let stretch = Stretch { chat: &chat, thread: None, since: 0 };
    let past = restarted.past(&stretch, None).await.unwrap();
    let shown = past.messages.iter().find(|past| matches!(past.event.sender, Sender::Own { .. })).unwrap();
    let RemoteKind::Message { id, .. } = &shown.event.kind else { panic!("no message") };
    let again = restarted.message(&chat, id).await.unwrap().unwrap();
    for sender in [&shown.event.sender, &again.sender] {
        let Sender::Own { marker, .. } = sender else { panic!("not ours") };
        assert_eq!(marker.as_deref(), Some(event.part_marker(0).as_str()));
    }
}

#[tokio::test]
async fn a_file_of_unknown_fate_counts_as_not_sent_only_after_a_while() {
    let clock = Clock::manual(Clock::system().now_ms());
    let config = Config { rate_limits: RateLimits::Off, ..Config::default() };
    let world = World::timed(Options::default(), config, clock.clone()).await;
    let event = world.cat("maybe not");
    world.slack.fail_next(COMPLETE, Fault::DropBefore, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
    let error = world.session.find_sent(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    clock.advance(Duration::from_secs(61));
    assert_eq!(world.send_again(&event).await.unwrap().len(), 1);
    assert_eq!(world.shown().len(), 1);
}

#[tokio::test]
async fn bytes_that_did_not_arrive_are_sent_again() {
    let world = World::new().await;
    for (method, fault) in [
        (BYTES, Fault::Status(500)),
        (BYTES, Fault::DropBefore),
        (BYTES, Fault::DropAfter),
        (PLACE, Fault::DropAfter),
    ] {
        let event = world.cat("again");
        let before = world.shown().len();
        world.slack.fail_next(method, fault.clone(), 1);
        let error = world.send(&event).await.unwrap_err();
        assert!(matches!(error, NetworkError::Transient(_)), "{method} {fault:?}: {error:?}");
        assert_eq!(world.shown().len(), before);
        world.send_again(&event).await.unwrap();
        assert_eq!(world.shown().len(), before + 1);
    }
}

#[tokio::test]
async fn a_file_whose_bytes_never_arrive_is_given_up() {
    let world = World::new().await;
    let event = world.cat("never");
    world.slack.fail_next(BYTES, Fault::Status(500), 10);
    for _ in 0..9 {
        let error = world.send_again(&event).await.unwrap_err();
        assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    }
    let why = refusal(world.send_again(&event).await);
    assert!(why.contains("in 10 tries"), "{why}");
    assert_eq!(world.send_again(&event).await.unwrap().len(), 1, "sent again it has all its tries");
}

#[tokio::test]
async fn a_wait_before_the_order_does_not_send_the_bytes_again() {
    let world = World::new().await;
    let event = world.cat("patience");
    world.slack.rate_limit_next(COMPLETE, 30, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::RateLimited(_)), "{error:?}");
    pass(Duration::from_secs(30)).await;
    assert_eq!(world.send(&event).await.unwrap().len(), 1);
    assert_eq!((world.slack.call_count(BYTES), world.shown().len()), (1, 1));
}

#[tokio::test]
async fn a_program_started_anew_knows_its_file_and_takes_no_other_for_it() {
    let world = World::new().await;
    let earlier = world.cat("who");
    world.send(&earlier).await.unwrap();
    // The same name, length and person, a moment later.
    let event = world.cat("who");
    world.slack.fail_next(COMPLETE, Fault::DropBefore, 1);
    world.send(&event).await.unwrap_err();
    let anew = world.restarted().await;
    let error = anew.find_sent(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "the earlier one is not taken for it: {error:?}");
    let lost = world.cat("who");
    world.slack.fail_next(COMPLETE, Fault::DropAfter, 1);
    world.send(&lost).await.unwrap_err();
    let found = world.restarted().await.find_sent(&lost).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(anew.send(&lost, found.clone()).await.unwrap(), found);
    assert_eq!(world.shown().len(), 2);
    assert!(anew.find_sent(&world.cat("who")).await.unwrap().is_empty(), "never tried");
}

#[tokio::test]
async fn bytes_that_slack_has_are_not_sent_again_by_a_program_started_anew() {
    let clock = Clock::manual(Clock::system().now_ms());
    let config = Config { rate_limits: RateLimits::Off, ..Config::default() };
    let world = World::timed(Options::default(), config, clock.clone()).await;
    let event = world.cat("large");
    world.slack.fail_next(COMPLETE, Fault::DropBefore, 1);
    world.send(&event).await.unwrap_err();
    let anew = world.restarted().await;
    clock.advance(Duration::from_secs(61));
    assert!(anew.find_sent(&event).await.unwrap().is_empty());
    assert_eq!(anew.send(&event, Vec::new()).await.unwrap().len(), 1);
    assert_eq!((world.slack.call_count(BYTES), world.shown().len()), (1, 1));
}

#[tokio::test]
async fn bytes_that_slack_forgot_are_sent_again() {
    let world = World::new().await;
    let event = world.cat("again");
    world.slack.rate_limit_next(COMPLETE, 30, 1);
    world.send(&event).await.unwrap_err();
    pass(Duration::from_secs(30)).await;
    world.slack.fail_next(COMPLETE, Fault::Error("file_not_found".to_owned()), 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    assert_eq!(world.send(&event).await.unwrap().len(), 1);
    assert_eq!((world.slack.call_count(BYTES), world.shown().len()), (2, 1));
}

#[tokio::test]
async fn a_file_that_slack_took_is_waited_for_and_neither_lost_nor_doubled() {
    let clock = Clock::manual(Clock::system().now_ms());
    let config = Config { rate_limits: RateLimits::Off, ..Config::default() };
    let world = World::timed(Options::default(), config, clock.clone()).await;
    world.slack.hold_shares();
    let (late, never) = (world.cat("late"), world.cat("never"));
    for event in [&late, &never] {
        let error = world.send(event).await.unwrap_err();
        assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
    }
    clock.advance(Duration::from_mins(30));
    let anew = world.restarted().await;
    for session in [&*world.session, &anew] {
        let error = session.find_sent(&late).await.unwrap_err();
        assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    }
    let gone = world.slack.files().pop().unwrap().id;
    world.slack.delete_file(&gone).unwrap();
    // It was looked for, and it is over: what cannot be sent is what the person reads.
    assert!(anew.find_sent(&never).await.unwrap().is_empty());
    assert!(refusal(anew.send(&never, Vec::new()).await).contains("deleted on Slack before"));
    world.slack.release_shares();
    let parts = world.send_again(&late).await.unwrap();
    assert_eq!((parts.len(), world.shown().len()), (1, 1));
    world.slack.hold_shares();
    let given_up = world.cat("given up");
    world.send(&given_up).await.unwrap_err();
    clock.advance(Duration::from_mins(61));
    for _ in 0..2 {
        assert!(refusal(world.send_again(&given_up).await).contains("within an hour"));
    }
    world.slack.release_shares();
    assert_eq!(world.send_again(&given_up).await.unwrap().len(), 1, "it is still known by its id");
    assert_eq!((world.slack.call_count(BYTES), world.shown().len()), (3, 2));
}

#[tokio::test]
async fn a_file_that_slack_took_may_be_unknown_for_a_minute() {
    let clock = Clock::manual(Clock::system().now_ms());
    let config = Config { rate_limits: RateLimits::Off, ..Config::default() };
    let world = World::timed(Options::default(), config, clock.clone()).await;
    world.slack.hold_shares();
    let event = world.cat("slow");
    world.send(&event).await.unwrap_err();
    let unknown = || world.slack.fail_next("files.info", Fault::Error("file_not_found".to_owned()), 2);
    unknown();
    let error = world.session.find_sent(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Transient(_)), "{error:?}");
    clock.advance(Duration::from_secs(61));
    world.slack.clear_faults();
    unknown();
    assert!(refusal(world.send_again(&event).await).contains("does not have it any more"));
    world.slack.release_shares();
    assert_eq!(world.send_again(&event).await.unwrap().len(), 1);
    assert_eq!((world.slack.call_count(BYTES), world.shown().len()), (1, 1));
}

#[tokio::test]
async fn what_is_too_long_for_a_comment_follows_the_file_also_after_a_wait() {
    // So slow that the fault is ordered before the first post comes to be looked at.
    let world = World::with(Options { latency: Duration::from_millis(150), ..Options::default() }).await;
    let event = world.cat(&long_text());
    let interrupting = async {
        let is_shown = |slack: &fake_slack::Workspace| !slack.messages("general").is_empty();
        world.slack.wait_until(super::world::SOON, |slack| is_shown(slack).then_some(())).await.unwrap();
        world.slack.rate_limit_next("chat.postMessage", 30, 1);
    };
    let (outcome, ()) = tokio::join!(world.send(&event), interrupting);
    assert!(matches!(outcome, Err(NetworkError::Interrupted(_))), "{outcome:?}");
    let found = world.session.find_sent(&event).await.unwrap();
    assert_eq!(found.len(), 1);
    pass(Duration::from_secs(30)).await;
    let parts = world.session.send(&event, found).await.unwrap();
    assert!(parts.len() >= 3 && world.texts().len() == parts.len());
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&world.texts().join(" ")), words(&format!("*Mary*: {}", long_text())));
}

#[tokio::test]
async fn a_caption_is_edited_and_a_deletion_takes_the_file_along() {
    let world = World::new().await;
    let parts = world.send(&world.cat("my cta")).await.unwrap();
    let edit = MatrixKind::Edit { sent: sent(&parts), message: file("cat.png", "my cat") };
    assert_eq!(world.send(&world.mary(edit)).await.unwrap(), parts);
    assert_eq!(world.shown()[0]["text"], "*Mary*: my cat");
    let id = world.shown()[0]["files"][0]["id"].as_str().unwrap().to_owned();
    let event = world.mary(MatrixKind::Delete { sent: sent(&parts) });
    for _ in 0..2 {
        assert_eq!(world.send(&event).await.unwrap(), Vec::new());
    }
    assert!(world.slack.file(&id).unwrap().deleted, "the file is still there");
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn refused_files_are_told_in_words() {
    let world = World::new().await;
    for (method, code, word) in [
        (PLACE, "file_uploads_disabled", "does not allow this kind of file"),
        (COMPLETE, "malware_detected", "does not take this kind"),
        (COMPLETE, "posting_to_channel_denied", "may not write"),
    ] {
        world.slack.fail_next(method, Fault::Error(code.to_owned()), 1);
        let why = refusal(world.send(&world.cat("x")).await);
        assert!(why.contains(word), "{code}: {why}");
    }
    assert!(world.shown().is_empty());
}

#[tokio::test]
async fn what_is_too_much_for_slack_is_told_apart_and_the_rest_goes_through() {
    let world = World::new().await;
    let too_much = |answer: Result<_, NetworkError>| match answer.map(|parts: Vec<_>| parts.len()) {
        Err(NetworkError::FileRefused(why)) => why,
        other => panic!("{other:?}"),
    };
    for (method, code, word) in [
        (PLACE, "file_upload_size_restricted", "too large for this"),
        (COMPLETE, "storage_limit_reached", "no room left"),
    ] {
        world.slack.fail_next(method, Fault::Error(code.to_owned()), 1);
        let event = world.cat("x");
        let why = too_much(world.send(&event).await);
        assert!(why.contains(word), "{code}: {why}");
        assert!(world.session.find_sent(&event).await.unwrap().is_empty(), "nothing of it is open");
    }
    // Nor does an edit bring a file into a message that has none.
    let parts =
        world.send(&world.mary(MatrixKind::Message(Message::text(RichText::plain("words"))))).await.unwrap();
    let edit = MatrixKind::Edit { sent: sent(&parts), message: file("cat.png", "x") };
    let why = too_much(world.send(&world.mary(edit)).await);
    assert!(why.contains("without a file"), "{why}");
    assert_eq!(world.slack.messages("general").last().unwrap()["text"], "words");
}
