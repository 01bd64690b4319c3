//! A disk that may lose what was not flushed.
//!
//! A flush makes durable what had been written to its file before it began, and, as journaling file systems do, which
//! files there are. Of the rest each write may be there, not be there, or be there up to any sector, whatever became of
//! those before it.
use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::trace::{Deed, What};

/// What a disk writes at once.
const SECTOR: usize = 512;

/// Files by their names.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A disk at one moment.
#[derive(Debug, Default)]
pub(super) struct Disk {
    durable: Files,
    pending: Vec<Deed>,
    /// From when on flushes do nothing.
    lies_from: Option<u64>,
}

impl Disk {
    /// A disk on which flushes do nothing from a moment on: that has to be found out, or the check is worth nothing.
    pub(super) fn lying_from(moment: u64) -> Self {
        Self { lies_from: Some(moment), ..Self::default() }
    }

    /// Takes the next deed, in the order of their ends.
    pub(super) fn take(&mut self, deed: Deed) {
        match &deed.what {
            What::Flush if self.lies_from.is_some_and(|moment| deed.ended_at > moment) => {}
            What::Flush => self.flush(&deed),
            _ => self.pending.push(deed),
        }
    }

    fn flush(&mut self, flush: &Deed) {
        let is_safe = |deed: &Deed| {
            let of_file = deed.file == flush.file || deed.what == What::Remove;
            of_file && deed.ended_at <= flush.begun_at
        };
        let (safe, pending): (Vec<Deed>, Vec<Deed>) =
            std::mem::take(&mut self.pending).into_iter().partition(is_safe);
        self.pending = pending;
        for deed in &safe {
            carry_out(&mut self.durable, deed, usize::MAX);
        }
    }

    /// What is on it after a power cut now, as chance has it.
    pub(super) fn cut(&self, random: &mut StdRng) -> Files {
        let mut files = self.durable.clone();
        for deed in &self.pending {
            match random.random_range(0..3) {
                0 => {}
                1 => carry_out(&mut files, deed, usize::MAX),
                _ => carry_out(&mut files, deed, random.random_range(0..=16) * SECTOR),
            }
        }
        files
    }
}

/// Does what was done, of a write at most this many bytes.
fn carry_out(files: &mut Files, deed: &Deed, most: usize) {
    if deed.what == What::Remove {
        files.remove(&deed.file);
        return;
    }
    let file = files.entry(deed.file.clone()).or_default();
    match &deed.what {
        What::Write(offset, bytes) => {
            let bytes = &bytes[..bytes.len().min(most)];
            let from = usize::try_from(*offset).expect("files of tests fit into memory");
            file.resize(file.len().max(from + bytes.len()), 0);
            file[from..from + bytes.len()].copy_from_slice(bytes);
        }
        What::Truncate(length) => {
            file.resize(usize::try_from(*length).expect("files of tests fit into memory"), 0);
        }
        What::Flush | What::Remove => {}
    }
}

#[cfg(test)]
mod tests;
