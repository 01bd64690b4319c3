//! What an operator may do with dead letters, from the command line and by chat alike.

mod origin;

use std::fmt::Write as _;

use clap::Subcommand;

use self::origin::{Origin, origin};
use super::time;
use crate::store::dead_letter::DeadLetterRow;
use crate::store::letter_id::LetterId;
use crate::store::{Store, StoreError};

/// Characters of a cause in the list; `show` has all of it.
const CAUSE_SHOWN: usize = 160;

/// What to do with dead letters.
#[derive(Debug, Clone, Subcommand)]
pub enum Order {
    /// Lists them, the oldest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
    },
    /// Shows one: where it came from, why it was given up, how often it was tried
    Show {
        /// Its id, as `list` shows it
        id: String,
        /// With the event as it was received, which holds what people said; tokens are covered
        #[arg(long)]
        payload: bool,
    },
    /// Tries some again, or all; each goes to the end of its chat's queue
    Retry {
        /// Their ids
        #[arg(conflicts_with = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// Deletes some for good, or all that were given up before a time
    Drop {
        /// Their ids
        #[arg(conflicts_with = "before")]
        ids: Vec<String>,
        /// A day (2026-11-28), a moment (2026-11-28T12:00:00Z), or how long ago (30d, 12h)
        #[arg(long, value_name = "WHEN")]
        before: Option<String>,
    },
}

/// Carries an order out and gives the answer as plain text, without what people said. The error is a sentence too.
pub async fn carry_out(store: &Store, order: &Order) -> Result<String, String> {
    let done = match order {
        Order::List { limit } => list(store, i64::from(*limit)).await,
        Order::Show { id, .. } => {
            let row = found(store, read(id)?).await?;
            origin(store, &row).await.map(|origin| shown(&row, &origin))
        }
        Order::Retry { all: true, .. } => retry_all(store).await,
        Order::Retry { ids, .. } if ids.is_empty() => {
            return Err(
                "Which ones? Name letters by their ids, as `list` shows them, or all of them by --all."
                    .to_owned(),
            );
        }
        Order::Retry { ids, .. } => return retry(store, ids).await,
        Order::Drop { before: Some(before), .. } => {
            let before = time::read(before, store.clock().now_ms())?;
            store.drop_dead_letters_before(before).await.map(|count| {
                if count == 0 {
                    return format!(
                        "Nothing was dropped: no letter was given up before {}.",
                        time::shown(before)
                    );
                }
                let verb = if count == 1 { "was" } else { "were" };
                format!("{} given up before {} {verb} dropped.", letters(count, "", ""), time::shown(before))
            })
        }
        Order::Drop { ids, .. } if ids.is_empty() => {
            return Err("Which ones? Name letters by their ids, as `list` shows them, or those from before a time by \
                        --before 30d."
                .to_owned());
        }
        Order::Drop { ids, .. } => return drop_these(store, ids).await,
    };
    done.map_err(|error| sentence(&error))
}

/// The letter of this id. The error is a sentence.
pub async fn found(store: &Store, id: LetterId) -> Result<DeadLetterRow, String> {
    let row = store.dead_letter(id).await.map_err(|error| sentence(&error))?;
    row.ok_or_else(|| {
        format!("There is no dead letter {id}: it was dropped, tried again with success, or never was.")
    })
}

/// Reads an id. The error is a sentence.
pub fn read(id: &str) -> Result<LetterId, String> {
    id.parse()
}

fn sentence(error: &StoreError) -> String {
    format!("The dead letters could not be looked at: {error}.")
}

