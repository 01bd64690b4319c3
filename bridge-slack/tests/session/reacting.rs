//! Reactions of the app, and the note that says whose they are.

use std::time::Duration;

use bridge_core::content::Emoji;
use bridge_core::error::NetworkError;
use bridge_core::event::{MatrixEvent, MatrixKind, Reaction, Speaker};
use bridge_core::id::RemoteMessageId;
use bridge_core::network::{SentPart, Session};
use bridge_slack::config::{Config, RateLimits, ReactionNotes};
use fake_slack::{Fault, Options};
use serde_json::Value;

use super::world::{World, pass, refusal};

impl World {
    fn reaction(
        &self,
        ts: &str,
        (emoji, is_set): (&str, bool),
        who: &[(&str, &[&str])],
        note: Option<&SentPart>,
    ) -> MatrixEvent {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.mary(MatrixKind::React(Reaction {
            message: self.id_of(ts),
            thread_root: None,
            emoji: Emoji::read_stored(emoji),
            is_set,
            relayed: who.iter().map(|(emoji, who)| (Emoji::read_stored(emoji), names(who))).collect(),
            note: note.map(|part| part.id.clone()),
        }))
    }

    /// The names of the reactions on a message.
    fn reactions(&self, ts: &str) -> Vec<String> {
        let message = self.slack.message("general", ts).unwrap();
        let reactions = message["reactions"].as_array().cloned().unwrap_or_default();
        reactions.iter().map(|reaction| reaction["name"].as_str().unwrap().to_owned()).collect()
    }

    fn replies(&self, ts: &str) -> Vec<Value> {
        let messages = self.slack.messages("general").into_iter();
        messages.filter(|one| one["thread_ts"] == ts && one["ts"] != ts).collect()
    }
}

#[tokio::test]
async fn a_reaction_is_set_and_removed_also_again() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    for (emoji, name) in [("👍", "+1"), ("👋🏽", "wave::skin-tone-4"), (":party:", "party")] {
        world.slack.add_emoji("party", "https://e.test/party.png");
        for is_set in [true, true, false, false] {
            world.send(&world.reaction(&ts, (emoji, is_set), &[], None)).await.unwrap();
            assert_eq!(world.reactions(&ts), if is_set { vec![name.to_owned()] } else { Vec::new() });
        }
    }
}

#[tokio::test]
async fn a_note_names_those_who_reacted_and_goes_with_the_last() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let first = world.send(&world.reaction(&ts, ("👍", true), &[("👍", &["Ada"])], None)).await.unwrap();
    assert_eq!(world.replies(&ts)[0]["text"], ":+1: Ada");
    assert_eq!((first.len(), first[0].part.as_str()), (1, "note"));
    let both: &[(&str, &[&str])] = &[("👍", &["Ada", "Bob"]), ("🎉", &["Cy"])];
    let again = world.send(&world.reaction(&ts, ("🎉", true), both, Some(&first[0]))).await.unwrap();
    assert_eq!(again, first, "a note more instead of the one changed");
    assert_eq!(world.replies(&ts).len(), 1);
    assert_eq!(world.replies(&ts)[0]["text"], ":+1: Ada, Bob · :tada: Cy");
    let last = world.send(&world.reaction(&ts, ("👍", false), &[], Some(&first[0]))).await.unwrap();
    assert_eq!((last, world.replies(&ts).len()), (Vec::new(), 0));
}

#[tokio::test]
async fn a_note_is_posted_once_also_when_its_answer_is_lost() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let event = world.reaction(&ts, ("👍", true), &[("👍", &["Ada"])], None);
    world.slack.fail_next("chat.postMessage", Fault::DropAfter, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::Uncertain(_)), "{error:?}");
    let parts = world.send_again(&event).await.unwrap();
    assert_eq!((parts.len(), world.replies(&ts).len()), (1, 1));
    // After a wait in the middle the reaction is there already.
    let other = world.slack.post_as("alice", "general", "dinner?").unwrap();
    let event = world.reaction(&other, ("👍", true), &[("👍", &["Ada"])], None);
    world.slack.rate_limit_next("chat.postMessage", 30, 1);
    let error = world.send(&event).await.unwrap_err();
    assert!(matches!(error, NetworkError::RateLimited(_)), "{error:?}");
    pass(Duration::from_secs(30)).await;
    world.send_again(&event).await.unwrap();
    assert_eq!((world.reactions(&other).len(), world.replies(&other).len()), (1, 1));
}

#[tokio::test]
async fn a_note_that_somebody_removed_is_written_anew() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let first = world.send(&world.reaction(&ts, ("👍", true), &[("👍", &["Ada"])], None)).await.unwrap();
    let note = first[0].id.as_str().rsplit_once('-').unwrap().1.to_owned();
    world.slack.delete("general", &note).unwrap();
    let both: &[(&str, &[&str])] = &[("👍", &["Ada", "Bob"])];
    let anew = world.send(&world.reaction(&ts, ("👍", true), both, Some(&first[0]))).await.unwrap();
    assert!(anew.len() == 1 && anew[0].id != first[0].id);
    assert_eq!(world.replies(&ts)[0]["text"], ":+1: Ada, Bob");
}

#[tokio::test]
async fn notes_can_be_switched_off_and_a_login_has_none() {
    let off =
        Config { rate_limits: RateLimits::Off, reaction_notes: ReactionNotes::Off, ..Config::default() };
    let world = World::configured(Options::default(), off).await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let event = world.reaction(&ts, ("👍", true), &[("👍", &["Ada"])], None);
    assert_eq!(world.send(&event).await.unwrap(), Vec::new());
    assert_eq!((world.reactions(&ts).len(), world.replies(&ts).len()), (1, 0));
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    let event = world.reaction(&ts, ("👍", true), &[], None);
    let event = world.does(Speaker::Login, "c0general1", event.kind);
    assert_eq!(world.send(&event).await.unwrap(), Vec::new());
    assert_eq!((world.reactions(&ts).len(), world.replies(&ts).len()), (1, 0));
}

#[tokio::test]
async fn refused_reactions_are_told_in_words_and_a_refused_note_is_not() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "lunch?").unwrap();
    for unknown in ["ok", ":Not A Name:"] {
        let why = refusal(world.send(&world.reaction(&ts, (unknown, true), &[], None)).await);
        assert!(why.contains("emoji"), "{why}");
    }
    for (code, word) in [("invalid_name", "no such emoji"), ("too_many_emoji", "as many different")] {
        world.slack.fail_next("reactions.add", Fault::Error(code.to_owned()), 1);
        let why = refusal(world.send(&world.reaction(&ts, ("👍", true), &[], None)).await);
        assert!(why.contains(word), "{code}: {why}");
    }
    world.slack.fail_next("chat.postMessage", Fault::Error("restricted_action".to_owned()), 1);
    let event = world.reaction(&ts, ("👍", true), &[("👍", &["Ada"])], None);
    assert_eq!(world.send(&event).await.unwrap(), Vec::new());
    assert_eq!(world.reactions(&ts), ["+1"]);
    let mut elsewhere = world.reaction(&ts, ("👍", true), &[], None);
    if let MatrixKind::React(reaction) = &mut elsewhere.kind {
        reaction.message = RemoteMessageId::new("not-slack");
    }
    let why = refusal(world.session.send(&elsewhere, Vec::new()).await);
    assert!(why.contains("not a message of Slack"), "{why}");
}
