//! `login`: connects to the network, by question and answer or in one line.

use std::sync::Arc;

use clap::{Arg, ArgMatches};

use super::{Ask, Reply};
use crate::command::Command;
use crate::config::Level;
use crate::engine::Bridge;
use crate::engine::bridge::{room_id, soft};
use crate::engine::conversation::Conversation;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::matrix::{TxnKey, txn_id};
use crate::network::{Answers, LoginFlow, Network, Session};
use crate::secret::Secret;
use crate::store::Store;
use crate::store::login::LoginRow;

pub(super) fn command() -> Command {
    let flow = Arg::new("flow").value_name("way").help("The way to log in; `help` lists them.");
    let answers = Arg::new("answers").num_args(0..).help("The answers, if you have them at hand.");
    let about =
        "Connects you. Asks for what it needs, one thing after the other, or takes all of it in one line.";
    Command { level: Level::User, clap: clap::Command::new("login").about(about).arg(flow).arg(answers) }
}

pub(super) async fn run<N: Network>(
    bridge: &Bridge<N>,
    ask: &Ask<'_>,
    args: &ArgMatches,
) -> Result<Reply, JobError> {
    let flows = N::login_flows();
    let named = args.get_one::<String>("flow");
    let given: Vec<&String> = args.get_many("answers").into_iter().flatten().collect();
    let flow = flows.iter().find(|flow| named.is_none_or(|named| named == flow.id));
    if !given.is_empty() {
        bridge.remove_message(ask).await?;
    }
    let Some(flow) = flow else {
        let known: Vec<String> = flows.iter().map(|flow| format!("`login {}`", flow.id)).collect();
        bridge.remove_stray_secret(ask, named.map(String::as_str).unwrap_or_default()).await?;
        return Ok(format!("There is no such way to log in. Known: {}.", known.join(", ")).into());
    };
    let room_id = if ask.is_private {
        ask.event.room_id.clone()
    } else {
        bridge.direct_chat(ask.sender()).await?.to_string()
    };
    let conversation = Conversation { flow: flow.clone(), answers: Answers::default(), room_id };
    if given.is_empty() {
        begin(bridge, ask, conversation)
    } else {
        bridge.take_all(ask, conversation, &given).await.map(Reply::from)
    }
}

/// Puts the first question, in the person's direct chat.
fn begin<N: Network>(
    bridge: &Bridge<N>,
    ask: &Ask<'_>,
    conversation: Conversation,
) -> Result<Reply, JobError> {
    let preface = conversation.flow.preface.as_ref().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let first = conversation.flow.fields.first().map(|field| field.question).unwrap_or_default();
    let text = format!("{preface}{first}\n\n`cancel` ends this.");
    let room = room_id(&conversation.room_id)?.to_owned();
    bridge.conversations.put(ask.sender(), conversation);
    if ask.is_private {
        return Ok(text.into());
    }
    let here = "I have written to you in our direct chat, so that nobody else sees your answers.";
    Ok(Reply::from(here).with_elsewhere(room, text))
}

impl<N: Network> Bridge<N> {
    /// Takes the answer to the question that was put last.
    pub(super) async fn take_answer(
        &self,
        ask: &Ask<'_>,
        mut conversation: Conversation,
        line: &str,
    ) -> Result<String, JobError> {
        let Some(field) = conversation.flow.fields.get(conversation.answers.len()).cloned() else {
            self.conversations.end(ask.sender());
            return Ok("That login is complete already.".to_owned());
        };
        if field.secret {
            self.remove_message(ask).await?;
        }
        let answer = Secret::new(line.trim());
        if let Err(why) = self.network.check_answer(conversation.flow.id, field.id, &answer) {
            return Ok(format!("{why}\n\nTry again, or write `cancel`."));
        }
        conversation.answers.put(field.id, answer);
        if let Some(next) = conversation.flow.fields.get(conversation.answers.len()) {
            let question = next.question.to_owned();
            self.conversations.put(ask.sender(), conversation);
            return Ok(question);
        }
        self.conversations.end(ask.sender());
        Ok(self.prove(ask, &conversation.flow, conversation.answers).await)
    }

    /// Takes all answers of the one-line form.
    async fn take_all(
        &self,
        ask: &Ask<'_>,
        mut conversation: Conversation,
        given: &[&String],
    ) -> Result<String, JobError> {
        let flow = conversation.flow.clone();
        if given.len() != flow.fields.len() {
            let fields: Vec<String> = flow.fields.iter().map(|field| format!("<{}>", field.id)).collect();
            return Ok(format!("The one-line form is `login {} {}`.", flow.id, fields.join(" ")));
        }
        for (field, answer) in flow.fields.iter().zip(given) {
            let answer = Secret::new(answer.as_str());
            if let Err(why) = self.network.check_answer(flow.id, field.id, &answer) {
                return Ok(why);
            }
            conversation.answers.put(field.id, answer);
        }
        Ok(self.prove(ask, &flow, conversation.answers).await)
    }

