//! What stands in angle brackets: mentions, dates, links.

use bridge_core::content::{Mention, Span, Style};

use super::super::blocks::{address, broadcast, date, link};
use super::unescape;
use crate::id;

/// Reads what stands between the brackets.
pub(super) fn read(inner: &str, style: Style, team_id: &str) -> Span {
    let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
    let label = unescape(label).replace('\n', " ");
    let span = match target.as_bytes().first() {
        Some(b'@') => id::user_id(team_id, &target[1..]).map(Mention::User).map(|m| (m, "@", &target[1..])),
        Some(b'#') => id::chat_id(team_id, &target[1..]).map(Mention::Chat).map(|m| (m, "#", &target[1..])),
        Some(b'!') => match target[1..].strip_prefix("subteam^") {
            Some(group) => id::is_slack_id(group).then(|| (Mention::Group(group.to_owned()), "@", group)),
            None => broadcast(&target[1..]).map(|m| (m, "@", &target[1..])),
        },
        _ => None,
    };
    if let Some((mention, sign, name)) = span {
        let label = if label.is_empty() { name } else { label.trim_start_matches(sign) };
        return Span::Mention { mention, label: format!("{sign}{label}"), style };
    }
    if let Some(moment) = target.strip_prefix("!date^") {
        // The moment, its format, and where it leads, if anywhere.
        let mut parts = moment.splitn(3, '^');
        if let Some(seconds) = parts.next().and_then(|seconds| seconds.parse().ok()) {
            return match parts.nth(1).filter(|url| !url.is_empty()) {
                Some(url) => Span::Link {
                    url: unescape(url),
                    label: vec![date(seconds, &label, Style::default())],
                    style,
                },
                None => date(seconds, &label, style),
            };
        }
    }
    // An unknown command, or no address at all: what people would have seen of it.
    // The end of an HTML element is no address either.
    if matches!(target.as_bytes().first(), Some(b'@' | b'#' | b'!' | b'/'))
        || !target.contains([':', '.', '/'])
    {
        let shown = if label.is_empty() { unescape(&format!("<{inner}>")) } else { label };
        return Span::Text { text: shown, style };
    }
    match link(&unescape(target), &label) {
        Some(Span::Link { url, label, .. }) => address(url, label, style, team_id),
        _ => Span::Text { text: label, style },
    }
}
