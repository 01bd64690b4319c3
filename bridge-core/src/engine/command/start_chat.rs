//! `start-chat`: begins a direct chat with somebody on the remote network, or a group with several.

use clap::{Arg, ArgMatches};
use ruma::UserId;
use serde_json::Value;

use super::Ask;
use crate::command::Command;
use crate::command::line::words;
use crate::config::Level;
use crate::content::{Lookup, Mention, Span, html_read};
use crate::engine::Bridge;
use crate::engine::bridge::room_id;
use crate::engine::matrix::ghost_member::bold;
use crate::error::{JobError, NetworkError};
use crate::id::RemoteUserId;
use crate::network::{Network, Person, Session};

const NAME: &str = "start-chat";
/// People of one name who are listed; more are counted.
const LISTED: usize = 10;

pub(super) fn command() -> Command {
    let who = Arg::new("who").required(true).num_args(1..).help("A handle, id, name or mention.");
    let about = "Begins a direct chat with one person, or a group with several, and invites you to its room. `<who>` is \
                 a handle, an id, a name (in quotes if it has blanks) or a mention.";
    Command { level: Level::User, clap: clap::Command::new(NAME).about(about).arg(who) }
}

/// Somebody who is to be in the chat.
enum Named {
    /// By a mention or the id of a ghost.
    Known(RemoteUserId),
    /// By a word that the network has to understand.
    Word(String),
}

pub(super) async fn run<N: Network>(
    bridge: &Bridge<N>,
    ask: &Ask<'_>,
    args: &ArgMatches,
) -> Result<String, JobError> {
    let Ok(asker) = UserId::parse(ask.sender()) else {
        return Ok("Your Matrix id is malformed, so nobody could be told who begins the chat.".to_owned());
    };
    let named = named(bridge, ask, args);
    let mut answer = None;
    for live in bridge.logins_to_begin_with(ask.sender()) {
        match look_up::<N>(&live.session, &named).await {
            Ok(people) => return begin(bridge, &asker, &people).await,
            // Another login may know them.
            Err(why) => {
                answer.get_or_insert(why);
            }
        }
    }
    Ok(answer.unwrap_or_else(|| {
        format!(
            "The bridge is not logged in to {}, so there is nobody to write to. `login` begins.",
            N::INFO.name
        )
    }))
}

/// Opens the chat, makes its room, and brings everybody in.
async fn begin<N: Network>(
    bridge: &Bridge<N>,
    asker: &UserId,
    people: &[RemoteUserId],
) -> Result<String, JobError> {
    let opened = loop {
        match bridge.open_chat(asker.as_str(), people).await {
            Err(JobError::RetryAfter(wait)) => tokio::time::sleep(wait).await,
            Ok(opened) => break opened,
            Err(error) => return Ok(format!("The chat could not be opened. {error}")),
        }
    };
    let live = &opened.live;
    let is_known = bridge.known_portal(&opened.info.key).await?.is_some();
    let portal = loop {
        match bridge.portal_for(live, &opened.info.key, asker).await {
            Err(JobError::RetryAfter(wait)) => tokio::time::sleep(wait).await,
            Ok(portal) => break portal,
            Err(error) => return Ok(format!("Its room could not be made: {error}")),
        }
    };
    let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
    let names = bridge.bring_in(live, room, people).await?;
    if is_known || !bridge.are_together(room, asker).await? {
        return bridge.point_to(live, &portal, asker, &names).await;
    }
    let (link, shown) = (bridge.address_of(room), Bridge::<N>::how_shown(live));
    Ok(format!("Your chat with {names} is {link}. You are invited.{shown}"))
}

/// Whom the line names, mentions first.
fn named<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>, args: &ArgMatches) -> Vec<Named> {
    let content = &ask.event.content;
    let body = content.get("body").and_then(Value::as_str).unwrap_or_default();
    let formatted = content.get("formatted_body").and_then(Value::as_str);
    let mut lookup = Lookup::default();
    for id in html_read::mentioned(body, formatted) {
        if let Some(remote) = bridge.app.ghosts().parse(&id) {
            lookup.remote_users.insert(id, remote);
        }
    }
    let typed = args.get_many::<String>("who").into_iter().flatten().cloned().collect();
    let (mentioned, left) = without_mentions(body, formatted, &lookup, typed);
    let word = |word: String| match bridge.app.ghosts().parse(&word) {
        Some(remote) => Named::Known(remote),
        None => Named::Word(word),
    };
    mentioned.into_iter().map(Named::Known).chain(left.into_iter().map(word)).collect()
}