async fn list(store: &Store, limit: i64) -> Result<String, StoreError> {
    let count = store.count_dead_letters().await?.all;
    if count == 0 {
        return Ok("There are no dead letters.".to_owned());
    }
    let rows = store.dead_letters(limit).await?;
    let mut text = format!("{}, the oldest first:\n", letters(u64::try_from(count).unwrap_or(0), "", ""));
    for row in &rows {
        let cause: String = row.cause.chars().take(CAUSE_SHOWN).collect();
        let more = if cause.len() < row.cause.len() { "…" } else { "" };
        let _ = writeln!(
            text,
            "{}  {}  from {}, {}{}: {cause}{more}",
            row.letter_id(),
            time::shown(row.parked_at),
            from(row),
            row.class,
            state(row).map(|state| format!(", {state}")).unwrap_or_default(),
        );
    }
    let left = count.saturating_sub(i64::try_from(rows.len()).unwrap_or(count));
    if left > 0 {
        let _ = writeln!(text, "And {left} more; --limit shows more at once.");
    }
    Ok(text)
}

fn shown(row: &DeadLetterRow, origin: &Origin) -> String {
    let mut text = format!("Dead letter {}\n", row.letter_id());
    for (name, value) in [
        ("from", from(row)),
        ("sender", &origin.sender),
        ("event", &origin.kind),
        ("room", &origin.room),
        ("chat", &origin.chat),
        ("class", &row.class),
        ("cause", &row.cause),
        ("lane", &row.lane),
        ("login", &row.login_id),
        ("tries", &row.attempts.to_string()),
        ("accepted", &time::shown(row.accepted_at)),
        ("given up", &time::shown(row.parked_at)),
        ("state", state(row).unwrap_or("kept")),
    ] {
        // What came from Matrix came by no login, and what came from the network has no sender there.
        if !value.is_empty() {
            // Names are other people's: they begin no line of their own.
            let _ = writeln!(text, "  {name:<9} {}", value.replace(char::is_control, "\u{fffd}"));
        }
    }
    text
}

fn from(row: &DeadLetterRow) -> &'static str {
    if row.source == "matrix" { "Matrix" } else { "the network" }
}

fn state(row: &DeadLetterRow) -> Option<&'static str> {
    match (row.retry_id, row.wanted_at) {
        (Some(_), _) => Some("being tried again"),
        (None, Some(_)) => Some("waiting to be tried again"),
        (None, None) => None,
    }
}

async fn retry_all(store: &Store) -> Result<String, StoreError> {
    Ok(told_retried(store.retry_all_dead_letters().await?))
}

async fn retry(store: &Store, ids: &[String]) -> Result<String, String> {
    let ids = ids.iter().map(|id| read(id)).collect::<Result<Vec<_>, _>>()?;
    let mut noted = 0;
    for id in ids {
        if store.retry_dead_letter(id).await.map_err(|error| sentence(&error))? {
            noted += 1;
        } else {
            let row = found(store, id).await?;
            return Err(format!("Dead letter {} is being tried again already.", row.letter_id()));
        }
    }
    Ok(told_retried(noted))
}

fn told_retried(count: u64) -> String {
    if count == 0 {
        return "There is nothing to try again.".to_owned();
    }
    format!(
        "{} to be tried again: in a few seconds if the program runs, else when it is started. One that succeeds is gone \
         from the list.",
        letters(count, "is", "are")
    )
}

async fn drop_these(store: &Store, ids: &[String]) -> Result<String, String> {
    let ids = ids.iter().map(|id| read(id)).collect::<Result<Vec<_>, _>>()?;
    let mut dropped = 0;
    for id in ids {
        if store.drop_dead_letter(id).await.map_err(|error| sentence(&error))? {
            dropped += 1;
            continue;
        }
        let why = found(store, id).await.map_or_else(
            |why| why,
            |row| format!("Dead letter {} is being tried again; drop it if it comes back.", row.letter_id()),
        );
        let before = match dropped {
            0 => "Nothing was dropped.".to_owned(),
            _ => format!(
                "{} dropped before that, the rest was not looked at.",
                letters(dropped, "was", "were")
            ),
        };
        return Err(format!("{why} {before}"));
    }
    Ok(format!("{} dropped.", letters(dropped, "was", "were")))
}

fn letters(count: u64, one: &str, several: &str) -> String {
    let (noun, verb) = if count == 1 { ("letter", one) } else { ("letters", several) };
    format!("{count} dead {noun} {verb}").trim_end().to_owned()
}

#[cfg(test)]
mod tests;
