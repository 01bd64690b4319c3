//! Addresses under which a few files of the homeserver can be fetched by anyone: the pictures of relayed people.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ruma::MxcUri;
use sha2::Sha256;
use url::Url;

use crate::secret::Secret;

/// Makes such addresses and tells ours from made-up ones: without the signature anybody could fetch any file of the
/// homeserver through us.
#[derive(Debug, Clone)]
pub struct PublicMedia {
    base: String,
    key: Secret,
}

impl PublicMedia {
    /// `base` is where our listener's `/public/` path is reached from outside; `key` signs, and is nobody else's.
    pub fn new(base: &Url, key: Secret) -> Self {
        Self { base: base.as_str().trim_end_matches('/').to_owned(), key }
    }

    /// The public address of a file; none for what is no `mxc://` address.
    pub fn address(&self, mxc: &str) -> Option<String> {
        let (server_name, media_id) = <&MxcUri>::from(mxc).parts().ok()?;
        let signature = URL_SAFE_NO_PAD.encode(self.mac(mxc)?.finalize().into_bytes());
        Some(format!("{}/public/picture/{server_name}/{media_id}/{signature}", self.base))
    }

    /// The file that an address of ours names; none for one that we did not make.
    pub fn file(&self, server_name: &str, media_id: &str, signature: &str) -> Option<String> {
        let mxc = format!("mxc://{server_name}/{media_id}");
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compares in constant time.
        self.mac(&mxc)?.verify_slice(&signature).is_ok().then_some(mxc)
    }

    fn mac(&self, mxc: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).ok()?;
        mac.update(b"public picture\0");
        mac.update(mxc.as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_addresses_of_ours_name_a_file() {
        let base = Url::parse("https://bridge.test/").unwrap();
        let media = PublicMedia::new(&base, Secret::new("key"));
        let address = media.address("mxc://hs.test/abc").unwrap();
        let path = address.strip_prefix("https://bridge.test/public/picture/hs.test/abc/").unwrap();
        assert_eq!(media.file("hs.test", "abc", path).unwrap(), "mxc://hs.test/abc");
        assert_eq!(media.file("hs.test", "other", path), None);
        assert_eq!(media.file("hs.test", "abc", "AAAA"), None);
        assert_eq!(PublicMedia::new(&base, Secret::new("another")).file("hs.test", "abc", path), None);
        assert_eq!(media.address("https://hs.test/abc"), None);
    }
}
