//! The verb `login`: logs in from a shell, while the program does not run.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpStream;

use super::bridge::{load, network};
use super::cli::LoginArgs;
use super::ground::open_store;
use super::run::reachable;
use super::telemetry;
use crate::config::{Level, Permissions};
use crate::engine::command::{LogIn, log_in};
use crate::network::{Answers, Field, LoginFlow, Network};
use crate::secret::Secret;

/// Proves the answers and stores the login. The running program would not see it, and on SQLite holds the database.
pub(super) async fn login<N: Network>(path: &Path, args: LoginArgs) -> Result<String, String> {
    let config = load::<N>(path)?;
    telemetry::log(&config.logging, N::INFO.quiet)?;
    let network = network::<N>(load::<N>(path)?.own)?;
    let flows = N::login_flows();
    let (mut given, owner_given) = read_answers(&args.answers)?;
    let owner = owner(args.owner.or(owner_given), &config.permissions)?;
    let Some(flow) = flows.iter().find(|flow| args.flow.as_deref().is_none_or(|named| named == flow.id))
    else {
        let known: Vec<&str> = flows.iter().map(|flow| flow.id).collect();
        return Err(format!("There is no such way to log in. Known: {}.", known.join(", ")));
    };
    expect_fields(flow, given.iter().map(|(name, _)| name.as_str()))?;
    // Before anybody is asked for secrets.
    expect_silence(config.appservice.listen).await?;
    let mut answers = Answers::default();
    for field in &flow.fields {
        let answer = match given.iter().position(|(name, _)| name == field.id) {
            Some(at) => given.swap_remove(at).1,
            None => ask(field)?,
        };
        network.check_answer(flow.id, field.id, &answer)?;
        answers.put(field.id, answer);
    }
    let store = open_store(&config, path, N::INFO.id).await?;
    let proven = log_in(
        LogIn { network: &network, store: &store, owner: &owner, flow: flow.id, is_admin: true },
        answers,
    )
    .await;
    store.close().await;
    proven.map(|(row, note)| {
        let note = note.map(|note| format!("\n{note}")).unwrap_or_default();
        format!("Logged in to {} for {owner}.{note}", row.name)
    })
}

/// The running program would not see what is stored beside it. The error is a sentence.
async fn expect_silence(listen: SocketAddr) -> Result<(), String> {
    match TcpStream::connect(reachable(listen)).await {
        Err(_) => Ok(()),
        Ok(_) => Err(format!(
            "Somebody answers at {listen} (appservice.listen): the program runs, and would not see this login. Write `login` to its \
             bot in a chat; or stop it first."
        )),
    }
}

/// Whose login it is to be: somebody who may log in. The error is a sentence.
fn owner(named: Option<String>, permissions: &Permissions) -> Result<String, String> {
    let owner = named.or_else(|| permissions.admins().next().map(str::to_owned)).ok_or(
        "Whose login is it? Name a Matrix id with --owner, or an admin under permissions in the config.",
    )?;
    if ruma::UserId::parse(&owner).is_err() {
        return Err(format!("--owner: {owner:?} is no Matrix id. Write it like @you:example.org."));
    }
    match permissions.level(&owner) {
        level if level < Level::User => Err(format!(
            "--owner: {owner} has the permission level `{level}`, and a login needs `user`. Give it under permissions in \
             the config, or name somebody else."
        )),
        _ => Ok(owner),
    }
}

/// Whether each answer is one that is asked for, and is there once: before the first question is put. The error is a
/// sentence.
fn expect_fields<'a>(flow: &LoginFlow, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut open: Vec<&str> = flow.fields.iter().map(|field| field.id).collect();
    for name in names {
        if let Some(at) = open.iter().position(|field| *field == name) {
            open.remove(at);
            continue;
        }
        let option = |name: &str| format!("--{}", name.replace('_', "-"));
        if flow.fields.iter().any(|field| field.id == name) {
            return Err(format!("{} is given twice.", option(name)));
        }
        let known: Vec<String> = flow.fields.iter().map(|field| option(field.id)).collect();
        return Err(format!(
            "`login {}` asks for no {}. It takes {} and --owner; what is missing is asked for.",
            flow.id,
            option(name),
            known.join(", ")
        ));
    }
    Ok(())
}

