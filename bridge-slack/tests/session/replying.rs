//! Answers and threads, in each of the ways that an operator can choose.

use bridge_core::content::{Message, RichText};
use bridge_core::event::MatrixKind;
use bridge_core::network::Session;
use bridge_slack::config::{Config, RateLimits, Replies};
use fake_slack::{Fault, Options};

use super::world::{World, sent};

impl World {
    async fn answering(replies: Replies) -> Self {
        let config = Config { rate_limits: RateLimits::Off, replies, ..Config::default() };
        Self::configured(Options::default(), config).await
    }

    fn answer(&self, ts: &str, text: &str) -> MatrixKind {
        let mut message = Message::text(RichText::plain(text));
        message.reply_to = Some(self.id_of(ts));
        MatrixKind::Message(message)
    }
}

#[tokio::test]
async fn an_answer_stands_in_the_channel_under_a_line_about_what_it_answers() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "Where do we <@U0BOB00001> eat & when?").unwrap();
    let parts = world.send(&world.mary(world.answer(&ts, "at noon"))).await.unwrap();
    let message = &world.slack.messages("general")[1];
    assert!(message["thread_ts"].is_null());
    assert_eq!(message["text"], "at noon");
    let line = message["blocks"][0]["elements"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(message["blocks"][0]["type"], "context");
    let address = format!("/archives/C0GENERAL1/p{}|", ts.replace('.', ""));
    assert!(line.contains(&address) && line.contains("eat &amp; when?"), "{line}");
    assert!(line.contains("Alice") || line.contains("alice"), "{line}");
    assert!(!line.contains("<@"), "the line pings somebody: {line}");
    // An edit leaves the line where it is.
    let edited = MatrixKind::Edit { sent: sent(&parts), message: Message::text(RichText::plain("at one")) };
    world.send(&world.mary(edited)).await.unwrap();
    let message = &world.slack.messages("general")[1];
    assert_eq!(message["blocks"][0]["elements"][0]["text"], line.as_str());
    assert_eq!(message["text"], "at one");
}

#[tokio::test]
async fn an_answer_arrives_even_if_nothing_is_known_of_what_it_answers() {
    let world = World::new().await;
    for method in ["chat.getPermalink", "conversations.replies"] {
        world.slack.fail_next(method, Fault::Error("message_not_found".to_owned()), 1);
    }
    world.send(&world.mary(world.answer("1700000000.000100", "at noon"))).await.unwrap();
    let message = world.slack.messages("general").remove(0);
    assert_eq!(message["text"], "at noon");
    assert_eq!(message["blocks"][0]["elements"][0]["text"], "↪ a message");
}

#[tokio::test]
async fn an_answer_can_go_into_the_thread_and_beside_it() {
    for (replies, is_beside) in [(Replies::Thread, false), (Replies::Broadcast, true)] {
        let world = World::answering(replies).await;
        let root = world.slack.post_as("alice", "general", "lunch?").unwrap();
        let reply = world.slack.reply_as("bob", "general", &root, "yes").unwrap();
        for answered in [&root, &reply] {
            let event = world.mary(world.answer(answered, "at noon"));
            let parts = world.send(&event).await.unwrap();
            let message = world.slack.messages("general").pop().unwrap();
            assert_eq!(message["thread_ts"], root.as_str(), "{replies:?} to {answered}");
            assert_eq!(message["subtype"] == "thread_broadcast", is_beside, "{replies:?}");
            assert_eq!(world.session.find_sent(&event).await.unwrap(), parts);
        }
    }
}

#[tokio::test]
async fn what_an_edit_adds_goes_into_the_thread_of_the_rest() {
    let world = World::answering(Replies::Thread).await;
    let root = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let parts = world.send(&world.mary(world.answer(&root, "at noon"))).await.unwrap();
    let message = Message::text(RichText::plain(&super::world::long_text()));
    let event = world.mary(MatrixKind::Edit { sent: sent(&parts), message });
    let all = world.send(&event).await.unwrap();
    assert!(all.len() >= 3);
    let outside = world.slack.messages("general").into_iter().filter(|one| one["thread_ts"] != root.as_str());
    assert_eq!(outside.count(), 0, "a part stands outside of the thread");
    assert_eq!(world.session.find_sent(&event).await.unwrap().len(), all.len() - 1);
}
