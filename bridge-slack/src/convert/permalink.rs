//! Addresses of Slack messages: `https://example.slack.com/archives/C0123456789/p1700000000000100`.

use bridge_core::content::Mention;
use bridge_core::id::RemoteMessageId;
use url::Url;

use crate::id;

/// Digits of a timestamp after its point.
const MICROS: usize = 6;

/// The address of a message. Slack leads from it to the workspace in which the reader is logged in.
pub fn write(message: &RemoteMessageId) -> Option<String> {
    let message = id::parse_message_id(message)?;
    let ts = message.ts.replace('.', "");
    Some(format!("https://slack.com/archives/{}/p{ts}", message.channel_id))
}

/// The message that an address leads to. The address does not say the workspace's id: `team_id` is the one in which it
/// was written; in another one the message is not found, and the address stays a link.
pub fn read(url: &str, team_id: &str) -> Option<Mention> {
    // Most links are no such address, and this is cheaper than reading them.
    if !url.contains("/archives/") {
        return None;
    }
    let address = Url::parse(url).ok().filter(|address| matches!(address.scheme(), "https" | "http"))?;
    let host = address.host_str()?;
    if host != "slack.com" && !host.ends_with(".slack.com") {
        return None;
    }
    let mut path = address.path_segments()?;
    let (Some("archives"), Some(channel), Some(message), None) =
        (path.next(), path.next(), path.next(), path.find(|rest| !rest.is_empty()))
    else {
        return None;
    };
    let digits = message.strip_prefix('p').filter(|digits| digits.is_ascii() && digits.len() > MICROS)?;
    let (seconds, micros) = digits.split_at(digits.len() - MICROS);
    let id = id::message_id(team_id, channel, &format!("{seconds}.{micros}"))?;
    Some(Mention::Message { id, url: url.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use bridge_core::content::Mention;
    use bridge_core::id::RemoteMessageId;

    fn id(url: &str) -> Option<String> {
        match read(url, "T1")? {
            Mention::Message { id, url: kept } => {
                assert_eq!(kept, url);
                Some(id.to_string())
            }
            _ => None,
        }
    }

    #[test]
    fn addresses_are_read() {
        let wanted = Some("t1-c2-1700000000.000100".to_owned());
        for url in [
            "https://acme.slack.com/archives/C2/p1700000000000100",
            "https://slack.com/archives/C2/p1700000000000100/",
            "https://acme.enterprise.slack.com/archives/C2/p1700000000000100?thread_ts=1.000001&cid=C2",
        ] {
            assert_eq!(id(url), wanted, "{url}");
        }
        for url in [
            "",
            "https://acme.slack.com/archives/C2",
            "https://acme.slack.com/archives/c2/p1700000000000100",
            "https://acme.slack.com/archives/C2/p000100",
            "https://acme.slack.com/archives/C2/p17000000é00100",
            "https://acme.slack.com/archives/C2/1700000000000100",
            "https://acme.slack.com/x/archives/C2/p1700000000000100",
            "https://evil-slack.com/archives/C2/p1700000000000100",
            "https://slack.com.evil.test/archives/C2/p1700000000000100",
            "ftp://acme.slack.com/archives/C2/p1700000000000100",
        ] {
            assert_eq!(id(url), None, "{url}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let message = RemoteMessageId::new("t1-c2-1700000000.000100");
        let url = write(&message).unwrap_or_default();
        assert_eq!(url, "https://slack.com/archives/C2/p1700000000000100");
        assert_eq!(id(&url).as_deref(), Some(message.as_str()));
        assert_eq!(write(&RemoteMessageId::new("elsewhere")), None);
    }
}
