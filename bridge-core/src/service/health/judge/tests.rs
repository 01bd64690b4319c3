//! What each fact leads to, one case each; and that the worst stands first.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use serde_json::Value;

use super::super::document::{Seen, document};
use super::super::facts::{Disk, Facts};
use super::super::part::{Own, State};
use super::*;
use crate::appservice::pulse::Standing;
use crate::store::tally::Letters;

const NOW: i64 = 10_000_000;
const GB: u64 = 1 << 30;

/// All is well.
fn fine() -> Facts {
    Facts {
        now: NOW,
        role: Role::Working(1),
        program: None,
        database: Database::Answers(Duration::from_millis(2)),
        standing: Standing {
            pulse: Pulse::Alive,
            since: 1_000,
            ping_ms: Some(3),
            moved: true,
            moved_since: 2_000,
            has_moved: true,
        },
        last_transaction_at: Some(5_000),
        last_sent_at: Some(6_000),
        last_ping_at: Some(7_000),
        queue: Some((0, None)),
        letters: Some(Letters::default()),
        rooms: Some((1, 2)),
        disk: Some(Disk { free: 50 * GB, total: 100 * GB }),
        own: Own::default(),
    }
}

/// The document of facts that differ from those in something.
fn told(change: impl FnOnce(&mut Facts)) -> Value {
    let mut facts = fine();
    change(&mut facts);
    document(&facts, &Seen::default(), 500)
}

