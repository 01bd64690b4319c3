//! Looks at the database: whether it can be used, of which version it is, and what waits in it.

use std::path::Path;

use rustix::fs::{Access, access};

use super::finding::Finding;
use crate::clock::Clock;
use crate::config::Config;
use crate::service::ground::seal;
use crate::store::db::Db;
use crate::store::login::LoginRow;
use crate::store::migrate::{self, Component};
use crate::store::seal::Seal;
use crate::store::{Store, StoreError};

const PART: &str = "database";

/// What was found in the database.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    /// The logins whose credentials open; none where there are no tables of this version.
    pub(super) logins: Option<Vec<LoginRow>>,
    /// Whether there is anything that a backup would hold.
    pub(super) has_tables: bool,
}

/// Looks at it without changing it, beside the program that may be running.
pub(super) async fn look<S>(config: &Config<S>, components: &'static [Component], program: &str) -> Looked {
    if let Some(file) = config.database.file() {
        if let Some(finding) = out_of_reach(file) {
            return Looked { findings: vec![finding], ..Looked::default() };
        }
        if !file.is_file() {
            let what = format!("{} is not there yet; the first start makes it.", file.display());
            return Looked { findings: vec![Finding::fine(PART, what)], ..Looked::default() };
        }
    }
    match within(config, components, program).await {
        Ok(looked) => looked,
        Err(error) => {
            let finding = Finding::mistake(PART, format!("database.url: {error}"));
            Looked { findings: vec![finding], ..Looked::default() }
        }
    }
}

/// Why the file of an SQLite database cannot be used, if it cannot.
fn out_of_reach(file: &Path) -> Option<Finding> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Some(Finding::bad(
            PART,
            format!("database.url: the folder {} does not exist.", folder.display()),
            "Make it, writable for the program's user; or correct database.url.",
        ));
    }
    let closed = [folder, file]
        .into_iter()
        .find(|path| path.exists() && access(*path, Access::READ_OK | Access::WRITE_OK).is_err());
    closed.map(|path| {
        Finding::bad(
            PART,
            format!("database.url: {} cannot be written.", path.display()),
            "Let it belong to the program's user (chown), and ask again as that user.",
        )
    })
}

async fn within<S>(
    config: &Config<S>,
    components: &'static [Component],
    program: &str,
) -> Result<Looked, StoreError> {
    let url = config.database.url.expose();
    let db = Db::open_beside(url).await?;
    let tables = state(&db, components).await;
    db.close().await;
    let tables = tables?;
    let finding = said_of(tables);
    let has_tables = tables != Tables::Missing;
    if tables != Tables::Current {
        return Ok(Looked { findings: vec![finding], has_tables, logins: None });
    }
    let store = Store::open_beside(url, Clock::system()).await?;
    let store = store.with_seal(seal(config).ok().flatten().unwrap_or_else(Seal::none));
    let inside = contents(&store, program).await;
    store.close().await;
    let (mut findings, logins) = inside?;
    findings.insert(0, finding);
    Ok(Looked { findings, logins, has_tables })
}

/// The logins that can be used, and what is to be said of the others and of dead letters. Where none can be used, though there
/// are some, that is all that can be said of them.
async fn contents(store: &Store, program: &str) -> Result<(Vec<Finding>, Option<Vec<LoginRow>>), StoreError> {
    let (mut findings, mut usable) = (Vec::new(), Vec::new());
    for (login, opened) in store.logins().await? {
        match opened {
            Ok(row) => usable.push(row),
            Err(why) => findings.push(Finding::mistake(
                "key",
                format!("secret.key_file: the login {login} cannot be started. {why}"),
            )),
        }
    }
    let logins = Some(usable).filter(|usable| findings.is_empty() || !usable.is_empty());
    findings.push(letters(store.count_dead_letters().await?.all, program));
    Ok((findings, logins))
}

fn letters(count: i64, program: &str) -> Finding {
    const PART: &str = "dead letters";
    if count == 0 {
        return Finding::fine(PART, "There are none.");
    }
    let what = if count == 1 {
        "One event was given up and is kept.".to_owned()
    } else {
        format!("{count} events were given up and are kept.")
    };
    Finding::look(
        PART,
        what,
        format!(
            "`{program} dead-letters list` says whose they are and why; `retry` tries them again, `drop` deletes them."
        ),
    )
}

/// The tables, seen from this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tables {
    Missing,
    Older,
    Current,
    /// They have this step, which is not known here.
    Newer(i64),
}

async fn state(db: &Db, components: &[Component]) -> Result<Tables, StoreError> {
    let mut tx = db.read().await?;
    let mut all = vec![(migrate::steps(&mut tx).await?, migrate::known())];
    for component in components {
        all.push((component.steps(&mut tx).await?, component.known()));
    }
    tx.commit().await?;
    Ok(compared(&all))
}

/// By the steps that each component has taken, beside those known here.
fn compared(all: &[(Vec<i64>, Vec<i64>)]) -> Tables {
    let unknown = all.iter().filter_map(|(taken, known)| taken.iter().find(|step| !known.contains(step)));
    if let Some(step) = unknown.min() {
        return Tables::Newer(*step);
    }
    if all.iter().all(|(taken, _)| taken.is_empty()) {
        return Tables::Missing;
    }
    if all.iter().all(|(taken, known)| taken == known) { Tables::Current } else { Tables::Older }
}

fn said_of(tables: Tables) -> Finding {
    match tables {
        Tables::Missing => {
            Finding::fine(PART, "It answers and has no tables yet; the first start makes them.")
        }
        Tables::Current => Finding::fine(PART, "It answers, and its tables are of this version."),
        Tables::Older => Finding::look(
            PART,
            "Its tables are of an older version of this program.",
            "If this version is just starting, wait: it writes a backup and brings them up to date. Else stop the program and start \
             this version once.",
        ),
        Tables::Newer(step) => Finding::bad(
            PART,
            format!("It was made by a newer version of this program (step {step} is not known here)."),
            "Use the newer version; or restore the backup that was written before the update.",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn tables_are_compared_with_those_known_here() {
        let known = || vec![1, 2, 3];
        for (taken, tables) in [
            (vec![vec![], vec![]], Tables::Missing),
            (vec![vec![1, 2, 3], vec![1, 2, 3]], Tables::Current),
            (vec![vec![1, 2, 3], vec![]], Tables::Older),
            (vec![vec![1, 2], vec![1, 2, 3]], Tables::Older),
            (vec![vec![1, 2, 3], vec![1, 2, 3, 7]], Tables::Newer(7)),
            (vec![vec![1, 9], vec![]], Tables::Newer(9)),
        ] {
            let all: Vec<_> = taken.iter().map(|taken: &Vec<i64>| (taken.clone(), known())).collect();
            assert_eq!(compared(&all), tables, "{taken:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(out_of_reach(&folder.path().join("bridge.db")), None);
        let missing = out_of_reach(&folder.path().join("not/there.db")).unwrap();
        assert!(missing.grade == Grade::Bad && missing.what.contains("not does not exist"), "{missing:?}");
        assert_eq!(letters(0, "bridge-paper").grade, Grade::Fine);
        let kept = letters(3, "bridge-paper");
        assert!(
            kept.what.starts_with("3 events")
                && kept.remedy.unwrap().contains("bridge-paper dead-letters list")
        );
    }
}
