//! A service as it is shown: what its runner says, what it says itself, and what became of its restarts.

use super::health::Health;
pub(crate) use super::health::Reason;
use super::history::History;
use super::state::{Seen, State};
use super::verb::Verb;
use crate::config::services::Service;
use crate::store::service_action::ActionRow;

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// None before the first look; the error is a sentence.
    seen: Option<Result<Seen, String>>,
    health: Option<Health>,
    history: History,
    /// When it was looked last, in milliseconds since 1970.
    at: Option<i64>,
}

impl Known {
    /// Notes what was seen. Says whether anything is not as it was.
    pub(super) fn note(&mut self, seen: Result<Seen, String>, health: Option<Health>, now: i64) -> bool {
        let before = (self.seen.take(), self.health.take(), self.history.rise());
        if let Ok(Seen { restarts: Some(count), .. }) = &seen {
            self.history.note(now, *count);
        }
        let is_new = before != (Some(seen.clone()), health.clone(), self.history.rise());
        (self.seen, self.health, self.at) = (Some(seen), health, Some(now));
        is_new
    }
}

/// A service as it is now. Times are in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceView {
    pub(crate) name: String,
    /// What it is, such as a unit.
    pub(crate) about: String,
    pub(crate) state: State,
    /// Since when its process is so; none if that is not known.
    pub(crate) since: Option<i64>,
    /// How often it was started again by itself.
    pub(crate) restarts: Option<u64>,
    /// By how much that rose in the last ten minutes.
    pub(crate) rise: u64,
    /// Whether it is started again and again.
    pub(crate) crash_looping: bool,
    /// What is not as it should be.
    pub(crate) reasons: Vec<Reason>,
    /// When this was found out.
    pub(crate) looked_at: Option<i64>,
    /// What is being done with it.
    pub(crate) at_work: Option<ActionRow>,
    /// What can be done with it.
    pub(crate) can: Vec<Verb>,
}

impl ServiceView {
    /// How it is, in a word or two.
    pub(crate) fn word(&self) -> &'static str {
        if self.crash_looping { "crash loop" } else { self.state.word() }
    }

    /// What fits its state.
    pub(crate) fn fits(&self, verb: Verb) -> bool {
        let fits = match (self.state, verb) {
            (State::Running | State::Unhealthy, Verb::Start)
            | (State::Stopped, Verb::Stop | Verb::Restart) => false,
            (State::NotDeployed, verb) => matches!(verb, Verb::Start | Verb::Update),
            _ => true,
        };
        fits && self.can.contains(&verb)
    }
}

/// Puts together what is shown.
pub(super) fn view(
    name: &str,
    service: &Service,
    known: &Known,
    at_work: Option<ActionRow>,
    now: i64,
) -> ServiceView {
    let mut reasons = Vec::new();
    let says = |text: &str| Reason { text: text.to_owned(), remedy: None };
    let (mut state, since, restarts) = match &known.seen {
        None => (State::Unknown, None, None),
        Some(Err(why)) => {
            reasons.push(says(why));
            (State::Unknown, None, None)
        }
        Some(Ok(seen)) => {
            reasons.extend(seen.detail.as_deref().map(says));
            (seen.state, seen.since.filter(|since| *since <= now + 60_000), seen.restarts)
        }
    };
    let is_up = matches!(state, State::Running | State::Restarting | State::Unhealthy);
    let is_asked = matches!(state, State::Running | State::Unhealthy);
    if let Some(health) = known.health.as_ref().filter(|_| is_asked) {
        if !health.is_well {
            state = State::Unhealthy;
        }
        reasons.extend(health.reasons.iter().cloned());
    }
    ServiceView {
        name: name.to_owned(),
        about: service.about(),
        state,
        since,
        restarts,
        rise: known.history.rise(),
        crash_looping: is_up && known.history.is_looping(),
        reasons,
        looked_at: known.at,
        at_work,
        can: Verb::ALL.into_iter().filter(|verb| service.words(*verb).is_some()).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn shown(known: &Known) -> ServiceView {
        let service: Service = serde_yaml::from_str("{ by: systemd, unit: a.service }").unwrap();
        view("a", &service, known, None, 100)
    }

    fn runs(restarts: u64) -> Seen {
        Seen { restarts: Some(restarts), since: Some(5), ..Seen::only(State::Running) }
    }

    fn unwell() -> Health {
        let reason = Reason { text: "It is silent.".to_owned(), remedy: Some("Look there.".to_owned()) };
        Health { is_well: false, reasons: vec![reason] }
    }

    #[test]
    fn a_process_that_is_up_and_not_well_is_unhealthy_with_the_reason() {
        let mut known = Known::default();
        assert_eq!((shown(&known).state, shown(&known).looked_at), (State::Unknown, None));
        assert!(known.note(Ok(runs(0)), Some(unwell()), 50));
        let shown_now = shown(&known);
        assert_eq!(
            (shown_now.state, shown_now.since, shown_now.looked_at),
            (State::Unhealthy, Some(5), Some(50))
        );
        assert_eq!(shown_now.reasons[0].remedy.as_deref(), Some("Look there."));
        assert!(!known.note(Ok(runs(0)), Some(unwell()), 60), "nothing is new");
        assert!(known.note(Ok(Seen::only(State::Stopped)), Some(unwell()), 70));
        assert_eq!(
            (shown(&known).state, shown(&known).reasons.len()),
            (State::Stopped, 0),
            "who is stopped is not asked"
        );
    }

    #[test]
    fn a_climbing_count_is_shown_until_it_is_stopped() {
        let mut known = Known::default();
        for (at, count) in [(10, 4), (20, 5), (30, 6)] {
            known.note(Ok(runs(count)), None, at);
        }
        assert_eq!((shown(&known).word(), shown(&known).rise), ("crash loop", 2));
        known.note(Ok(Seen { restarts: Some(6), ..Seen::only(State::Stopped) }), None, 40);
        assert_eq!(shown(&known).word(), "stopped");
    }

    #[test]
    fn a_state_command_that_fails_is_told() {
        let mut known = Known::default();
        known.note(Err("It ended with exit code 4.".to_owned()), None, 10);
        assert_eq!(
            (shown(&known).state, shown(&known).reasons[0].text.as_str()),
            (State::Unknown, "It ended with exit code 4.")
        );
    }

    #[test]
    fn buttons_fit_the_state() {
        let mut known = Known::default();
        let can =
            |known: &Known| Verb::ALL.into_iter().filter(|verb| shown(known).fits(*verb)).collect::<Vec<_>>();
        assert_eq!(
            can(&known),
            [Verb::Start, Verb::Restart, Verb::Stop, Verb::Logs],
            "there is no command for an update"
        );
        for (state, expected) in [
            (State::Running, &[Verb::Restart, Verb::Stop, Verb::Logs][..]),
            (State::Stopped, &[Verb::Start, Verb::Logs]),
            (State::NotDeployed, &[Verb::Start]),
        ] {
            known.note(Ok(Seen::only(state)), None, 10);
            assert_eq!(can(&known), expected);
        }
    }
}
