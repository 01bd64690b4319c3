//! What the facts mean: a state for each part, and what to do where it is not fine. Looks at nothing but the facts.

use serde_json::json;

use super::facts::{Database, Facts};
use super::part::{HealthPart, Trouble};
use crate::appservice::pulse::Pulse;
use crate::store::lease::Role;

/// How long the homeserver's first call may take to come, in milliseconds.
const STARTING_MS: i64 = 30 * 1000;
/// How long it may take to see whether something is held back.
const MOVING_MS: i64 = 15 * 1000;
/// How long the oldest event may wait.
const OLD_MS: i64 = 5 * 60 * 1000;
/// An answer of the database that takes longer is slow.
const SLOW_MS: u128 = 1000;
/// Less than one in so many bytes left is too little.
const DISK_SHARE: u64 = 10;

/// The parts of every program, in the order in which people look.
pub(super) fn parts(facts: &Facts) -> Vec<HealthPart> {
    let mut parts = vec![program(facts), database(facts), homeserver(facts)];
    parts.extend(queue(facts));
    parts.extend(letters(facts));
    parts.extend(disk(facts));
    parts
}

fn program(facts: &Facts) -> HealthPart {
    let trouble = match &facts.program {
        _ if facts.role == Role::Lost => Some(Trouble::down(
            "work_taken_over",
            "Another process has taken the work over, because this one stood still or could not reach the database for \
             some seconds. This one does nothing more.",
            "Start it again: then it stands by. If only one process is meant to run, stop the other one.",
        )),
        Some(reason) => Some(Trouble::down(
            "program_broken",
            reason.clone(),
            "Start it again, and look for the error in its log.",
        )),
        None => None,
    };
    HealthPart::fine("program", json!({ "ok": facts.program.is_none() })).with(trouble)
}

fn database(facts: &Facts) -> HealthPart {
    let (latency, trouble) = match &facts.database {
        Database::Answers(took) if took.as_millis() > SLOW_MS => {
            let slow = Trouble::degraded(
                "database_slow",
                format!("The database took {} ms for a short question.", took.as_millis()),
                "Look what else uses its disk or its server.",
            );
            (Some(*took), Some(slow))
        }
        Database::Answers(took) => (Some(*took), None),
        Database::Fails(why) => (
            None,
            Some(Trouble::down(
                "database_failing",
                why.clone(),
                "Look whether its disk is full and its server runs; it is tried again by itself.",
            )),
        ),
        Database::Unsure(why) => (
            None,
            Some(Trouble::down(
                "database_unsure",
                why.clone(),
                "Look at the database's server and the way to it; it is tried again by itself.",
            )),
        ),
    };
    let latency_ms = latency.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    HealthPart::fine("database", json!({ "ok": latency.is_some(), "latency_ms": latency_ms })).with(trouble)
}

fn homeserver(facts: &Facts) -> HealthPart {
    let standing = facts.standing;
    let is_ok = standing.moved && !standing.pulse.is_bad();
    let part = HealthPart::fine(
        "homeserver",
        json!({
            "ok": (!facts.stands_by()).then_some(is_ok),
            "last_transaction_at": facts.last_transaction_at,
            "last_sent_at": facts.last_sent_at,
            "last_ping_at": facts.last_ping_at,
            "ping_ms": standing.ping_ms,
        }),
    );
    if facts.stands_by() {
        return part;
    }
    if let Some(trouble) = out_of_reach(standing.pulse) {
        return part.with(Some(trouble)).since(standing.since);
    }
    if standing.moved {
        return part.since(standing.moved_since.max(standing.since));
    }
    part.with(held_back(facts)).since(standing.moved_since)
}

