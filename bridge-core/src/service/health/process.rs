//! The process as the kernel sees it, read from `/proc/self`.

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    /// Resident memory, in bytes.
    pub(super) resident: i64,
    /// Time on processors, in whole seconds.
    pub(super) cpu_seconds: u64,
    /// Open files and sockets.
    pub(super) open_files: i64,
    /// How many may be open; none where there is no limit.
    pub(super) most_files: Option<u64>,
}

impl Process {
    /// Reads them; none where the system has no such folder.
    pub(super) fn read() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        let open_files = std::fs::read_dir("/proc/self/fd").ok()?.count();
        let page = i64::try_from(page_size()).ok()?;
        let pages: i64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            resident: pages.saturating_mul(page),
            cpu_seconds: ticks(&stat)? / clock_ticks_per_second().max(1),
            // The folder itself was open while it was read.
            open_files: i64::try_from(open_files.saturating_sub(1)).ok()?,
            most_files: getrlimit(Resource::Nofile).current,
        })
    }
}

/// Time in user and kernel mode. Fields are counted behind the name, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_passed_over() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 25 17 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("nothing"), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let process = Process::read().unwrap();
        assert!(process.resident > 1024 * 1024 && process.open_files > 2, "{process:?}");
    }
}
