//! An account elsewhere is saved: its token is tried first, and tells whose it is.

use std::path::PathBuf;
use std::time::Duration;

use bridge_core::matrix::{AppService, ErrorClass, MatrixError};
use bridge_core::secret::Secret;
use ruma::{OwnedUserId, UserId};

use crate::account;
use crate::config::Account;
use crate::error::HostError;
use crate::host::Host;
use crate::host::manage::declared;
use crate::store::account::{self as accounts, AccountRow};
use crate::store::outside;

/// How long a homeserver may take to say whose a token is: others wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(15);

impl Host {
    /// Makes an account elsewhere, or changes one. What is not said of homeserver and token stays; another homeserver's address
    /// needs the token, too.
    pub(in crate::host) async fn put_outside(
        &self,
        name: &str,
        account: &Account,
    ) -> Result<AccountRow, HostError> {
        let old = self.outside_named(name);
        if old.as_ref().is_some_and(|row| row.declared) {
            return Err(declared("account", name));
        }
        let homeserver =
            account.homeserver.clone().or_else(|| old.as_ref().map(|row| row.homeserver.clone()));
        let homeserver = homeserver.ok_or_else(|| conflict("The address of its homeserver is missing."))?;
        let homeserver = homeserver.trim_end_matches('/').to_owned();
        if account.token.is_none() && old.as_ref().is_some_and(|old| old.homeserver != homeserver) {
            return Err(conflict(
                "Another address needs the access token anew: the one that is stored is sent to its own homeserver only.",
            ));
        }
        let stored = match (&account.token, &old) {
            (None, Some(row)) => outside::token(self.store(), &row.user_id).await?,
            (token, _) => token.clone(),
        };
        let token = stored.filter(|token| !token.is_empty());
        let token = token
            .ok_or_else(|| conflict("An account elsewhere needs its access token, and there is none."))?;
        let user_id = whose(&homeserver, &token).await?;
        self.expect_fitting(name, old.as_ref(), &user_id)?;
        let row = account::outside_row(user_id.to_string(), name, &homeserver, account, false);
        let mut tx = self.store().begin().await?;
        accounts::put(&mut tx, &row).await?;
        outside::put_token(self.store(), &mut tx, &row.user_id, &token).await?;
        // Another address of the same homeserver is only another way there: it goes on where it was.
        if old.is_none() {
            outside::begin_anew(&mut tx, &row.user_id).await?;
        }
        tx.commit().await?;
        self.note_account(row.clone());
        self.connect(&row.user_id);
        Ok(row)
    }

    fn expect_fitting(
        &self,
        name: &str,
        old: Option<&AccountRow>,
        user_id: &UserId,
    ) -> Result<(), HostError> {
        if let Some(old) = old.filter(|old| old.user_id != user_id.as_str()) {
            return Err(HostError::Conflict(format!(
                "The token is that of {user_id}, and {name} is {}. Another account needs another name; nothing was changed.",
                old.user_id
            )));
        }
        if self.parts().app.owns(user_id.as_str()) {
            return Err(HostError::Conflict(format!(
                "{user_id} is in this host's own namespace: it needs no token. Leave homeserver and token out."
            )));
        }
        let taken = self.account(user_id.as_str()).filter(|row| row.name != name);
        if let Some(row) = taken {
            return Err(HostError::Conflict(format!("{user_id} is the account {} already.", row.name)));
        }
        let own = account::user_id(&self.parts().app, &self.parts().prefix, name);
        if old.is_none() && self.account(&own).is_some() {
            return Err(HostError::Conflict(format!(
                "There is an account {name} already: {own}. Choose another name."
            )));
        }
        Ok(())
    }

    /// The token of an account elsewhere, as its file has it now or as it was stored. The error is a sentence.
    pub(super) async fn token_of(&self, user_id: &str) -> Result<Secret, String> {
        if let Some(file) = self.token_file(user_id) {
            let text = tokio::fs::read_to_string(&file).await;
            let text = text.map_err(|error| {
                format!(
                    "The file {} with the token of {user_id} could not be read ({error}).",
                    file.display()
                )
            })?;
            return Ok(Secret::new(text.trim()));
        }
        let stored = outside::token(self.store(), user_id).await.map_err(|error| error.0)?;
        stored.ok_or_else(|| format!("There is no token of {user_id}. Give it with `ctl account`."))
    }

    /// The file that the config names for an account's token.
    pub(super) fn token_file(&self, user_id: &str) -> Option<PathBuf> {
        let declared = self.parts().section.accounts.values();
        let mut declared =
            declared.filter(|one| one.homeserver.is_some() && one.user_id.as_deref() == Some(user_id));
        declared.next()?.token_file.clone()
    }
}

/// Whose token it is.
async fn whose(homeserver: &str, token: &Secret) -> Result<OwnedUserId, HostError> {
    // The token alone says who asks.
    let nobody = ruma::user_id!("@nobody:invalid");
    let app = AppService::of_account(homeserver, nobody, Secret::new(token.expose().trim()));
    let bot = app.map_err(|why| conflict(&why))?.bot();
    match tokio::time::timeout(PATIENCE, bot.whoami()).await {
        Ok(told) => told.map_err(|error| explained(homeserver, &error)),
        Err(_) => {
            Err(conflict(&format!("{homeserver} does not answer. Nothing was changed; try again later.")))
        }
    }
}

fn explained(homeserver: &str, error: &MatrixError) -> HostError {
    let text = match error.errcode() {
        Some(code) if error.status() == Some(401) || error.is_forbidden() => format!(
            "{homeserver} does not take the token ({code}). Sign the account in there and give its access token."
        ),
        _ if error.class() == ErrorClass::Permanent => format!(
            "{homeserver} answers, but not like a homeserver ({error}). Give the address that clients use."
        ),
        _ => format!(
            "{homeserver} cannot be asked whose the token is ({error}). Nothing was changed; try again later."
        ),
    };
    conflict(&text)
}

fn conflict(text: &str) -> HostError {
    HostError::Conflict(text.to_owned())
}
