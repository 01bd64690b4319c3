//! Looks at the machine: room on the disk, open files, backups.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::finding::Finding;

/// So much of a disk has to be free, in percent.
const FREE: u64 = 10;
/// So many files have to be allowed open: connections, the database, files that pass through.
const FILES: u64 = 1_024;
/// How old the newest backup may be.
const OLD: Duration = Duration::from_hours(48);

/// The room on the disk that a folder lies on; none where that cannot be told.
pub(super) fn disk(folder: &Path) -> Option<Finding> {
    let room = rustix::fs::statvfs(folder).ok()?;
    // One given as `.` says nothing.
    room_left(room.f_bavail, room.f_blocks, &folder.canonicalize().unwrap_or_else(|_| folder.to_owned()))
}

fn room_left(free: u64, all: u64, folder: &Path) -> Option<Finding> {
    const PART: &str = "disk";
    let percent = free.saturating_mul(100).checked_div(all)?;
    Some(if percent >= FREE {
        Finding::fine(PART, format!("{percent} % are free at {}.", folder.display()))
    } else {
        Finding::look(
            PART,
            format!(
                "Only {percent} % are free at {}. On a full disk nothing is stored, and nothing acknowledged.",
                folder.display()
            ),
            "Make room: old backups and logs first (`journalctl --vacuum-size=200M`), or a larger disk.",
        )
    })
}

/// How many files may be open: as the running program says it in its metrics, else here.
pub(super) fn open_files(metrics: Option<&str>) -> Finding {
    let told = metrics.and_then(|metrics| gauge(metrics, "process_max_fds"));
    match told {
        Some(limit) => of_limit(limit, "The running program"),
        // No limit is a very large one.
        None => {
            of_limit(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), "A program started from here")
        }
    }
}

fn of_limit(limit: u64, who: &str) -> Finding {
    const PART: &str = "open files";
    if limit == u64::MAX {
        return Finding::fine(PART, format!("{who} may open as many as it likes."));
    }
    if limit >= FILES {
        return Finding::fine(PART, format!("{who} may open {limit}."));
    }
    Finding::look(
        PART,
        format!("{who} may open {limit} only, and connections are counted as files."),
        format!("Allow {FILES} or more: LimitNOFILE= in its unit, or `ulimit -n` before it is started."),
    )
}

/// The value of a metric without labels, in Prometheus' text form.
fn gauge(metrics: &str, name: &str) -> Option<u64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    let value: f64 = line.trim().parse().ok()?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count; the cast stays within the type's bounds"
    )]
    value.is_finite().then_some(value as u64)
}

/// The newest backup in a folder.
pub(super) fn backups(folder: &Path, program: &str, now_ms: i64) -> Finding {
    const PART: &str = "backup";
    let timer = format!(
        "Enable {program}-backup.timer (docs/deployment.md), or name the folder that yours are in with --backups."
    );
    match newest(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Finding::look(
            PART,
            format!("{} could not be looked into ({error}).", folder.display()),
            "Ask again as the program's user.",
        ),
        Ok(Some((file, made_ms))) => {
            let age = Duration::from_millis(u64::try_from(now_ms - made_ms).unwrap_or_default());
            let hours = age.as_secs() / 3600;
            let what = format!("The newest, {}, is {hours} hours old.", file.display());
            if age <= OLD {
                return Finding::fine(PART, what);
            }
            let remedy = format!(
                "`systemctl status {program}-backup` says why there is no newer one; `{program} backup FILE` makes one now."
            );
            Finding::look(PART, what, remedy)
        }
        _ => Finding::look(
            PART,
            format!("None is known: there is no file *.backup in {}.", folder.display()),
            timer,
        ),
    }
}

/// The file that was written last, and when, in milliseconds since 1970.
fn newest(folder: &Path) -> std::io::Result<Option<(PathBuf, i64)>> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "backup") {
            continue;
        }
        let made = std::fs::metadata(&path)?.modified()?;
        let made = made.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let made = i64::try_from(made.as_millis()).unwrap_or(i64::MAX);
        if newest.as_ref().is_none_or(|(_, other)| *other < made) {
            newest = Some((path, made));
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn a_tenth_of_the_disk_is_to_be_free() {
        let at = |free, all| room_left(free, all, Path::new("/var")).map(|found| found.grade);
        assert_eq!(at(100, 1000), Some(Grade::Fine));
        assert_eq!(at(99, 1000), Some(Grade::Look));
        assert_eq!(at(0, 0), None);
        assert!(disk(Path::new("/")).is_some());
    }

    #[test]
    fn the_running_programs_limit_goes_before_ours() {
        let metrics = "# TYPE process_max_fds gauge\nprocess_max_fds 512\nprocess_max_fds_other 9\n";
        let found = open_files(Some(metrics));
        assert!(found.grade == Grade::Look && found.what.contains("512"), "{found:?}");
        assert!(open_files(Some("process_max_fds 65536")).what.contains("65536"));
        assert!(open_files(Some("nothing 1")).what.contains("from here"));
        assert_eq!(of_limit(u64::MAX, "It").grade, Grade::Fine);
    }

    #[test]
    fn a_backup_is_old_after_two_days() {
        let folder = tempfile::tempdir().unwrap();
        let now = |file: &Path| {
            let made = std::fs::metadata(file).unwrap().modified().unwrap();
            i64::try_from(made.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap()
        };
        let none = backups(folder.path(), "bridge-paper", 0);
        assert!(none.grade == Grade::Look && none.remedy.unwrap().contains("bridge-paper-backup.timer"));
        assert_eq!(backups(&folder.path().join("not-there"), "bridge-paper", 0).grade, Grade::Look);
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let file = folder.path().join("daily-2026-11-29.backup");
        std::fs::write(&file, "").unwrap();
        let made = now(&file);
        for (hours, grade) in [(0, Grade::Fine), (47, Grade::Fine), (49, Grade::Look)] {
            let found = backups(folder.path(), "bridge-paper", made + hours * 3_600_000);
            assert!(found.grade == grade && found.what.contains(&format!("{hours} hours")), "{found:?}");
        }
    }
}
