//! The verb `login`: logs in from a shell, while the program does not run.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::bridge::load;
use super::cli::LoginArgs;
use super::ground::open_store;
use super::telemetry;
use crate::engine::command::{LogIn, log_in};
use crate::network::{Answers, LoginFlow, Network};
use crate::secret::Secret;

/// Proves the answers and stores the login. The running program would not see it, and on SQLite holds the database.
pub(super) async fn login<N: Network>(path: &Path, args: LoginArgs) -> Result<String, String> {
    let config = load::<N>(path)?;
    telemetry::log(&config.logging, N::INFO.quiet)?;
    let network = N::new(load::<N>(path)?.own).map_err(|why| format!("{}: {why}", N::INFO.id))?;
    let flows = N::login_flows();
    let (mut given, owner_given) = read_answers(&args.answers)?;
    let owner =
        args.owner.or(owner_given).or_else(|| config.permissions.admins().next().map(str::to_owned)).ok_or(
            "Whose login is it? Name a Matrix id with --owner, or an admin under permissions in the config.",
        )?;
    let Some(flow) = flows.iter().find(|flow| args.flow.as_deref().is_none_or(|named| named == flow.id))
    else {
        let known: Vec<&str> = flows.iter().map(|flow| flow.id).collect();
        return Err(format!("There is no such way to log in. Known: {}.", known.join(", ")));
    };
    let mut answers = Answers::default();
    for field in &flow.fields {
        let answer = match given.iter().position(|(name, _)| name == field.id) {
            Some(at) => given.swap_remove(at).1,
            None => ask(field.question)?,
        };
        network.check_answer(flow.id, field.id, &answer)?;
        answers.put(field.id, answer);
    }
    if let Some((name, _)) = given.first() {
        return Err(format!("`login {}` asks for no {name}.", flow.id));
    }
    let store = open_store(&config).await?;
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
        let name = word.strip_prefix("--").ok_or("Answers are written as --name value.")?;
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

/// Asks on the terminal.
fn ask(question: &str) -> Result<Secret, String> {
    let mut error = std::io::stderr();
    let _ = write!(error, "{question}\n> ");
    let _ = error.flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| format!("Nothing could be read: {error}."))?;
    let answer = Secret::new(line.trim());
    if answer.is_empty() { Err("No answer was given; nothing was stored.".to_owned()) } else { Ok(answer) }
}
