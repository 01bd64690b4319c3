//! What operators have done with a service: one thing at a time, recorded before it is begun and when it has ended.

use std::sync::{Arc, Mutex, PoisonError};

use bridge_core::task;
use serde::Serialize;
use tokio::sync::{OwnedMutexGuard, oneshot, watch};
use utoipa::ToSchema;

use super::Control;
use super::output::{Line, Output};
use super::run::{End, run};
use super::verb::Verb;
use crate::error::HostError;
use crate::store::service_action::{self, ActionRow};

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServiceOutcome)]
pub(crate) enum Outcome {
    /// With exit code 0.
    Done,
    /// With another one, or by a signal.
    Failed,
    /// It could not be begun.
    NotStarted,
    /// It was ended, for it took longer than it may.
    TooLong,
    /// This program stopped, or was ended, while it went on.
    CutOff,
}

impl Outcome {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::NotStarted, "not_started"),
        (Self::TooLong, "too_long"),
        (Self::CutOff, "cut_off"),
    ];

    /// As it stands in the table.
    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }

    /// Of an action that has ended. A word from a newer version counts as a failure.
    pub(crate) fn of(row: &ActionRow) -> Option<Self> {
        row.ended_at?;
        let word = row.outcome.as_deref().unwrap_or_default();
        Some(Self::ALL.iter().find(|(_, name)| *name == word).map_or(Self::Failed, |(one, _)| *one))
    }
}

/// A place for one action at a time.
#[derive(Debug, Default)]
pub(super) struct Slot {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The last one: its output is held until the next.
    last: Mutex<Option<Arc<Action>>>,
}

impl Slot {
    /// The action that goes on, if one does.
    pub(super) fn at_work(&self) -> Option<Arc<Action>> {
        self.last().filter(|action| action.row().ended_at.is_none())
    }

    fn last(&self) -> Option<Arc<Action>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An action that goes on, or was the last one.
#[derive(Debug)]
pub(crate) struct Action {
    row: Mutex<ActionRow>,
    output: Output,
    /// Moves when it has ended.
    moved: watch::Sender<u64>,
}

impl Action {
    /// As it is recorded.
    pub(crate) fn row(&self) -> ActionRow {
        self.row.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has written behind this line.
    pub(crate) fn lines(&self, after: u64) -> Vec<Line> {
        self.output.after(after)
    }

    /// The number of its newest line, as it grows.
    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.output.moved()
    }

    /// Moves when it has ended.
    pub(crate) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }
}

impl Control {
    /// Notes of actions that were under way when the program ended how they were left. Comes before it works.
    pub(crate) async fn recover(&self) -> Result<(), HostError> {
        let why = "This program was ended while it went on, so its end is not known. What it started elsewhere may go on.";
        let count = service_action::cut_off(&self.0.store, self.now(), Outcome::CutOff.as_str(), why).await?;
        if count > 0 {
            tracing::info!(
                count,
                "actions on services were under way when the program last ended; noted as cut off"
            );
        }
        Ok(())
    }

    /// Begins something that goes on whoever waits for it. Gives its number.
    pub(crate) async fn begin(&self, name: &str, verb: Verb, who: &str) -> Result<i64, HostError> {
        let managed = self.managed(name)?;
        let Some(words) = managed.service.words(verb) else {
            let key = format!("bots.services.{name}.{}", verb.as_str());
            return Err(HostError::Conflict(format!(
                "{name} has no command for that. Write one into the config file: {key}."
            )));
        };
        if self.0.stop.is_cancelled() {
            return Err(HostError::Conflict(
                "The host stops just now. Try again when it is back.".to_owned(),
            ));
        }
        let slot = managed.slot(verb);
        let turn = Arc::clone(&slot.turn).try_lock_owned().map_err(|_| busy(name, slot))?;
        let row = ActionRow {
            service: name.to_owned(),
            action: verb.as_str().to_owned(),
            who: who.to_owned(),
            command: serde_json::to_string(&words).unwrap_or_default(),
            started_at: self.now(),
            ..ActionRow::default()
        };
        let (begun, number) = oneshot::channel();
        let control = self.clone();
        // A task of its own: whoever asked may go away at any moment.
        let doing = async move { control.carry_out(turn, verb, words, row, begun).await };
        task::spawn("an action on a service", self.0.tasks.track_future(doing));
        let lost = |_| HostError::Failed("Our code broke on it; the log says where.".to_owned());
        number.await.map_err(lost)?
    }

