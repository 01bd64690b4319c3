//! Durable appends, many at a time: while one is being made, all that comes waits for the next.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::{Context, Result};

/// Most entries in one append.
const BATCH: usize = 4096;

/// One thing to keep, and what is to be done once it is kept.
struct Entry {
    text: String,
    then: Box<dyn FnOnce() + Send>,
}

/// Takes what is to be kept.
#[derive(Clone)]
pub(super) struct Commits {
    entries: Sender<Entry>,
    count: Arc<AtomicU64>,
}

impl Commits {
    /// Opens the file and starts the thread that alone writes to it.
    pub(super) fn start(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.with_context(|| format!("{} could not be opened.", path.display()))?;
        let (entries, incoming) = mpsc::channel();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        std::thread::spawn(move || super::fatal(write_all(file, &incoming, &counted)));
        Ok(Self { entries, count })
    }

    /// Keeps a text, then does something.
    pub(super) fn keep(&self, text: String, then: impl FnOnce() + Send + 'static) {
        // Fails only when the thread has ended, which ends the program.
        let _ = self.entries.send(Entry { text, then: Box::new(then) });
    }

    /// How many appends were made durable.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

fn write_all(mut file: File, incoming: &Receiver<Entry>, count: &AtomicU64) -> Result<()> {
    let mut buffer = Vec::new();
    while let Ok(first) = incoming.recv() {
        let mut batch = vec![first];
        batch.extend(incoming.try_iter().take(BATCH - 1));
        buffer.clear();
        for entry in &batch {
            buffer.extend_from_slice(entry.text.as_bytes());
            buffer.push(b'\n');
        }
        file.write_all(&buffer)?;
        file.sync_data()?;
        count.fetch_add(1, Ordering::Relaxed);
        for entry in batch {
            (entry.then)();
        }
    }
    Ok(())
}
