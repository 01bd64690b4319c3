//! Addresses of Slack messages: `https://example.slack.com/archives/C0123456789/p1700000000000100`.

use bridge_core::content::Mention;
use bridge_core::id::RemoteMessageId;
use url::Url;

use crate::id::{self, MessageRef};

/// Digits of a timestamp after its point.
const MICROS: usize = 6;

/// Leads to the workspace in which the reader is logged in.
const ANY_WORKSPACE: &str = "https://slack.com/";

/// The address of a message, as Slack's own programs write it. `workspace` is the workspace's address; one that is empty
/// or not Slack's leads to the workspace in which the reader is logged in. A message of a thread is found only by the
/// thread's beginning.
pub fn write(message: &MessageRef, thread_ts: Option<&str>, workspace: &str) -> String {
    let workspace = if is_slack(workspace) { workspace } else { ANY_WORKSPACE };
    let (channel, ts) = (&message.channel_id, message.ts.replace('.', ""));
    let address = format!("{}/archives/{channel}/p{ts}", workspace.trim_end_matches('/'));
    match thread_ts.filter(|root| *root != message.ts) {
        Some(root) => format!("{address}?thread_ts={root}&cid={channel}"),
        None => address,
    }
}

/// Where a mention of a message leads on Slack: to its own address if that is Slack's, else to one made from its id.
pub fn of_mention(message: &RemoteMessageId, url: &str) -> String {
    let own = || Some(write(&id::parse_message_id(message)?, None, ANY_WORKSPACE));
    if parts(url).is_some() { url.to_owned() } else { own().unwrap_or_else(|| url.to_owned()) }
}

fn is_slack(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some_and(is_slack_host))
}

fn is_slack_host(host: &str) -> bool {
    host == "slack.com" || host.ends_with(".slack.com")
}

/// The message that an address leads to. The address does not say the workspace's id: `team_id` is the one in which it
/// was written; in another one the message is not found, and the address stays a link.
pub fn read(url: &str, team_id: &str) -> Option<Mention> {
    let (channel, ts) = parts(url)?;
    let id = id::message_id(team_id, &channel, &ts)?;
    Some(Mention::Message { id, url: url.to_owned() })
}

/// Channel and timestamp of the message that an address leads to.
fn parts(url: &str) -> Option<(String, String)> {
    // Most links are no such address, and this is cheaper than reading them.
    if !url.contains("/archives/") {
        return None;
    }
    let address = Url::parse(url).ok().filter(|address| matches!(address.scheme(), "https" | "http"))?;
    if !is_slack_host(address.host_str()?) {
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
    let ts = format!("{seconds}.{micros}");
    (id::is_slack_id(channel) && id::is_ts(&ts)).then(|| (channel.to_owned(), ts))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::{of_mention, read, write};
    use crate::id::parse_message_id;
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
        let id_text = "t1-c2-1700000000.000100";
        let message = parse_message_id(&RemoteMessageId::new(id_text)).unwrap();
        for (thread_ts, workspace, wanted) in [
            (None, "https://acme.slack.com/", "https://acme.slack.com/archives/C2/p1700000000000100"),
            (None, "", "https://slack.com/archives/C2/p1700000000000100"),
            (None, "https://evil.test/", "https://slack.com/archives/C2/p1700000000000100"),
            (Some("1700000000.000100"), "", "https://slack.com/archives/C2/p1700000000000100"),
            (
                Some("1690000000.000001"),
                "https://acme.slack.com/",
                "https://acme.slack.com/archives/C2/p1700000000000100?thread_ts=1690000000.000001&cid=C2",
            ),
        ] {
            let url = write(&message, thread_ts, workspace);
            assert_eq!(url, wanted);
            assert_eq!(id(&url).as_deref(), Some(id_text));
        }
    }

    #[test]
    fn a_mention_keeps_an_address_of_slack() {
        let message = RemoteMessageId::new("t1-c2-1700000000.000100");
        let own = "https://acme.slack.com/archives/C2/p1700000000000100?thread_ts=1.000001&cid=C2";
        assert_eq!(of_mention(&message, own), own);
        let made = "https://slack.com/archives/C2/p1700000000000100";
        assert_eq!(of_mention(&message, "https://matrix.to/#/!a:hs/$e"), made);
        assert_eq!(of_mention(&RemoteMessageId::new("elsewhere"), "https://x.test"), "https://x.test");
    }
}
