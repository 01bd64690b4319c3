//! What an operator is answered, on every engine.
#![allow(clippy::unwrap_used, reason = "tests")]

use clap::{FromArgMatches, Subcommand};

use super::{Order, carry_out};
use crate::id::{DedupKey, LoginId};
use crate::store::dead_letter::{Class, GivenUp, keep, take_wanted};
use crate::store::job::{Job, Lane, Source};
use crate::store::letter_id::LetterId;
use crate::store::tests::engine::{Database, each_engine};

each_engine! { orders_are_carried_out what_is_at_work_is_left_alone }

fn order(line: &str) -> Result<Order, clap::Error> {
    let command = Order::augment_subcommands(clap::Command::new("dead-letters"));
    Order::from_arg_matches(&command.try_get_matches_from(line.split(' '))?)
}

async fn ask(store: &crate::store::Store, line: &str) -> Result<String, String> {
    carry_out(store, &order(&format!("dead-letters {line}")).unwrap()).await
}

fn given_up(id: i64) -> GivenUp {
    let job = Job {
        id,
        lane: Lane::stored("chat:C1"),
        source: if id == 1 { Source::Matrix } else { Source::Remote },
        login_id: (id != 1).then(|| LoginId::new("L1")),
        dedup: DedupKey::new(format!("d{id}")),
        payload: r#"{"type":"m.room.message","sender":"@ada:hs.test","room_id":"!r","content":{"body":"what somebody said"}}"#
            .to_owned(),
        accepted_at: 1_000,
        attempts: 2,
        maybe_sent: false,
        letter_id: None,
    };
    let (class, notice) = (Class::Rejected, Some("$told".to_owned()));
    GivenUp { job, class, cause: format!("Because of {id}."), notice }
}

async fn orders_are_carried_out(db: &Database) {
    let store = db.store().await;
    assert_eq!(ask(&store, "list").await.unwrap(), "There are no dead letters.");
    let mut tx = store.begin().await.unwrap();
    for id in 1..=3 {
        keep(&mut tx, &given_up(id), 1_764_302_400_000 + id * 1_000).await.unwrap();
    }
    tx.commit().await.unwrap();
    let listed = ask(&store, "list --limit 2").await.unwrap();
    assert_eq!(
        listed,
        "3 dead letters, the oldest first:\n\
         0-1  2025-11-28 04:00:01Z  from Matrix, rejected: Because of 1.\n\
         0-2  2025-11-28 04:00:02Z  from the network, rejected: Because of 2.\n\
         And 1 more; --limit shows more at once.\n"
    );
    let shown = ask(&store, "show 0-2").await.unwrap();
    for part in
        ["Dead letter 0-2\n", "Because of 2.", "chat:C1", "L1", "tries     3\n", "1970-01-01 00:00:01Z"]
    {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.contains("somebody said"), "{shown}");
    assert!(shown.contains("  from      the network\n") && shown.contains("  login     L1\n"), "{shown}");
    let of_matrix = ask(&store, "show 0-1").await.unwrap();
    for part in ["  sender    @ada:hs.test\n", "  event     m.room.message\n", "  room      !r\n"] {
        assert!(of_matrix.contains(part), "{part} is not in {of_matrix}");
    }
    assert!(of_matrix.contains("  from      Matrix\n") && !of_matrix.contains("login"), "{of_matrix}");
    for wrong in ["show 0-9", "retry 0-9", "drop 0-9"] {
        assert!(ask(&store, wrong).await.unwrap_err().contains("no dead letter 0-9"), "{wrong}");
    }
    assert!(ask(&store, "drop 0-9 0-1").await.unwrap_err().ends_with("or never was. Nothing was dropped."));
    for (vague, way) in [("retry", "--all"), ("drop", "--before 30d")] {
        assert!(ask(&store, vague).await.unwrap_err().contains(way), "{vague}");
    }
    assert!(ask(&store, "show what?").await.unwrap_err().contains("no dead letter's id"));
    assert_eq!(ask(&store, "drop 0-1").await.unwrap(), "1 dead letter was dropped.");
    assert!(
        ask(&store, "drop --before 2020-01-01").await.unwrap().starts_with("Nothing was dropped: no letter")
    );
    assert_eq!(
        ask(&store, "drop --before 2025-11-28T04:00:03Z").await.unwrap(),
        "1 dead letter given up before 2025-11-28 04:00:03Z was dropped."
    );
    assert_eq!(store.count_dead_letters().await.unwrap().all, 1);
    assert!(ask(&store, "retry --all").await.unwrap().starts_with("1 dead letter is to be tried again"));
    assert!(ask(&store, "retry --all").await.unwrap().contains("nothing to try again"));
    assert!(ask(&store, "list").await.unwrap().contains("waiting to be tried again"));
}

async fn what_is_at_work_is_left_alone(db: &Database) {
    let store = db.store().await;
    let mut tx = store.begin().await.unwrap();
    keep(&mut tx, &given_up(7), 5).await.unwrap();
    tx.commit().await.unwrap();
    ask(&store, "retry 0-7").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let jobs = take_wanted(&mut tx, 100, 0).await.unwrap();
    tx.commit().await.unwrap();
    let job = &jobs[0];
    assert_eq!((job.id, job.letter_id, job.attempts), (101, Some(LetterId(7)), 0));
    assert_eq!((job.dedup.as_str(), job.lane.as_str(), job.maybe_sent), ("d7", "chat:C1", true));
    for line in ["retry 0-7", "drop 0-7"] {
        assert!(ask(&store, line).await.unwrap_err().contains("being tried again"), "{line}");
    }
    assert!(ask(&store, "drop --before 0m").await.unwrap().starts_with("Nothing was dropped"));
    // It fails again: the same letter, told of in the same event, with all its tries. Twice is as once.
    let again = GivenUp { job: job.clone(), class: Class::Parked, cause: "Still.".to_owned(), notice: None };
    for _ in 0..2 {
        let mut tx = store.begin().await.unwrap();
        keep(&mut tx, &again, 9).await.unwrap();
        tx.commit().await.unwrap();
    }
    let row = store.dead_letter(LetterId(7)).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.parked_at, row.retry_id, row.wanted_at), (4, 9, None, None));
    assert_eq!(
        (row.cause.as_str(), row.class.as_str(), row.notice.as_deref()),
        ("Still.", "parked", Some("$told"))
    );
}

#[test]
fn lines_that_say_nothing_are_refused() {
    for line in ["", " list --limit 0", " show", " retry 1 --all", " drop 1 --before 1d", " burn 1"] {
        assert!(order(&format!("dead-letters{line}")).is_err(), "{line}");
    }
}
