//! What the site handed to us as a visitor: a few cookies and a token, which its own question has to bring back.

use std::sync::{Mutex, PoisonError};

/// A visitor's cookies and token, those of the last page.
#[derive(Debug, Default)]
pub(super) struct Guest(Mutex<Held>);

#[derive(Debug, Default, Clone)]
struct Held {
    cookies: Vec<(String, String)>,
    token: Option<String>,
}

/// Cookies that visitors get; no other is kept.
const KEPT: &[&str] = &["csrftoken", "mid", "ig_did", "datr"];
const LONGEST: usize = 256;

impl Guest {
    /// Notes what a page brought.
    pub(super) fn note(&self, page: &str, cookies: &[String]) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = token(page) {
            held.token = Some(token.to_owned());
        }
        for cookie in cookies {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if KEPT.contains(&name.trim()) && is_plain(value) {
                held.cookies.retain(|(own, _)| own != name.trim());
                held.cookies.push((name.trim().to_owned(), value.to_owned()));
            }
        }
    }

    /// The header `Cookie`, empty if there is nothing.
    pub(super) fn cookies(&self) -> String {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = held.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// One cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.cookies.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }

    /// The token.
    pub(super) fn token(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).token.clone()
    }
}

fn token(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("[\"LSD\",[],{\"token\":\"")?;
    rest.split('"').next().filter(|token| is_plain(token))
}

fn is_plain(value: &str) -> bool {
    let fits = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'+' | b'/' | b'=' | b'%')
    };
    !value.is_empty() && value.len() <= LONGEST && value.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::Guest;

    #[test]
    fn keeps_what_visitors_get() {
        let guest = Guest::default();
        guest.note(
            "x [\"LSD\",[],{\"token\":\"AVq-1\"},1] y",
            &[
                "csrftoken=a1; Path=/; Secure".to_owned(),
                "sessionid=b".to_owned(),
                "mid=\"x\r\ny\"".to_owned(),
            ],
        );
        guest.note("", &["csrftoken=a2".to_owned()]);
        assert_eq!(guest.cookies(), "csrftoken=a2");
        assert_eq!(guest.token().as_deref(), Some("AVq-1"));
        assert_eq!(guest.cookie("mid"), None);
    }
}
