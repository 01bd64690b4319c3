//! `start-chat`: begins a direct chat with somebody on the remote network, or a group with several.

use std::time::Duration;

use clap::{Arg, ArgMatches};
use ruma::{OwnedUserId, UserId};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Ask;
use crate::command::Command;
use crate::command::line::words;
use crate::config::Level;
use crate::content::{Lookup, Mention, Span, html_read};
use crate::engine::Bridge;
use crate::engine::begin_chat::Opened;
use crate::engine::bridge::room_id;
use crate::engine::matrix::ghost_member::bold;
use crate::engine::persist::persist;
use crate::error::{JobError, NetworkError};
use crate::id::RemoteUserId;
use crate::network::{Network, Person, Session};
use crate::task;

const NAME: &str = "start-chat";
/// People of one name who are listed; more are counted.
const LISTED: usize = 10;

pub(super) fn command() -> Command {
    let who = Arg::new("who").required(true).num_args(1..).help("A handle, id, name or mention.");
    let about = "Begins a direct chat with one person, or a group with several, and invites you to its room. `<who>` is \
                 a handle, an id, a name (in quotes if it has blanks) or a mention.";
    Command { level: Level::User, clap: clap::Command::new(NAME).about(about).arg(who) }
}

/// How long the chat's or room's other messages wait for the answer. What takes longer is told when it is done.
const WAITED_FOR: Duration = Duration::from_secs(5);
/// How long a chat may take in all.
const PATIENCE: Duration = Duration::from_mins(5);

/// What the work needs to know of the command.
struct Order {
    asker: OwnedUserId,
    named: Vec<Named>,
    room_id: String,
    key: String,
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
    let order = Order {
        asker,
        named: named(bridge, ask, args),
        room_id: ask.event.room_id.clone(),
        key: format!("begun/{}", ask.job.dedup),
    };
    let stopping = || JobError::Retry("the program is stopping".to_owned());
    let shared = bridge.shared().ok_or_else(stopping)?;
    let (answer, mut answered) = oneshot::channel();
    task::spawn("start-chat", async move {
        let work = tokio::time::timeout(PATIENCE, carry_out(&shared, &order));
        let text = work.await.unwrap_or_else(|_| {
            format!("{} took too long over your `start-chat`. Write it again in a while.", N::INFO.name)
        });
        // What was cut off by the program's end has no result.
        if !shared.stopping.is_cancelled()
            && let Err(text) = answer.send(text)
        {
            tell_later(&shared, &order, &text).await;
        }
    });
    if let Ok(answered) = tokio::time::timeout(WAITED_FOR, &mut answered).await {
        let broken = || JobError::Park("The program ran into a fault of its own over a command.".to_owned());
        return answered.map_err(|_| if bridge.stopping.is_cancelled() { stopping() } else { broken() });
    }
    // Either the answer is there now, or its task says it.
    answered.close();
    Ok(answered.try_recv().unwrap_or_else(|_| {
        format!(
            "I am asking {} for this, which takes a while. I write here when the chat is there; if I do not within \
             some minutes, write the command again.",
            N::INFO.name
        )
    }))
}

async fn tell_later<N: Network>(bridge: &Bridge<N>, order: &Order, text: &str) {
    let say = || async { bridge.say(room_id(&order.room_id)?, text, &order.key).await };
    if let Err(error) = persist(&bridge.stopping, say).await
        && !bridge.stopping.is_cancelled()
    {
        tracing::warn!(%error, "nobody could be told that their chat was begun");
    }
}

/// Finds everybody and begins the chat; gives the sentences for who asked.
async fn carry_out<N: Network>(bridge: &Bridge<N>, order: &Order) -> String {
    let mut answer = None;
    for live in bridge.logins_to_begin_with(order.asker.as_str()) {
        match look_up::<N>(&live.session, &order.named).await {
            Ok(people) => {
                let begun = begin(bridge, &order.asker, &people).await;
                return begun.unwrap_or_else(|error| format!("The chat could not be begun. {error}"));
            }
            // Another login may know them.
            Err(why) => {
                answer.get_or_insert(why);
            }
        }
    }
    answer.unwrap_or_else(|| {
        format!(
            "The bridge is not logged in to {}, so there is nobody to write to. `login` begins.",
            N::INFO.name
        )
    })
}

/// Opens the chat, makes its room, and brings everybody in.
async fn begin<N: Network>(
    bridge: &Bridge<N>,
    asker: &UserId,
    people: &[RemoteUserId],
) -> Result<String, JobError> {
    let stop = &bridge.stopping;
    let opened = match persist(stop, || bridge.open_chat(asker.as_str(), people)).await {
        Ok(opened) => opened,
        Err(error) => return Ok(format!("The chat could not be opened. {error}")),
    };
    let _turn = bridge.beginning.turn(&opened.info.key).await;
    let has_room = || bridge.has_room_for(&opened.live, &opened.info.key, asker);
    // Once: what a try that fails has made was not there before.
    let is_known = persist(stop, has_room).await?;
    persist(stop, || lead_in(bridge, &opened, asker, people, is_known)).await
}

/// Makes the room of a chat, unless it is known, and invites who asked.
async fn lead_in<N: Network>(
    bridge: &Bridge<N>,
    opened: &Opened<N::Session>,
    asker: &UserId,
    people: &[RemoteUserId],
    is_known: bool,
) -> Result<String, JobError> {
    let live = &opened.live;
    let portal = match bridge.portal_for(live, &opened.info.key, asker).await {
        Err(error) if !error.is_tried_again() => {
            return Ok(format!("Its room could not be made: {error}"));
        }
        portal => portal?,
    };
    let room = room_id(portal.room_id.as_deref().unwrap_or_default())?;
    let names = bridge.bring_in(live, room, people).await?;
    if is_known || !bridge.is_beginner(&portal.chat, asker).await? {
        return bridge.point_to(live, &portal, asker, &names).await;
    }
    let link = bridge.address_of(room);
    if !bridge.are_together(room, asker).await? && !bridge.let_in(&portal, asker).await? {
        return Ok(format!(
            "Your chat with {names} is {link}. The homeserver does not let the bridge invite you."
        ));
    }
    Ok(format!("Your chat with {names} is {link}. You are invited.{}", Bridge::<N>::how_shown(live)))
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
