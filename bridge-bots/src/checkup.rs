//! What `check` and `doctor` look at beside what every program needs: declared accounts elsewhere, and the address of the pages.

use std::collections::BTreeMap;

use bridge_core::config::Config;
use bridge_core::matrix::{AppService, MatrixError};
use bridge_core::secret::Secret;
use bridge_core::service::doctor::finding::{Finding, Grade};
use ruma::OwnedUserId;
use tokio::net::TcpListener;

use crate::admin::WHERE_TAKEN;
use crate::config::{Account, Section};

const PART: &str = "account";

/// Whether each declared account elsewhere may sign in. Those that operators made are told of by the running program.
async fn accounts(declared: &BTreeMap<String, Account>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, account) in declared {
        if let Some((homeserver, user_id)) = account.homeserver.as_ref().zip(account.user_id.as_ref()) {
            findings.push(match whose(homeserver, user_id, account).await {
                Ok(who) => said_of(name, homeserver, user_id, who),
                Err(why) => Finding::mistake(PART, format!("bots.accounts.{name}: {why}")),
            });
        }
    }
    findings
}

/// Whose token an account's file holds, by its homeserver. The outer error is a sentence about what is declared.
async fn whose(
    homeserver: &str,
    user_id: &str,
    account: &Account,
) -> Result<Result<OwnedUserId, MatrixError>, String> {
    let id = OwnedUserId::try_from(user_id).map_err(|_| format!("{user_id} is no user id."))?;
    let file = account.token_file.as_ref().ok_or("`token_file` is missing.")?;
    let token = std::fs::read_to_string(file);
    let token =
        token.map_err(|error| format!("the token in {} cannot be read ({error}).", file.display()))?;
    let app = AppService::of_account(homeserver, &id, Secret::new(token.trim()))?;
    Ok(app.bot().whoami().await)
}

fn said_of(name: &str, homeserver: &str, user_id: &str, who: Result<OwnedUserId, MatrixError>) -> Finding {
    match who {
        Ok(who) if who == user_id => {
            Finding::fine(PART, format!("{homeserver} knows the token of {user_id}."))
        }
        Ok(who) => Finding::bad(
            PART,
            format!("bots.accounts.{name}: the token of {user_id} is that of {who}."),
            "Write the token of the former into its file; another account needs another name.",
        ),
        Err(error) if error.status() == Some(401) => Finding::bad(
            PART,
            format!("bots.accounts.{name}: {homeserver} does not take the token of {user_id}."),
            "Sign the account in again, and write the new token into its file; no restart is needed.",
        ),
        Err(error) => Finding::look(
            PART,
            format!("bots.accounts.{name}: {homeserver} could not be asked about {user_id}. {error}"),
            "Look whether that homeserver runs and this machine reaches it; ask again in a minute.",
        ),
    }
}

/// Whether the pages can be served; nothing where there are to be none. The program must not run.
async fn pages(section: &Section) -> Option<Finding> {
    const PART: &str = "pages";
    let listen = &section.admin.listen;
    let address = listen.address?;
    let Err(error) = TcpListener::bind(address).await else {
        return Some(Finding::fine(PART, "The pages can be served."));
    };
    let what = format!("bots.admin.listen: {address} cannot be listened on ({error}).");
    Some(if listen.is_written {
        Finding::bad(PART, what, WHERE_TAKEN)
    } else {
        Finding::look(PART, format!("{what} The program starts without its pages."), WHERE_TAKEN)
    })
}

/// What `doctor` looks at besides. Of a program that runs, the pages' address is its own.
pub(crate) async fn besides(config: &Config<Section>) -> Vec<Finding> {
    let mut findings = accounts(&config.own.accounts).await;
    if TcpListener::bind(config.appservice.listen).await.is_ok() {
        findings.extend(pages(&config.own).await);
    }
    findings
}

/// What `check` adds to its report; the error is all of that where something does not fit.
pub(crate) async fn report(section: &Section) -> Result<String, String> {
    let mut findings = accounts(&section.accounts).await;
    findings.extend(pages(section).await);
    let fits = findings.iter().all(|finding| finding.grade != Grade::Bad);
    let lines = findings.into_iter().map(|Finding { what, remedy, .. }| match remedy {
        Some(remedy) => format!("{what} {remedy}\n"),
        None => format!("{what}\n"),
    });
    let report = lines.collect();
    if fits { Ok(report) } else { Err(report) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn elsewhere(token_file: Option<&std::path::Path>) -> BTreeMap<String, Account> {
        let account = Account {
            // Port 9 (discard) is closed on every machine this runs on.
            homeserver: Some("http://127.0.0.1:9".to_owned()),
            user_id: Some("@far:example.org".to_owned()),
            token_file: token_file.map(Into::into),
            ..Account::default()
        };
        BTreeMap::from([("far".to_owned(), account), ("ours".to_owned(), Account::default())])
    }

    #[tokio::test]
    async fn a_declared_account_is_tried_and_its_token_is_not_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "canary\n").unwrap();
        let found = accounts(&elsewhere(Some(file.path()))).await;
        assert_eq!((found.len(), found[0].grade), (1, Grade::Look));
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        let found = accounts(&elsewhere(Some("/nowhere/token".as_ref()))).await;
        assert!(found[0].grade == Grade::Bad && found[0].what.contains("/nowhere/token"), "{found:?}");
    }

    #[tokio::test]
    async fn only_an_address_that_is_written_has_to_be_free() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut section = Section::default();
        section.admin.listen.address = Some(taken.local_addr().unwrap());
        for (is_written, fits) in [(false, true), (true, false)] {
            section.admin.listen.is_written = is_written;
            let told = report(&section).await;
            assert_eq!(told.is_ok(), fits, "{told:?}");
            let (Ok(told) | Err(told)) = told;
            assert!(told.contains("bots.admin.listen") && told.contains("maubot"), "{told}");
        }
        section.admin.listen.address = None;
        assert_eq!(report(&section).await.unwrap(), "");
    }

    #[test]
    fn each_answer_has_its_advice() {
        let said = |who| said_of("far", "https://far.example", "@far:example.org", who);
        let of = |user: &str| Ok(OwnedUserId::try_from(user).unwrap());
        assert_eq!(said(of("@far:example.org")).grade, Grade::Fine);
        let other = said(of("@near:example.org"));
        assert!(other.grade == Grade::Bad && other.what.contains("@near:example.org"), "{other:?}");
        assert_eq!(said(Err(MatrixError::Unreachable("no connection".to_owned()))).grade, Grade::Look);
    }
}