/// Whether a word looks like a secret that some login asks for.
pub(super) fn is_secret<N: Network>(network: &N, word: &str) -> bool {
    let word = Secret::new(word);
    N::login_flows().iter().any(|flow| {
        let mut secret = flow.fields.iter().filter(|field| field.secret);
        secret.any(|field| network.check_answer(flow.id, field.id, &word).is_ok())
    })
}

/// The ways to log in and the answers that each asks for, for the help.
pub(super) fn help(flows: Vec<LoginFlow>) -> String {
    let mut text = String::from(
        "Ways to log in, with the answers that may be given here; what is missing is asked for:\n",
    );
    for flow in flows {
        let _ = writeln!(text, "  {}: {}", flow.id, flow.summary);
        for field in flow.fields {
            let _ = writeln!(text, "    --{} ANSWER: {}", field.id.replace('_', "-"), field.question);
        }
    }
    text
}

/// Named answers of a command line, and the owner if one stands among them.
type Named = (Vec<(String, Secret)>, Option<String>);

/// Reads `--name value` and `--name=value`.
fn read_answers(words: &[String]) -> Result<Named, String> {
    let (mut answers, mut owner) = (Vec::new(), None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word
            .strip_prefix("--")
            .ok_or("Answers are written as --name value; `login --help` says their names.")?;
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (name, words.next().cloned().ok_or_else(|| format!("--{name} has no value."))?),
        };
        if name == "owner" {
            owner = Some(value);
        } else {
            answers.push((name.replace('-', "_"), Secret::new(value)));
        }
    }
    Ok((answers, owner))
}

/// Asks on the terminal; what is secret does not show while it is typed.
fn ask(field: &Field) -> Result<Secret, String> {
    let mut error = std::io::stderr();
    let hidden = if field.secret { " (it does not show)" } else { "" };
    let _ = write!(error, "{}{hidden}\n> ", field.question);
    let _ = error.flush();
    let stdin = std::io::stdin();
    let mut line = String::new();
    let read = if field.secret && stdin.is_terminal() {
        rpassword::read_password().map(|answer| line = answer)
    } else {
        stdin.read_line(&mut line).map(drop)
    };
    read.map_err(|error| format!("Nothing could be read: {error}."))?;
    let answer = Secret::new(line.trim());
    if answer.is_empty() { Err("No answer was given; nothing was stored.".to_owned()) } else { Ok(answer) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;
    use crate::network::Field;

    #[test]
    fn an_owner_is_somebody_who_may_log_in() {
        let levels = [("@root:hs.test", Level::Admin), ("hs.test", Level::User), ("*", Level::Relay)];
        let levels = levels.map(|(who, level)| (who.to_owned(), level)).into();
        let permissions = Permissions::check(levels, &mut Vec::new());
        let asked = |owner: &str| owner_of(owner, &permissions);
        assert_eq!(owner(None, &permissions).unwrap(), "@root:hs.test");
        assert_eq!(asked("@ada:hs.test").unwrap(), "@ada:hs.test");
        for nobody in ["ada", "@ada", "", "#room:hs.test"] {
            assert!(asked(nobody).unwrap_err().contains("no Matrix id"), "{nobody}");
        }
        let told = asked("@eve:elsewhere.test").unwrap_err();
        assert!(told.contains("`relay`") && told.contains("permissions"), "{told}");
        assert!(owner(None, &Permissions::default()).unwrap_err().contains("--owner"));
    }

    fn owner_of(named: &str, permissions: &Permissions) -> Result<String, String> {
        owner(Some(named.to_owned()), permissions)
    }

    #[test]
    fn answers_are_looked_at_before_the_first_question() {
        let field = |id| Field { id, question: "?", secret: true };
        let fields = vec![field("bot_token"), field("app_token")];
        let flow = LoginFlow { id: "app", summary: "", preface: None, fields };
        let check = |names: &[&str]| expect_fields(&flow, names.iter().copied());
        assert_eq!(check(&["app_token", "bot_token"]), Ok(()));
        assert!(check(&["app_token", "app_token"]).unwrap_err().contains("--app-token is given twice"));
        let told = check(&["bot_tokn"]).unwrap_err();
        assert!(told.contains("no --bot-tokn.") && told.contains("--bot-token, --app-token"), "{told}");
    }
}
