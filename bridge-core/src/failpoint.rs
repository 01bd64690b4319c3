//! Points between receipt and done at which a test ends the program as a crash does; a release build has none.

/// Passes a point. With debug assertions, and where the environment variable `BRIDGE_FAILPOINTS` names a folder, two files
/// in that folder are looked at. `passed`, if it is there, gets a line with the point's name. `armed` holds three words: a
/// nonce, a point, and how often it has to be passed (from 1); at that passing the file is removed and the process gets
/// SIGKILL, so that the next start is not ended by the same order. A release build compiles this to nothing.
#[inline]
pub fn pass(point: &'static str) {
    #[cfg(debug_assertions)]
    debug::pass(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
mod debug {
    use std::io::Write as _;
    use std::path::PathBuf;
    use std::sync::{LazyLock, Mutex, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    #[allow(
        clippy::disallowed_methods,
        reason = "the harness of tests speaks to the program by its environment"
    )]
    static FOLDER: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("BRIDGE_FAILPOINTS").map(PathBuf::from));

    /// The order that is being counted, and how often its point was passed.
    static COUNTED: Mutex<(String, usize)> = Mutex::new((String::new(), 0));

    pub(super) fn pass(point: &str) {
        let Some(folder) = FOLDER.as_ref() else { return };
        // One point at a time: what another thread does meanwhile is part of the crash.
        let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(mut passed) = std::fs::File::options().append(true).open(folder.join("passed")) {
            let _ = writeln!(passed, "{point}");
        }
        let armed = folder.join("armed");
        let Ok(order) = std::fs::read_to_string(&armed) else { return };
        let mut words = order.split_whitespace().skip(1);
        if words.next() != Some(point) {
            return;
        }
        let times = words.next().and_then(|times| times.parse().ok()).unwrap_or(1);
        if counted.0 != order {
            *counted = (order.clone(), 0);
        }
        counted.1 += 1;
        if counted.1 == times && std::fs::remove_file(&armed).is_ok() {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