    /// Proves the answers and starts the login. A refusal is an answer, not an error: trying again would ask the
    /// network the same.
    async fn prove(&self, ask: &Ask<'_>, flow: &LoginFlow, answers: Answers) -> String {
        let proven = log_in(
            LogIn {
                network: &self.network,
                store: &self.store,
                owner: ask.sender(),
                flow: flow.id,
                is_admin: ask.level >= Level::Admin,
            },
            answers,
        );
        let (row, note) = match proven.await {
            Ok(proven) => proven,
            Err(why) => return format!("Not logged in. {why}\n\n`login {}` begins anew.", flow.id),
        };
        let name = row.name.clone();
        match self.start_from_command(row) {
            Ok(()) => format!(
                "Logged in to **{name}**. Rooms are made with the first message of each chat; `sync` makes them all at \
                 once.{}",
                note.map(|note| format!("\n\n{note}")).unwrap_or_default()
            ),
            Err(why) => format!("Logged in to **{name}**, but the connection could not be started: {why}"),
        }
    }

    fn start_from_command(&self, row: LoginRow) -> Result<(), String> {
        let bridge = self.shared().ok_or("the bridge is stopping")?;
        let live = bridge.start_login(row)?;
        crate::task::spawn("chats of a new login", bridge.know_chats(live));
        Ok(())
    }

    /// Notes the chats of a new login as known.
    async fn know_chats(self: Arc<Self>, live: Arc<Live<N::Session>>) {
        let noted = async {
            for info in live.session.chats().await? {
                if live.stop.is_cancelled() {
                    break;
                }
                self.know_chat(&live, info).await?;
            }
            Ok::<_, JobError>(())
        };
        // Not cut off in the middle: a transaction that is dropped is rolled back late.
        if let Err(error) = noted.await
            && !live.stop.is_cancelled()
        {
            tracing::warn!(login = %live.row.login_id, %error, "the chats of a new login are not all known; `sync` asks again");
        }
    }

    /// Deletes a message that holds a secret. Where the bot has not the power, the person is asked to.
    pub(super) async fn remove_message(&self, ask: &Ask<'_>) -> Result<(), JobError> {
        let room = room_id(&ask.event.room_id)?;
        let Ok(event_id) = <&ruma::EventId>::try_from(ask.event.event_id.as_str()) else { return Ok(()) };
        let bot = self.app.bot();
        let key = TxnKey {
            kind: "redaction",
            remote_id: &ask.event.event_id,
            part: "",
            ghost: bot.user_id().as_str(),
            revision: "",
        };
        let removed = bot.redact(room, event_id, Some("It held a secret."), &txn_id(&key), None).await;
        if matches!(&removed, Err(error) if error.is_forbidden()) {
            let text = "I may not delete your message with the secret in it. Please delete it yourself.";
            return self.say(room, text, &format!("delete/{}", ask.job.dedup)).await;
        }
        soft("delete a secret", removed.map(drop));
        Ok(())
    }

    /// Deletes a line that is no command but looks like a secret of some login, as when a login was begun before a
    /// restart; says whether it does.
    pub(super) async fn remove_stray_secret(&self, ask: &Ask<'_>, line: &str) -> Result<bool, JobError> {
        let words: Vec<Secret> = line.split_whitespace().map(Secret::new).collect();
        let is_secret = N::login_flows().iter().any(|flow| {
            let secret_fields = flow.fields.iter().filter(|field| field.secret);
            secret_fields.into_iter().any(|field| {
                words.iter().any(|word| self.network.check_answer(flow.id, field.id, word).is_ok())
            })
        });
        if is_secret {
            self.remove_message(ask).await?;
        }
        Ok(is_secret)
    }
}

/// What a login needs besides its answers.
pub(crate) struct LogIn<'a, N> {
    pub(crate) network: &'a N,
    pub(crate) store: &'a Store,
    /// The Matrix user who logs in.
    pub(crate) owner: &'a str,
    pub(crate) flow: &'a str,
    /// Whether they may replace somebody else's login.
    pub(crate) is_admin: bool,
}

/// Proves answers against the network and stores the login. With it comes what the network has to say about it. The
/// error is sentences for the person.
pub(crate) async fn log_in<N: Network>(
    what: LogIn<'_, N>,
    answers: Answers,
) -> Result<(LoginRow, Option<String>), String> {
    let LogIn { network, store, owner, flow, is_admin } = what;
    // Rare, and larger than all that a lane does else.
    let proven = Box::pin(network.log_in(flow, answers)).await.map_err(|error| error.to_string())?;
    let before = store.login_owner(&proven.login_id).await.map_err(|error| error.0)?;
    let before = before.filter(|before| before != owner);
    if let Some(other) = before.as_ref().filter(|_| !is_admin) {
        return Err(format!(
            "{} is connected already, by {other}. Only they or an admin can replace that login.",
            proven.name
        ));
    }
    let credentials = serde_json::to_string(&proven.credentials)
        .map_err(|_| "The credentials could not be written down; this is a fault of the program.")?;
    let row = LoginRow {
        login_id: proven.login_id,
        owner: owner.to_owned(),
        name: proven.name,
        own_user_id: proven.own_user_id,
        personal: proven.personal,
        credentials: Secret::new(credentials),
        created_at: store.clock().now_ms(),
    };
    store.put_login(&row).await.map_err(|error| error.0)?;
    let before =
        before.map(|before| format!("Until now this was the login of {before}; now it is that of {owner}."));
    let notes: Vec<String> = before.into_iter().chain(proven.note).collect();
    Ok((row, (!notes.is_empty()).then(|| notes.join("\n\n"))))
}
