//! The verb `doctor`: looks at everything the program needs, goes on after each mistake, and says what to do first.

mod database;
pub(crate) mod files;
pub mod finding;
mod homeserver;
pub(super) mod logins;
mod machine;
mod running;
mod web;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use bridge_registration::{Plan, Registration};
use serde::de::DeserializeOwned;

use super::check::way_back;
use super::cli::{DoctorArgs, print};
use super::ground::{Ground, Unlistenable, plan};
use crate::appservice::PingError;
use crate::clock::Clock;
use crate::config::{Config, Defaults};
use crate::store::login::LoginRow;
use crate::store::migrate::Component;
use finding::{Finding, first, report};

/// Where the backup units write, in a folder of the program's name.
const BACKUPS: &str = "/var/backups";

/// What is looked at.
#[derive(Debug)]
pub struct Patient<'p, S> {
    /// The config file.
    pub path: &'p Path,
    /// What was read from it, or all its mistakes, one in a line.
    pub config: Result<Config<S>, String>,
    /// The program's defaults.
    pub defaults: &'p Defaults,
    /// Its tables beside the core's.
    pub components: &'static [Component],
}

/// Looks at everything and changes nothing. `logins` tries the stored logins at the network, of which there are none to try
/// without tables of this version, or without the key; a program without logins looks at what it has in their place. Gives the report if there is nothing to do; else it is printed, and the error is empty.
pub async fn doctor<S: DeserializeOwned + Default>(
    patient: Patient<'_, S>,
    args: &DoctorArgs,
    logins: impl AsyncFnOnce(Option<Vec<LoginRow>>) -> Vec<Finding>,
) -> Result<String, String> {
    let findings = Box::pin(examine(patient, args, logins)).await;
    let report = report(&findings);
    if first(&findings).is_none() {
        return Ok(report);
    }
    print(report);
    Err(String::new())
}

async fn examine<S: DeserializeOwned + Default>(
    patient: Patient<'_, S>,
    args: &DoctorArgs,
    logins: impl AsyncFnOnce(Option<Vec<LoginRow>>) -> Vec<Finding>,
) -> Vec<Finding> {
    let Patient { path, config, defaults, components } = patient;
    let config = match config {
        Ok(config) => config,
        // What the file says is needed for each further look.
        Err(sentences) => return files::mistakes(&sentences),
    };
    let (program, now_ms) = (format!("bridge-{}", defaults.id), Clock::system().now_ms());
    let mut findings = vec![files::config(path)];
    findings.extend(files::user(config.database.file().filter(|file| file.exists()).unwrap_or(path)));
    let plan = plan(&config, defaults);
    let (found, registration) = files::registration(&config, &plan);
    findings.extend(found);
    findings.push(files::key(&config));
    let database = database::look(&config, components, &program).await;
    findings.extend(database.findings);
    let (found, answers) = homeserver::answers(&config, now_ms).await;
    findings.extend(found);
    let place = config.database.file().and_then(Path::parent).unwrap_or(&config.folder).to_owned();
    let metrics = match registration {
        None => None,
        Some(registration) => match Ground::of(config, &registration) {
            Ok(ground) => outside(&ground, &registration, &plan, answers, &mut findings).await,
            Err(why) => {
                findings.push(Finding::mistake("config", why));
                None
            }
        },
    };
    findings.extend(logins(database.logins).await);
    findings.extend(machine::disk(&place));
    findings.push(machine::open_files(metrics.as_deref()));
    if database.has_tables {
        let folder = args.backups.clone().unwrap_or_else(|| PathBuf::from(BACKUPS).join(&program));
        findings.push(machine::backups(&folder, &program, now_ms));
    }
    findings
}

/// Looks at the homeserver's side and at our port. Gives the metrics of the program that runs there, if it is ours.
async fn outside<S: DeserializeOwned + Default>(
    ground: &Ground<S>,
    registration: &Registration,
    plan: &Plan,
    answers: bool,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let mut knows_us = false;
    if answers {
        let found = homeserver::knows_us(ground, registration).await;
        knows_us = found.grade == finding::Grade::Fine;
        findings.push(found);
    }
    let listen = ground.config.appservice.listen;
    match ground.take_port().await {
        Ok(listener) => {
            if knows_us {
                let result = way_back(ground, listener).await;
                let is_outdated = matches!(
                    result,
                    Err(PingError::NoConnection | PingError::SomebodyElse | PingError::NoUrl)
                ) && files::has_another_url(registration, plan);
                let found = homeserver::way_back(result, registration.url.as_deref());
                findings.push(if is_outdated { found.with_remedy(files::AGAIN) } else { found });
            }
            let what = format!("It does not run: nobody listens at {listen}.");
            findings.push(Finding::look(
                "program",
                what,
                "When all else is well, start it: `run`, or its unit.",
            ));
            None
        }
        Err(why) => {
            let url = format!("http://{}", to_call(listen));
            let document = web::ask(&format!("{url}/health"), None).await.ok().and_then(|answer| answer.json);
            let Some(found) = document.as_ref().and_then(running::read) else {
                findings.push(not_ours(listen, why));
                return None;
            };
            findings.extend(found);
            web::ask(&format!("{url}/metrics"), None).await.ok().map(|answer| answer.text)
        }
    }
}

/// Nobody of ours answers at the port, and it cannot be had.
fn not_ours(listen: SocketAddr, why: Unlistenable) -> Finding {
    const PART: &str = "port";
    match why {
        Unlistenable::Taken => Finding::bad(
            PART,
            format!("appservice.listen: another program has the port of {listen}."),
            format!(
                "`ss -ltnp 'sport = :{}'` says which one. Stop it; or choose another port in appservice.listen, run \
                 `registration`, give that to the homeserver again, and restart it.",
                listen.port()
            ),
        ),
        Unlistenable::Other(why) => Finding::mistake(PART, why),
    }
}

/// By which address a listener is called from its own machine.
fn to_call(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(IpAddr::from([127, 0, 0, 1])),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    #[test]
    fn a_listener_at_every_address_is_called_at_this_machines_own() {
        for (listen, called) in
            [("0.0.0.0:5", "127.0.0.1:5"), ("[::]:5", "[::1]:5"), ("10.0.0.4:5", "10.0.0.4:5")]
        {
            assert_eq!(to_call(listen.parse().unwrap()), called.parse::<SocketAddr>().unwrap());
        }
    }
}
