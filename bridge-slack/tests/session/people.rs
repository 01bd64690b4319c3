//! Finding people by name, and what is pinned from Matrix.

use bridge_core::event::MatrixKind;
use bridge_core::network::Session;
use fake_slack::Fault;
use serde_json::json;

use super::world::{World, next, refusal};

async fn found(world: &World, typed: &str) -> Vec<String> {
    let people = world.session.find_people(typed).await.unwrap();
    people.into_iter().map(|person| person.handle).collect()
}

#[tokio::test]
async fn people_are_found_by_what_tells_them_apart() {
    let world = World::new().await;
    let doubled = world.slack.add_user("alice2", "Alice Archer");
    let gone = world.slack.add_user("gone", "Gone Girl");
    world.slack.change_user(&gone, &json!({ "deleted": true })).unwrap();
    for (typed, expected) in [
        ("@alice", vec!["@alice"]),
        ("ALICE", vec!["@alice"]),
        ("U0ALICE001", vec!["@alice"]),
        ("<@U0BOB00001|bob>", vec!["@bob"]),
        ("alice archer", vec!["@alice", "@alice2"]),
        ("Archer", vec!["@alice", "@alice2"]),
        ("alice2", vec!["@alice2"]),
        ("gone", vec![]),
        ("slackbot", vec![]),
        ("matrix-bridge", vec![]),
        ("U0NOBODY00", vec![]),
        ("@", vec![]),
    ] {
        let mut handles = found(&world, typed).await;
        handles.sort();
        assert_eq!(handles, expected, "{typed}");
    }
    let person = world.session.find_people("alice2").await.unwrap().remove(0);
    assert_eq!(person.user_id, world.user(&doubled));
}

#[tokio::test]
async fn the_whole_workspace_is_looked_through() {
    let world = World::new().await;
    for number in 0..1_100 {
        world.slack.add_user(&format!("user{number:04}"), &format!("Number {number}"));
    }
    assert_eq!(found(&world, "user1099").await, ["@user1099"]);
    assert_eq!(found(&world, "Number 300").await, ["@user0300"]);
    assert!(world.slack.call_count("users.list") >= 6, "it did not go from page to page");
}

#[tokio::test]
async fn whoever_an_event_tells_of_is_not_asked_about() {
    let mut world = World::new().await;
    let mut deliveries = world.listen().await;
    let alice = world.user("U0ALICE001");
    world.session.user_info(&alice).await.unwrap();
    for (number, change) in
        [json!({ "display_name": "ally" }), json!({ "status_text": "away" })].iter().enumerate()
    {
        world.slack.change_user("alice", change).unwrap();
        next(&mut deliveries).await;
        let info = world.session.user_info(&alice).await.unwrap();
        assert_eq!((info.name.as_deref(), info.status.is_some()), (Some("ally"), number == 1));
        assert!(info.avatar_url.is_some() && info.time_zone.is_some() && info.team.is_some(), "{info:?}");
    }
    assert_eq!(world.slack.call_count("users.info"), 1);
}

#[tokio::test]
async fn the_app_knows_where_it_is() {
    let world = World::new().await;
    let of = |channel: &str| world.chat(&channel.to_lowercase());
    let outside = world.slack.create_channel("alice", "outside", false).unwrap();
    let closed = world.slack.create_channel("alice", "closed", true).unwrap();
    let own = world.slack.dm("alice").unwrap();
    let among_people = world.slack.open_conversation(&["alice", "bob"]).unwrap();
    for (channel, is_in) in
        [("C0GENERAL1", true), (&own, true), (&outside, false), (&closed, false), (&among_people, false)]
    {
        assert_eq!(world.session.is_in_chat(&of(channel)).await.unwrap(), is_in, "{channel}");
    }
}

#[tokio::test]
async fn a_message_is_pinned_and_taken_off_also_again() {
    let world = World::new().await;
    let ts = world.slack.post_as("alice", "general", "keep me").unwrap();
    let pin = |is_pinned| world.mary(MatrixKind::Pin { message: world.id_of(&ts), is_pinned });
    for (is_pinned, expected) in
        [(true, vec![ts.clone()]), (true, vec![ts.clone()]), (false, vec![]), (false, vec![])]
    {
        world.send(&pin(is_pinned)).await.unwrap();
        assert_eq!(world.slack.pins("general"), expected);
    }
    for (code, word) in [("not_pinnable", "does not let this message"), ("is_archived", "archived")] {
        world.slack.fail_next("pins.add", Fault::Error(code.to_owned()), 1);
        let why = refusal(world.send(&pin(true)).await);
        assert!(why.contains(word), "{code}: {why}");
    }
    world.slack.delete("general", &ts).unwrap();
    world.send(&pin(false)).await.unwrap();
    assert!(refusal(world.send(&pin(true)).await).contains("no longer there"));
}
