//! Every statement of the store is understood by every engine.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use super::engine::{Database, each_engine};
use crate::store::db::on;

each_engine! { are_understood }

/// The constants of a source file whose text is a statement, by name.
fn statements(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in source.split("const ").skip(1) {
        let Some((name, rest)) = part.split_once(": &str =") else { continue };
        let Some(text) = rest.trim_start().strip_prefix('"').and_then(|text| text.split_once("\";")) else {
            continue;
        };
        let sql: Vec<&str> = text.0.split("\\\n").map(str::trim_start).collect();
        let sql = sql.concat();
        if ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| sql.starts_with(verb)) {
            found.push((name.to_owned(), sql));
        }
    }
    found
}

async fn are_understood(db: &Database) {
    let store = db.store().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for (name, sql) in statements(&std::fs::read_to_string(&path).unwrap()) {
            let mut tx = store.begin().await.unwrap();
            let prepared = on!(&mut tx, c => {
                c.prepare(AssertSqlSafe(sql.as_str()).into_sql_str()).await.map(|_| ())
            });
            tx.rollback().await.unwrap();
            assert!(prepared.is_ok(), "{} {name}: {prepared:?}\n{sql}", path.display());
            count += 1;
        }
    }
    assert!(count >= 25, "only {count} statements were found");
}
