//! What goes wrong with downloads on request, and the log of downloads.
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// One way a download goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum DownloadFault {
    /// HTTP 302 to another address of this server, which needs no token. Not a fault in itself.
    Redirect,
    /// HTTP 302 to this address.
    RedirectTo(String),
    /// HTTP 200 with a page to sign in, as without a token.
    LoginPage,
    /// This HTTP status with an empty body.
    Status(u16),
    /// HTTP 429 with `Retry-After` in seconds.
    RateLimited(u64),
    /// All of it, with a wait before every piece of at most 64 KiB.
    Slow(Duration),
    /// The connection breaks after this many bytes of the length announced.
    Truncated(u64),
    /// Other bytes than the file's, this many of them, with a length that says so.
    Huge(u64),
    /// The same without a length.
    HugeUnannounced(u64),
    /// Never an answer.
    Hang,
}

/// One download of a file, or an attempt at it.
#[derive(Debug, Clone, Serialize)]
pub struct Download {
    /// `F…`; empty for an address that leads nowhere.
    pub file_id: String,
    /// `files-pri`, `files-tmb` or `files-cdn`, the first folder of the address.
    pub folder: &'static str,
    /// Whether a token came along, good or not.
    pub with_token: bool,
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The fault that was played, if any.
    pub fault: Option<DownloadFault>,
}

/// Faults waiting for their download, first in, first out.
#[derive(Debug, Default)]
pub(crate) struct DownloadFaults(Mutex<VecDeque<(DownloadFault, u32)>>);

impl DownloadFaults {
    pub(crate) fn add(&self, fault: DownloadFault, times: u32) {
        if times > 0 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((fault, times));
        }
    }

    pub(crate) fn take(&self) -> Option<DownloadFault> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fault, times) = waiting.front_mut()?;
        let fault = fault.clone();
        *times -= 1;
        if *times == 0 {
            waiting.pop_front();
        }
        Some(fault)
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The downloads so far.
#[derive(Debug, Default)]
pub(crate) struct Downloads(Mutex<Vec<Download>>);

impl Downloads {
    pub(crate) fn add(&self, download: Download) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(download);
    }

    pub(crate) fn all(&self) -> Vec<Download> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
