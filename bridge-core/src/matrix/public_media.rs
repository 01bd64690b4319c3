//! Addresses under which a few files of the homeserver can be fetched by anyone: the pictures of relayed people, and
//! files that a network did not take.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ruma::MxcUri;
use sha2::Sha256;
use url::Url;

use crate::secret::Secret;

/// A file's name is cut in its address after so many characters.
const LONGEST_NAME: usize = 100;

/// Makes such addresses and tells ours from made-up ones: without the signature anybody could fetch any file of the
/// homeserver through us.
#[derive(Debug, Clone)]
pub struct PublicMedia {
    base: Url,
    key: Secret,
}

/// The parts of a file's address, as they stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAddress {
    /// The server of the file's `mxc://` address.
    pub server_name: String,
    /// The rest of it.
    pub media_id: String,
    /// The event that shows the file.
    pub event_id: String,
    /// What only we can make.
    pub signature: String,
    /// The name under which it is saved.
    pub name: String,
}

impl FileAddress {
    fn mxc(&self) -> String {
        format!("mxc://{}/{}", self.server_name, self.media_id)
    }
}

impl PublicMedia {
    /// `base` is where our listener's `/public/` path is reached from outside; `key` signs, and is nobody else's.
    pub fn new(base: &Url, key: Secret) -> Self {
        Self { base: base.clone(), key }
    }

    /// The public address of a person's picture; none for what is no `mxc://` address.
    pub fn picture(&self, mxc: &str) -> Option<String> {
        let (server_name, media_id) = <&MxcUri>::from(mxc).parts().ok()?;
        let signature = self.sign(&["picture", mxc])?;
        self.address(&["picture", server_name.as_str(), media_id, &signature])
    }

    /// The picture that an address of ours names; none for one that we did not make.
    pub fn picture_at(&self, server_name: &str, media_id: &str, signature: &str) -> Option<String> {
        let mxc = format!("mxc://{server_name}/{media_id}");
        self.is_ours(&["picture", &mxc], signature).then_some(mxc)
    }

    /// The public address of a file that an event shows; none for what is no `mxc://` address.
    pub fn file(&self, mxc: &str, event_id: &str, name: &str) -> Option<String> {
        let (server_name, media_id) = <&MxcUri>::from(mxc).parts().ok()?;
        // What could lead elsewhere in the address has no place in a file's name.
        let is_kept = |c: &char| !c.is_control() && !matches!(c, '/' | '\\');
        let name: String = name.chars().filter(is_kept).take(LONGEST_NAME).collect();
        let name = if name.trim_matches(['.', ' ']).is_empty() { "file" } else { name.as_str() };
        let signature = self.sign(&["file", mxc, event_id, name])?;
        self.address(&["file", server_name.as_str(), media_id, event_id, &signature, name])
    }

    /// The file that an address of ours names; none for one that we did not make.
    pub fn file_at(&self, address: &FileAddress) -> Option<String> {
        let mxc = address.mxc();
        let signed = ["file", &mxc, &address.event_id, &address.name];
        self.is_ours(&signed, &address.signature).then_some(mxc)
    }

    fn address(&self, segments: &[&str]) -> Option<String> {
        let mut address = self.base.clone();
        address.path_segments_mut().ok()?.pop_if_empty().push("public").extend(segments);
        Some(address.into())
    }

    fn sign(&self, parts: &[&str]) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(self.mac(parts)?.finalize().into_bytes()))
    }

    fn is_ours(&self, parts: &[&str], signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        // Compares in constant time.
        self.mac(parts).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }

    /// What an address is for stands before all else, so that none is good for anything else.
    fn mac(&self, parts: &[&str]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).ok()?;
        mac.update(b"public");
        for part in parts {
            mac.update(b"\0");
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn media(key: &str) -> PublicMedia {
        PublicMedia::new(&Url::parse("https://bridge.test/").unwrap(), Secret::new(key))
    }

    fn read(address: &str) -> FileAddress {
        let url = Url::parse(address).unwrap();
        let decode = |text: &str| {
            let query = format!("x={}", text.replace('+', "%2B"));
            url::form_urlencoded::parse(query.as_bytes()).next().unwrap().1.into_owned()
        };
        let parts: Vec<String> = url.path_segments().unwrap().map(decode).collect();
        let [_, _, server_name, media_id, event_id, signature, name] =
            <[String; 7]>::try_from(parts).unwrap();
        FileAddress { server_name, media_id, event_id, signature, name }
    }

    #[test]
    fn only_addresses_of_ours_name_a_picture() {
        let media = media("key");
        let address = media.picture("mxc://hs.test/abc").unwrap();
        let path = address.strip_prefix("https://bridge.test/public/picture/hs.test/abc/").unwrap();
        assert_eq!(media.picture_at("hs.test", "abc", path).unwrap(), "mxc://hs.test/abc");
        assert_eq!(media.picture_at("hs.test", "other", path), None);
        assert_eq!(media.picture_at("hs.test", "abc", "AAAA"), None);
        assert_eq!(self::media("another").picture_at("hs.test", "abc", path), None);
        assert_eq!(media.picture("https://hs.test/abc"), None);
    }

    #[test]
    fn a_files_address_is_good_for_its_event_and_name_only() {
        let media = media("key");
        let address = media.file("mxc://hs.test/abc", "$event:hs", "a b/ü?#.zip").unwrap();
        assert!(address.starts_with("https://bridge.test/public/file/hs.test/abc/$event:hs/"), "{address}");
        let parts = read(&address);
        assert_eq!(parts.name, "a bü?#.zip");
        assert_eq!(media.file_at(&parts).unwrap(), "mxc://hs.test/abc");
        for other in [
            FileAddress { media_id: "other".to_owned(), ..parts.clone() },
            FileAddress { event_id: "$other".to_owned(), ..parts.clone() },
            FileAddress { name: "b.exe".to_owned(), ..parts.clone() },
            FileAddress { signature: String::new(), ..parts.clone() },
        ] {
            assert_eq!(media.file_at(&other), None, "{other:?}");
        }
        assert_eq!(
            media.picture_at("hs.test", "abc", &parts.signature),
            None,
            "a picture is shown by others"
        );
        for odd in ["..", "/", "", " . "] {
            let parts = read(&media.file("mxc://hs.test/abc", "$e", odd).unwrap());
            assert_eq!((parts.name.as_str(), media.file_at(&parts).is_some()), ("file", true), "{odd:?}");
        }
    }
}