/// Its codes, the worst first.
fn codes(document: &Value) -> Vec<&str> {
    document["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[test]
fn where_all_is_well_every_part_is_fine() {
    let document = told(|_| {});
    assert_eq!((&document["state"], &document["ready"]), (&"fine".into(), &true.into()));
    assert!(codes(&document).is_empty());
    for part in ["program", "database", "homeserver", "queue", "letters", "disk"] {
        assert_eq!(document[part]["state"], "fine", "{part}");
        assert!(document[part]["since"].is_i64() && document[part].get("reason").is_none(), "{part}");
    }
    assert_eq!(
        (&document["database"]["latency_ms"], &document["homeserver"]["ping_ms"]),
        (&2.into(), &3.into())
    );
    assert_eq!(document["dead_letters"], 0);
}

/// A case: what is changed, the code it leads to, the state, and whether the program is ready.
type Case = (fn(&mut Facts), &'static str, &'static str, bool);

const CASES: &[Case] = &[
    (|facts| facts.program = Some("A part broke.".to_owned()), "program_broken", "down", false),
    (|facts| facts.role = Role::Lost, "work_taken_over", "down", false),
    (|facts| facts.database = Database::Fails("It is full.".to_owned()), "database_failing", "down", false),
    (|facts| facts.database = Database::Unsure("No answer.".to_owned()), "database_unsure", "down", false),
    (|facts| facts.database = Database::Answers(Duration::from_secs(2)), "database_slow", "degraded", true),
    (|facts| facts.standing.pulse = Pulse::Unreachable, "homeserver_unreachable", "down", false),
    (|facts| facts.standing.pulse = Pulse::Refuses, "homeserver_refuses", "down", false),
    (|facts| facts.standing.pulse = Pulse::Silent, "homeserver_silent", "down", false),
    (|facts| starts(facts, NOW - STARTING_MS + 1), "starting", "degraded", false),
    (|facts| starts(facts, NOW - STARTING_MS), "homeserver_silent", "down", false),
    (|facts| holds_back(facts, NOW - MOVING_MS + 1), "homeserver_catching_up", "degraded", false),
    (|facts| returns(facts, NOW - MOVING_MS + 1), "homeserver_catching_up", "degraded", false),
    (|facts| returns(facts, NOW - MOVING_MS), "homeserver_silent", "down", false),
    (|facts| holds_back(facts, NOW - MOVING_MS), "homeserver_silent", "down", false),
    (|facts| facts.queue = Some((3, Some(NOW - OLD_MS - 1))), "queue_old", "degraded", true),
    (
        |facts| facts.letters = Some(Letters { all: 9, fresh: 1, fresh_since: Some(NOW - 5) }),
        "dead_letters",
        "degraded",
        true,
    ),
    (|facts| facts.disk = Some(Disk { free: 9 * GB, total: 100 * GB }), "disk_nearly_full", "degraded", true),
];

fn holds_back(facts: &mut Facts, since: i64) {
    (facts.standing.moved, facts.standing.moved_since) = (false, since);
}

/// After an outage of hours.
fn returns(facts: &mut Facts, at: i64) {
    holds_back(facts, 0);
    facts.standing.since = at;
}

fn starts(facts: &mut Facts, since: i64) {
    holds_back(facts, since);
    (facts.standing.has_moved, facts.standing.pulse) = (false, Pulse::Unknown);
}

#[test]
fn each_fact_has_its_code() {
    for (change, code, state, is_ready) in CASES {
        let document = told(change);
        assert_eq!(codes(&document), [*code]);
        assert_eq!(
            (&document["state"], &document["ready"]),
            (&(*state).into(), &(*is_ready).into()),
            "{code}"
        );
        let problem = &document["problems"][0];
        for key in ["reason", "remedy"] {
            let text = problem[key].as_str().unwrap();
            assert!(text.ends_with('.') && !text.contains("  "), "{code}: {text}");
        }
        let part = problem["part"].as_str().unwrap();
        assert_eq!(
            (&document[part]["code"], &document[part]["state"]),
            (&problem["code"], &problem["state"])
        );
    }
}

#[test]
fn what_is_not_quite_so_is_fine() {
    let cases: [fn(&mut Facts); 6] = [
        |facts| facts.database = Database::Answers(Duration::from_secs(1)),
        |facts| facts.queue = Some((3, Some(NOW - OLD_MS))),
        |facts| facts.letters = Some(Letters { all: 9, fresh: 0, fresh_since: None }),
        |facts| facts.disk = Some(Disk { free: 10 * GB, total: 100 * GB }),
        |facts| facts.disk = None,
        |facts| (facts.queue, facts.letters) = (None, None),
    ];
    for (number, change) in cases.into_iter().enumerate() {
        assert_eq!(told(change)["state"], "fine", "case {number}");
    }
}

#[test]
fn who_stands_by_needs_no_homeserver_and_no_queue() {
    let document = told(|facts| {
        facts.role = Role::StandingBy;
        facts.queue = Some((3, Some(0)));
        starts(facts, 0);
    });
    assert_eq!((&document["state"], &document["ready"]), (&"fine".into(), &true.into()), "{document}");
    assert!(document["homeserver"]["ok"].is_null() && document["role"] == "standby");
}

#[test]
fn a_database_that_fails_is_not_blamed_on_the_homeserver() {
    let document = told(|facts| {
        facts.database = Database::Fails("It is full.".to_owned());
        holds_back(facts, 0);
    });
    assert_eq!(codes(&document), ["database_failing"]);
}

#[test]
fn the_worst_stands_first_and_parts_of_the_programs_own_count() {
    let document = told(|facts| {
        facts.disk = Some(Disk { free: 0, total: GB });
        facts.standing.pulse = Pulse::Silent;
        let trouble = Trouble::degraded("login_refused", "It was revoked.", "Log in again.");
        let login = HealthPart::fine("login T1", json!({ "connection": "bad_credentials" }));
        let login = HealthPart { last_message_at: Some(77), ..login.with(Some(trouble)).since(7) };
        facts.own = Own { parts: vec![login], ..Own::default() };
    });
    assert_eq!(codes(&document), ["homeserver_silent", "disk_nearly_full", "login_refused"]);
    assert_eq!((&document["state"], &document["last_message_at"]), (&"down".into(), &77.into()));
    assert_eq!((&document["parts"][0]["since"], &document["problems"][2]["since"]), (&7.into(), &7.into()));
}

#[test]
fn what_nobody_timed_is_so_since_it_was_first_seen() {
    let (seen, mut facts) = (Seen::default(), fine());
    let since = |facts: &Facts| document(facts, &seen, 500)["disk"]["since"].as_i64().unwrap();
    assert_eq!(since(&facts), 500);
    facts.disk = Some(Disk { free: 0, total: GB });
    assert_eq!(since(&facts), NOW);
    facts.now = NOW + 5_000;
    assert_eq!(since(&facts), NOW);
    facts.disk = Some(Disk { free: GB, total: GB });
    assert_eq!(since(&facts), NOW + 5_000);
    assert_eq!(State::Down.max(State::Degraded), State::Down);
}
