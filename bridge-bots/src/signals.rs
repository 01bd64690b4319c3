//! Tells whoever watches that an instance is not as it was, or wrote a line into its log.

use tokio::sync::watch;

/// Two counters that only grow. Whoever watches one looks again when it moved; what happened in between is not listed.
#[derive(Debug)]
pub(crate) struct Signals {
    states: watch::Sender<u64>,
    lines: watch::Sender<u64>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { states: watch::Sender::new(0), lines: watch::Sender::new(0) }
    }
}

impl Signals {
    /// Something about an instance or an account is not as it was.
    pub(crate) fn state_changed(&self) {
        self.states.send_modify(|count| *count += 1);
    }

    /// The number of a new line: above that of every line before it, of whatever instance.
    pub(crate) fn next_line(&self) -> u64 {
        let mut number = 0;
        self.lines.send_modify(|count| {
            *count += 1;
            number = *count;
        });
        number
    }

    /// Moves with every change of an instance's state.
    pub(crate) fn states(&self) -> watch::Receiver<u64> {
        self.states.subscribe()
    }

    /// The number of the newest line.
    pub(crate) fn lines(&self) -> watch::Receiver<u64> {
        self.lines.subscribe()
    }
}