fn out_of_reach(pulse: Pulse) -> Option<Trouble> {
    match pulse {
        Pulse::Unknown | Pulse::Alive => None,
        Pulse::Unreachable => Some(Trouble::down(
            "homeserver_unreachable",
            "The homeserver does not answer. What is to be sent there waits.",
            "Look whether it runs and homeserver.url is right; it is tried again by itself.",
        )),
        Pulse::Refuses => Some(Trouble::down(
            "homeserver_refuses",
            "The homeserver answers, but refuses our token.",
            "Give it the registration again (the verb `registration` prints it) and, with Synapse, start it anew.",
        )),
        Pulse::Silent => Some(Trouble::down(
            "homeserver_silent",
            "The homeserver takes our calls, but its own do not reach us, so what is said on Matrix does not come.",
            "Look whether the url in its registration leads here. `doctor` says what it gets there, once the program is stopped.",
        )),
    }
}

/// Why what the homeserver held back has not all come yet, though it answers.
fn held_back(facts: &Facts) -> Option<Trouble> {
    let waited = facts.now.saturating_sub(facts.standing.moved_since);
    if !facts.standing.has_moved && waited < STARTING_MS {
        return Some(Trouble::degraded(
            "starting",
            "The program has just started and waits for the first call of the homeserver.",
            "Wait for half a minute.",
        ));
    }
    // Then it cannot come, for a reason that is told elsewhere.
    if !matches!(facts.database, Database::Answers(_)) {
        return None;
    }
    // Before it was back, nothing could come.
    if waited.min(facts.now.saturating_sub(facts.standing.since)) < MOVING_MS {
        return Some(Trouble::degraded(
            "homeserver_catching_up",
            "The homeserver answers, and what it held back is still to come.",
            "Wait a moment; it is asked for it by itself.",
        ));
    }
    Some(Trouble::down(
        "homeserver_silent",
        "The homeserver takes our events, but does not send us all of its own.",
        "Look whether the url in its registration leads here; it is tried again by itself.",
    ))
}

fn queue(facts: &Facts) -> Option<HealthPart> {
    let (waiting, oldest) = facts.queue?;
    let part = HealthPart::fine(
        "queue",
        json!({
            "waiting": waiting,
            "oldest_accepted_at": oldest,
            "oldest_ms": oldest.map(|at| facts.now.saturating_sub(at).max(0)),
        }),
    );
    match oldest {
        // Of a process that stands by it is not the work.
        Some(at) if facts.now.saturating_sub(at) > OLD_MS && !facts.stands_by() => {
            let trouble = Trouble::degraded(
                "queue_old",
                format!(
                    "{waiting} events wait, the oldest for {} minutes.",
                    facts.now.saturating_sub(at) / 60_000
                ),
                "Look at the other parts first; then in the log for a lane that waits.",
            );
            Some(part.with(Some(trouble)).since(at.saturating_add(OLD_MS)))
        }
        _ => Some(part),
    }
}

fn letters(facts: &Facts) -> Option<HealthPart> {
    let letters = facts.letters?;
    let part =
        HealthPart::fine("letters", json!({ "count": letters.all, "newer_than_an_hour": letters.fresh }));
    if letters.fresh == 0 {
        return Some(part);
    }
    let trouble = Trouble::degraded(
        "dead_letters",
        format!("{} events were given up within the last hour, and are kept as dead letters.", letters.fresh),
        "The verb `dead-letters list` says why; `dead-letters retry` tries them again.",
    );
    let part = part.with(Some(trouble));
    Some(match letters.fresh_since {
        Some(since) => part.since(since),
        None => part,
    })
}

fn disk(facts: &Facts) -> Option<HealthPart> {
    let disk = facts.disk?;
    let is_full = disk.free < disk.total / DISK_SHARE;
    let trouble = is_full.then(|| {
        Trouble::degraded(
            "disk_nearly_full",
            format!("{} MB are left where the database lies, of {}.", disk.free >> 20, disk.total >> 20),
            "Make room: when the disk is full, nothing is stored and nothing acknowledged.",
        )
    });
    Some(
        HealthPart::fine("disk", json!({ "free_bytes": disk.free, "total_bytes": disk.total })).with(trouble),
    )
}

#[cfg(test)]
mod tests;
