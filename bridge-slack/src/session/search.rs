//! Finds people by what somebody types: an id, a mention, a handle, a name.

use std::borrow::Cow;

use bridge_core::error::NetworkError;
use bridge_core::network::Person;

use crate::api::Caller;
use crate::api::page::USERS_PER_PAGE;
use crate::api::reply::{User, UserReply};
use crate::convert::Own;
use crate::id;

/// Slack's own assistant, which is no bot by its flags and takes no messages of apps.
const SLACKBOT: &str = "USLACKBOT";

/// Pages of the workspace's people that are read, which takes Slack's limits a minute or two; people behind these are
/// found by their ids.
const MOST_PAGES: usize = 40;

/// How well somebody fits what was typed; the best come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The handle, which nobody else has.
    Handle,
    /// One of the names.
    Name,
    /// A word of a name.
    Word,
}

/// The people who fit best: the one of that id or handle, else those of that name, else those with that word in a name.
pub(super) async fn people(
    caller: &Caller,
    team_id: &str,
    own: &Own,
    typed: &str,
) -> Result<Vec<Person>, NetworkError> {
    let typed = typed.trim();
    if let Some(user) = id_of(typed) {
        let params = vec![("user", Some(Cow::Borrowed(user)))];
        return match caller.get::<UserReply>("users.info", &params).await {
            Ok(reply) => Ok(person(team_id, &reply.user).into_iter().collect()),
            Err(error) if matches!(error.code(), Some("user_not_found" | "user_not_visible")) => {
                Ok(Vec::new())
            }
            Err(error) => Err(error.of_read("users.info")),
        };
    }
    let wanted = typed.trim_start_matches('@').to_lowercase();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<(Fit, Person)> = Vec::new();
    let mut meet = |user: &User| {
        let is_person = !user.is_bot && !user.deleted && user.id != SLACKBOT && user.id != own.user_id;
        if let Some(fit) = fit(user, &wanted).filter(|_| is_person) {
            found.extend(person(team_id, user).map(|person| (fit, person)));
        }
    };
    let looked = caller.users(MOST_PAGES, |page| {
        page.iter().for_each(&mut meet);
        false
    });
    let is_all = looked.await.map_err(|error| error.of_read("users.list"))?;
    if found.is_empty() && !is_all {
        return Err(NetworkError::Rejected(too_many(&wanted)));
    }
    Ok(best(found))
}

/// Those who fit best, sorted by name.
fn best(found: Vec<(Fit, Person)>) -> Vec<Person> {
    let best = found.iter().map(|(fit, _)| *fit).min();
    let mut people: Vec<Person> =
        found.into_iter().filter(|(fit, _)| Some(*fit) == best).map(|(_, person)| person).collect();
    people.sort_by(|a, b| (&a.name, &a.handle).cmp(&(&b.name, &b.handle)));
    people
}

/// Nobody fits among those who were looked through, and there are more.
fn too_many(wanted: &str) -> String {
    format!(
        "The Slack workspace has more people than are looked through for a name, which are {}, and none of those is called \
         {wanted}. Write the person's member ID instead; on Slack it is copied from the menu of their profile.",
        MOST_PAGES * USERS_PER_PAGE
    )
}

/// The id in a mention as Slack writes it, or by itself.
fn id_of(typed: &str) -> Option<&str> {
    let mention = typed.strip_prefix("<@").and_then(|rest| rest.strip_suffix('>'));
    let text = mention.map_or(typed, |mention| mention.split('|').next().unwrap_or_default());
    let looks_like_one = text.len() >= 9 && text.starts_with(['U', 'W']) && id::is_slack_id(text);
    looks_like_one.then_some(text)
}

fn fit(user: &User, wanted: &str) -> Option<Fit> {
    if user.name.as_ref().is_some_and(|handle| handle.to_lowercase() == wanted) {
        return Some(Fit::Handle);
    }
    let profile = &user.profile;
    let names = [&profile.display_name, &profile.real_name, &user.real_name];
    let names: Vec<String> = names.into_iter().flatten().map(|name| name.trim().to_lowercase()).collect();
    if names.iter().any(|name| name == wanted) {
        return Some(Fit::Name);
    }
    let has_word = |name: &String| name.split_whitespace().any(|word| word == wanted);
    names.iter().any(has_word).then_some(Fit::Word)
}

fn person(team_id: &str, user: &User) -> Option<Person> {
    let profile = &user.profile;
    let names = [&profile.display_name, &profile.real_name, &user.real_name, &user.name];
    let name = names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or(&user.id);
    // Handles are unique; of somebody who has none the id is.
    let handle = match user.name.as_deref() {
        Some(handle) if !handle.is_empty() => format!("@{handle}"),
        _ => user.id.clone(),
    };
    Some(Person { user_id: id::user_id(team_id, &user.id)?, name: name.clone(), handle })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn ids_are_ids_and_all_else_is_a_name() {
        for id in ["U0ALICE001", "<@U0ALICE001>", "<@U0ALICE001|alice>"] {
            assert_eq!(id_of(id), Some("U0ALICE001"), "{id}");
        }
        for name in ["alice", "@alice", "ULF", "Ulrike", "<@>", "<@alice>", "C0GENERAL1"] {
            assert_eq!(id_of(name), None, "{name}");
        }
    }

    #[test]
    fn where_not_all_could_be_looked_through_it_is_said() {
        let told = too_many("ada");
        assert!(told.contains("which are 20000, and none of those is called ada"), "{told}");
    }

    #[test]
    fn the_handle_fits_best_and_a_word_of_a_name_least() {
        let alice =
            r#"{"id":"U1","name":"alice","real_name":"Alice Archer","profile":{"display_name":"Ali"}}"#;
        let alice: User = serde_json::from_str(alice).unwrap();
        for (wanted, expected) in [
            ("alice", Some(Fit::Handle)),
            ("ali", Some(Fit::Name)),
            ("alice archer", Some(Fit::Name)),
            ("archer", Some(Fit::Word)),
            ("arch", None),
        ] {
            assert_eq!(fit(&alice, wanted), expected, "{wanted}");
        }
        let found = person("T1", &alice).unwrap();
        assert_eq!((found.user_id.as_str(), &*found.name, &*found.handle), ("t1-u1", "Ali", "@alice"));
    }
}