/// The people whom a line mentions, and the words that are left of it without their names. `typed`: its words, if it
/// mentions nobody.
fn without_mentions(
    body: &str,
    formatted: Option<&str>,
    lookup: &Lookup,
    typed: Vec<String>,
) -> (Vec<RemoteUserId>, Vec<String>) {
    let (mut people, mut rest) = (Vec::new(), body.split_once(NAME).map_or("", |(_, rest)| rest).to_owned());
    html_read::read(body, formatted, lookup).each_span(&mut |span| {
        if let Span::Mention { mention: Mention::User(remote), label, .. } = span {
            people.push(remote.clone());
            rest = rest.replacen(label, " ", 1);
        }
    });
    if people.is_empty() { (people, typed) } else { (people, words(&rest)) }
}

/// Everybody who is named, as one login knows them. The error is a sentence for who asked.
async fn look_up<N: Network>(session: &N::Session, named: &[Named]) -> Result<Vec<RemoteUserId>, String> {
    let mut people = Vec::with_capacity(named.len());
    for one in named {
        let word = match one {
            Named::Known(remote) => {
                people.push(remote.clone());
                continue;
            }
            Named::Word(word) => word,
        };
        let found = session.find_people(word).await.map_err(|error| match error {
            NetworkError::Rejected(why) => why,
            other => format!("{} could not be asked who that is: {other}", N::INFO.name),
        })?;
        match found.as_slice() {
            [person] => people.push(person.user_id.clone()),
            [] => {
                return Err(format!(
                    "{} knows nobody of the name {}. A handle (`@name`) or an id is found more easily.",
                    N::INFO.name,
                    bold(word)
                ));
            }
            several => return Err(unclear(word, several)),
        }
    }
    people.sort();
    people.dedup();
    Ok(people)
}

fn unclear(word: &str, several: &[Person]) -> String {
    let row = |person: &Person| format!("- {}: `{}`\n", bold(&person.name), person.handle.replace('`', ""));
    let rows: String = several.iter().take(LISTED).map(row).collect();
    let more = several.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("\nand {more} more.") } else { String::new() };
    format!("{} may be one of these; write what stands behind the name:\n\n{rows}{more}", bold(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(body: &str, formatted: Option<&str>) -> (Vec<String>, Vec<String>) {
        let mut lookup = Lookup::default();
        for (id, remote) in [("@n_a:hs", "a"), ("@n_b:hs", "b")] {
            lookup.remote_users.insert(id.to_owned(), RemoteUserId::new(remote));
        }
        let (people, left) = without_mentions(body, formatted, &lookup, vec!["typed".to_owned()]);
        (people.iter().map(ToString::to_string).collect(), left)
    }

    #[test]
    fn mentions_are_people_and_what_is_left_are_words() {
        let html = r#"!x start-chat <a href="https://matrix.to/#/@n_a:hs">Ada Archer</a> bob"#;
        let (people, left) = split("!x start-chat Ada Archer bob", Some(html));
        assert_eq!((people, left), (vec!["a".to_owned()], vec!["bob".to_owned()]));
        let (people, left) = split("start-chat https://matrix.to/#/@n_b:hs", None);
        assert_eq!((people, left), (vec!["b".to_owned()], vec![]));
        assert_eq!(split("start-chat @bob", None), (vec![], vec!["typed".to_owned()]));
    }

    #[test]
    fn those_of_one_name_are_listed() {
        let person = |n: usize| Person {
            user_id: RemoteUserId::new(format!("u{n}")),
            name: "Ada *A*".to_owned(),
            handle: format!("@ada{n}"),
        };
        let told = unclear("ada", &(0..12).map(person).collect::<Vec<_>>());
        assert!(told.contains("- **Ada A**: `@ada0`\n") && told.ends_with("and 2 more."), "{told}");
    }
}
