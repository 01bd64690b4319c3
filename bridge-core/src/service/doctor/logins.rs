//! Looks at the stored logins: whether the network still takes their credentials.

use super::finding::Finding;
use crate::error::NetworkError;
use crate::network::Network;
use crate::store::login::LoginRow;

const PART: &str = "login";

/// Tries all of them, one after another.
pub(in crate::service) async fn try_all<N: Network>(network: &N, rows: Vec<LoginRow>) -> Vec<Finding> {
    if rows.is_empty() {
        let remedy = "In a direct chat with the bot, write `login`; or use the verb `login` while the program does not run.";
        return vec![Finding::look(PART, format!("Nobody is logged in to {} yet.", N::INFO.name), remedy)];
    }
    let mut findings = Vec::new();
    for row in rows {
        let result = match serde_json::from_str(row.credentials.expose()) {
            Ok(credentials) => network.try_credentials(&credentials).await,
            // What the reader says could quote them.
            Err(_) => Err(NetworkError::BadCredentials("What is stored of it cannot be read.".to_owned())),
        };
        findings.push(said_of(&row.name, N::INFO.name, result));
    }
    findings
}

fn said_of(login: &str, network: &str, result: Result<(), NetworkError>) -> Finding {
    match result {
        Ok(()) => Finding::fine(PART, format!("{network} takes the credentials of {login}.")),
        Err(NetworkError::Unsupported(_)) => {
            Finding::fine(PART, format!("{login} is stored; it was not tried."))
        }
        Err(NetworkError::BadCredentials(why)) => Finding::bad(
            PART,
            format!("{network} refuses the credentials of {login}. {why}"),
            "Log in again: write `login` to the bot.",
        ),
        Err(why) => Finding::look(
            PART,
            format!("{network} could not be asked about {login}: {why}"),
            format!("Look whether this machine reaches {network}; ask again in a minute."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn each_answer_of_the_network_has_its_advice() {
        for (result, grade, words) in [
            (Ok(()), Grade::Fine, "takes the credentials of Acme"),
            (Err(NetworkError::Unsupported("This")), Grade::Fine, "not tried"),
            (Err(NetworkError::BadCredentials("Revoked.".into())), Grade::Bad, "Acme. Revoked."),
            (Err(NetworkError::Transient("No route.".into())), Grade::Look, "No route."),
        ] {
            let found = said_of("Acme", "Paper", result);
            assert!(found.grade == grade && found.what.contains(words), "{found:?}");
        }
    }
}
