//! Finding out what the homeserver offers.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use ruma::TransactionId;
use ruma::api::client::appservice::request_ping;
use serde::{Deserialize, Serialize};

use super::app_service::AppService;
use super::error::{ErrorClass, MatrixError};
use super::intent::Intent;

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(10);
/// The room version of a homeserver that names none.
const OLDEST_DEFAULT: &str = "1";

/// Kinds of homeservers that differ in ways no route tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Synapse.
    Synapse,
    /// conduwuit and its heirs: continuwuity, tuwunel.
    Conduwuit,
    /// Anything else, or one that does not say.
    Unknown,
}

/// What a homeserver offers. Found out once per start.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a homeserver has or has not, read by name"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Features {
    /// The name it gives itself, if it does.
    pub server: Option<String>,
    /// Its version in its own words.
    pub server_version: Option<String>,
    /// Which kind it is, by that name.
    pub family: Family,
    /// The specification's versions it claims.
    pub versions: Vec<String>,
    /// Whether our users can be given devices without a login (MSC4190).
    pub device_route: bool,
    /// Whether a repeated send is recognized only when it names a device.
    pub needs_device: bool,
    /// How long an uploaded file may be, in bytes.
    pub media_limit: Option<u64>,
    /// Whether an address can be had before the file (MSC2246).
    pub async_uploads: bool,
    /// The version new rooms get.
    pub default_room_version: String,
    /// Whether profiles have further fields than name and picture (MSC4133, from version 1.16 on).
    pub extended_profiles: bool,
}

/// What is read of the homeserver's capabilities.
#[derive(Default, Deserialize)]
struct Capabilities {
    #[serde(rename = "m.room_versions")]
    room_versions: Option<RoomVersions>,
    #[serde(rename = "m.profile_fields")]
    profile_fields: Option<Enabled>,
    #[serde(rename = "uk.tcpip.msc4133.profile_fields")]
    profile_fields_before: Option<Enabled>,
}

#[derive(Deserialize)]
struct RoomVersions {
    default: String,
}

#[derive(Deserialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Deserialize)]
struct CapabilitiesAnswer {
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    unstable_features: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
struct ServerSays {
    server: Software,
}

#[derive(Deserialize)]
struct Software {
    name: Option<String>,
    version: Option<String>,
}

impl AppService {
    /// The questions of [`AppService::probe`], all at once.
    pub(super) async fn ask_features(&self) -> Result<Features, MatrixError> {
        let bot = self.bot();
        let (versions, _, software, device_route, media_limit, capabilities) = tokio::try_join!(
            self.versions(),
            bot.whoami(),
            self.software(),
            async { known(bot.put_device().await) },
            async { known(bot.media_limit().await) },
            self.capabilities(),
        )?;
        let family = software.as_ref().map_or(Family::Unknown, Software::family);
        let device_route = device_route.is_some();
        Ok(Features {
            // The conduwuit family recognizes a repeat by the user alone.
            needs_device: device_route && family != Family::Conduwuit,
            device_route,
            media_limit,
            // The conduwuit family claims the version without having the route. Asking would leave an address behind.
            async_uploads: family != Family::Conduwuit && versions.iter().any(|version| is_from(version, 7)),
            extended_profiles: capabilities.extended_profiles(&versions),
            default_room_version: capabilities
                .room_versions
                .map_or_else(|| OLDEST_DEFAULT.to_owned(), |versions| versions.default),
            server: software.as_ref().and_then(|software| software.name.clone()),
            server_version: software.and_then(|software| software.version),
            family,
            versions,
        })
    }

    /// The versions of the specification the homeserver claims, and the unstable features it has switched on. The
    /// cheapest question to see whether it is up.
    pub async fn versions(&self) -> Result<Vec<String>, MatrixError> {
        let answer: Versions = self.ask("versions", "/_matrix/client/versions").await?;
        let unstable = answer.unstable_features.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name);
        Ok(answer.versions.into_iter().chain(unstable).collect())
    }

    /// The homeserver's name; one that hides its federation routes has none. Where it cannot be asked now the answer must
    /// not be "none": it decides whether sends name a device, and a repeat has to do as the first time.
    async fn software(&self) -> Result<Option<Software>, MatrixError> {
        let says: Result<ServerSays, _> = self.ask("server_version", "/_matrix/federation/v1/version").await;
        Ok(known(says)?.map(|says| says.server))
    }

