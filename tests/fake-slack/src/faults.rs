//! What goes wrong with Web API calls on request.
use std::collections::HashMap;

/// One way a call goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Goes well, so that a fault behind it meets a later call.
    Spared,
    /// Answers `{"ok": false, "error": …}` without doing anything.
    Error(String),
    /// Answers this HTTP status with an empty body, without doing anything.
    Status(u16),
    /// Answers HTTP 429 with `Retry-After` in seconds, without doing anything.
    RateLimited(u64),
    /// Answers this body as it is, without doing anything.
    Body(String),
    /// Never answers, and does nothing.
    Hang,
    /// Does what was asked and never answers.
    HangAfter,
    /// Closes the connection without an answer, and does nothing.
    DropBefore,
    /// Does what was asked, then closes the connection without an answer.
    DropAfter,
}

impl Fault {
    /// Whether the call has its effect all the same.
    pub(crate) fn has_effect(&self) -> bool {
        matches!(self, Self::Spared | Self::HangAfter | Self::DropAfter)
    }
}

/// Faults waiting for their call, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: HashMap<String, Vec<(Fault, u32)>>,
}

impl Faults {
    /// The next calls of a method go wrong; `*` stands for every method.
    pub(crate) fn add(&mut self, method: &str, fault: Fault, times: u32) {
        if times > 0 {
            self.next.entry(method.to_owned()).or_default().push((fault, times));
        }
    }

    /// The fault for a call that just came in.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        for name in [method, "*"] {
            let Some(waiting) = self.next.get_mut(name) else { continue };
            let Some((fault, times)) = waiting.first_mut() else { continue };
            let fault = fault.clone();
            *times -= 1;
            if *times == 0 {
                waiting.remove(0);
            }
            return Some(fault);
        }
        None
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.next.clear();
    }
}