    /// Records it, does it, records how it ended.
    async fn carry_out(
        &self,
        _turn: OwnedMutexGuard<()>,
        verb: Verb,
        words: Vec<String>,
        mut row: ActionRow,
        begun: oneshot::Sender<Result<i64, HostError>>,
    ) {
        let Ok(managed) = self.managed(&row.service) else { return };
        row.action_id = match service_action::begin(&self.0.store, &row).await {
            Ok(id) => id,
            Err(error) => {
                let text = format!("It was not done, because it could not be recorded: {error}. Try again.");
                let _ = begun.send(Err(HostError::Failed(text)));
                return;
            }
        };
        tracing::info!(
            service = row.service,
            action = row.action,
            who = row.who,
            id = row.action_id,
            "a service is acted on"
        );
        let action = Arc::new(Action {
            row: Mutex::new(row.clone()),
            output: Output::default(),
            moved: watch::Sender::new(0),
        });
        *managed.slot(verb).last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&action));
        let _ = begun.send(Ok(row.action_id));
        self.tell();
        let take = |stream, bytes: &[u8]| action.output.take(stream, bytes);
        let end = run(&words, verb.limit(), &self.0.stop, take).await;
        action.output.end();
        self.note_end(&action, &end, verb).await;
        // What it did is seen at once.
        managed.soon.notify_one();
        self.tell();
    }

    async fn note_end(&self, action: &Action, end: &End, verb: Verb) {
        let mut row = action.row();
        let (outcome, code, error) = told(end, verb, &action.output.reason());
        row.ended_at = Some(self.now());
        row.outcome = Some(outcome.as_str().to_owned());
        row.exit_code = code.map(i64::from);
        row.error = error;
        row.tail = action.output.tail();
        let outcome = outcome.as_str();
        tracing::info!(
            service = row.service,
            action = row.action,
            id = row.action_id,
            outcome,
            exit_code = row.exit_code,
            "an action on a service ended"
        );
        if let Err(error) = service_action::end(&self.0.store, &row).await {
            tracing::warn!(id = row.action_id, %error, "how an action on a service ended could not be recorded");
        }
        *action.row.lock().unwrap_or_else(PoisonError::into_inner) = row;
        action.moved.send_modify(|count| *count += 1);
    }

    /// An action whose output is held; none for an older one.
    pub(crate) fn held(&self, name: &str, id: i64) -> Option<Arc<Action>> {
        let managed = self.managed(name).ok()?;
        let mut held = [&managed.change, &managed.reading].into_iter().filter_map(Slot::last);
        held.find(|action| action.row().action_id == id)
    }

    /// An action of a service as it is recorded.
    pub(crate) async fn action(&self, name: &str, id: i64) -> Result<ActionRow, HostError> {
        if let Some(action) = self.held(name, id) {
            return Ok(action.row());
        }
        let found = service_action::find(&self.0.store, id).await?.filter(|row| row.service == name);
        found.ok_or_else(|| {
            HostError::NotFound(format!(
                "There is no action {id} of {name}, or not any more: the last 1,000 are kept."
            ))
        })
    }

    /// The last actions of a service, or of all; the newest first.
    pub(crate) async fn actions(&self, name: Option<&str>, most: i64) -> Result<Vec<ActionRow>, HostError> {
        if let Some(name) = name {
            self.managed(name)?;
        }
        Ok(service_action::recent(&self.0.store, name.unwrap_or_default(), most).await?)
    }

    /// Waits until an action has ended. Gives it as it is recorded.
    pub(crate) async fn ended(&self, name: &str, id: i64) -> Result<ActionRow, HostError> {
        if let Some(action) = self.held(name, id) {
            let mut moved = action.moved();
            while action.row().ended_at.is_none() && moved.changed().await.is_ok() {}
        }
        self.action(name, id).await
    }
}

fn busy(name: &str, slot: &Slot) -> HostError {
    let what = slot.at_work().map(|action| action.row()).map_or_else(
        || "Another action is just beginning or ending".to_owned(),
        |row| format!("The action `{}` of {} goes on", row.action, row.who),
    );
    HostError::Conflict(format!(
        "{what}, and {name} takes one at a time. Nothing was begun. Wait for its end, then try again."
    ))
}

/// How it ended: the outcome, the exit code, and what went wrong in sentences.
fn told(end: &End, verb: Verb, reason: &str) -> (Outcome, Option<i32>, Option<String>) {
    let with = |text: String| Some(if reason.is_empty() { text } else { format!("{text}\n{reason}") });
    match end {
        End::Ended(status) if status.success() => (Outcome::Done, Some(0), None),
        End::Ended(status) => {
            let how = status.code().map_or_else(
                || "It was ended by a signal from outside.".to_owned(),
                |code| format!("It ended with exit code {code}."),
            );
            (Outcome::Failed, status.code(), with(how))
        }
        End::NotStarted(why) => (Outcome::NotStarted, None, Some(why.clone())),
        End::TooLong => {
            let limit = verb.limit().as_secs();
            let limit = if limit > 120 { format!("{} minutes", limit / 60) } else { format!("{limit} s") };
            (Outcome::TooLong, None, with(format!("It took longer than {limit}, and was ended.")))
        }
        End::CutOff => {
            let text =
                "This program stopped while it went on, and ended it. What it started elsewhere may go on.";
            (Outcome::CutOff, None, with(text.to_owned()))
        }
    }
}