    /// Read by ourselves: an answer that names a field twice, as it was called before and is called now, is one.
    async fn capabilities(&self) -> Result<Capabilities, MatrixError> {
        let path = "/_matrix/client/v3/capabilities";
        let request = self.client().request(Method::GET, path).query(&[("user_id", self.client().bot())]);
        match self.read("capabilities", request).await {
            Ok(CapabilitiesAnswer { capabilities }) => Ok(capabilities),
            Err(error) if error.class() == ErrorClass::Permanent => Ok(Capabilities::default()),
            Err(error) => Err(error),
        }
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        call: &'static str,
        path: &str,
    ) -> Result<T, MatrixError> {
        self.read(call, self.client().public_request(Method::GET, path)).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<T, MatrixError> {
        let request = request.timeout(QUESTION);
        let answer = self.client().perform(call, request).await?;
        serde_json::from_slice(answer.body()).map_err(|_| {
            MatrixError::Malformed(format!("the answer to {call} has another form than expected"))
        })
    }

    /// Has the homeserver call our ping endpoint with this id, and gives the time that took it. Its answers of the
    /// kind `M_CONNECTION_FAILED` say what it met there.
    pub async fn ping(&self, txn_id: &TransactionId) -> Result<Duration, MatrixError> {
        let mut request = request_ping::v1::Request::new(self.id().to_owned());
        request.transaction_id = Some(txn_id.to_owned());
        Ok(self.bot().call("ping", request).await?.duration)
    }
}

impl Intent {
    /// The version new rooms get.
    pub async fn default_room_version(&self) -> Result<String, MatrixError> {
        Ok(self.app().probe().await?.default_room_version.clone())
    }
}

impl Capabilities {
    /// A homeserver that does not list the capability lets everybody set any field, if it knows of such at all.
    fn extended_profiles(&self, versions: &[String]) -> bool {
        let listed = self.profile_fields.as_ref().or(self.profile_fields_before.as_ref());
        listed.map_or_else(
            || versions.iter().any(|version| is_from(version, 16) || version == "uk.tcpip.msc4133.stable"),
            |listed| listed.enabled,
        )
    }
}

impl Software {
    fn family(&self) -> Family {
        let name = self.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        if name.contains("synapse") {
            Family::Synapse
        } else if ["conduwuit", "continuwuity", "tuwunel"].iter().any(|known| name.contains(known)) {
            Family::Conduwuit
        } else {
            Family::Unknown
        }
    }
}

/// Whether a version is `v1.<minor>` or later. The list may have holes, so one is looked for, not the one.
fn is_from(version: &str, minor: u32) -> bool {
    version.strip_prefix("v1.").and_then(|rest| rest.parse::<u32>().ok()).is_some_and(|found| found >= minor)
}

/// What a homeserver refuses to answer it does not have. That it cannot answer now says nothing.
fn known<T>(answer: Result<T, MatrixError>) -> Result<Option<T>, MatrixError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_unrecognized() => Ok(None),
        Err(error) if error.class() == ErrorClass::Permanent => Ok(None),
        Err(error @ MatrixError::Refused { status: 401, .. }) => {
            tracing::debug!(%error, "a question was refused");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_family() {
        let family = |name: &str| Software { name: Some(name.into()), version: None }.family();
        assert_eq!(family("Synapse"), Family::Synapse);
        assert_eq!(family("continuwuity"), Family::Conduwuit);
        assert_eq!(family("Tuwunel"), Family::Conduwuit);
        assert_eq!(family("Dendrite"), Family::Unknown);
        assert_eq!(Software { name: None, version: None }.family(), Family::Unknown);
    }

    #[test]
    fn profiles_have_further_fields_where_the_homeserver_says_so() {
        let of = |capabilities: &str, versions: &[&str]| {
            let capabilities: Capabilities = serde_json::from_str(capabilities).unwrap_or_default();
            capabilities
                .extended_profiles(&versions.iter().map(|&version| version.to_owned()).collect::<Vec<_>>())
        };
        assert!(of(r#"{"m.profile_fields":{"enabled":true}}"#, &["v1.12"]));
        assert!(of(r#"{"uk.tcpip.msc4133.profile_fields":{"enabled":true}}"#, &["v1.12"]));
        let both =
            r#"{"m.profile_fields":{"enabled":true},"uk.tcpip.msc4133.profile_fields":{"enabled":true}}"#;
        assert!(of(both, &[]));
        assert!(!of(r#"{"m.profile_fields":{"enabled":false}}"#, &["v1.16"]));
        assert!(of("{}", &["v1.5", "v1.18"]));
        assert!(of("{}", &["v1.12", "uk.tcpip.msc4133.stable"]));
        assert!(!of("{}", &["v1.15", "uk.tcpip.msc4133"]));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_from("v1.11", 7));
        assert!(!is_from("v1.5", 7));
        assert!(!is_from("r0.6.1", 0));
    }
}
