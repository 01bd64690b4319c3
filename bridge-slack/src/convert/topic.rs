//! Reads a channel's topic or description, which Slack formats in no way: links, mentions, entities and emoji as text.

use bridge_core::content::{Block, RichText, Style, plain};

use super::mrkdwn_read;
use super::spans::Spans;

/// The text that people see. Empty where there is none.
pub fn read(text: &str) -> String {
    let mut spans = Spans::default();
    mrkdwn_read::emoji_text(&without_brackets(text), Style::default(), &mut spans);
    let text = RichText { blocks: vec![Block::Paragraph(spans.into_spans())] };
    plain::write(&text).trim().to_owned()
}

/// What stands in angle brackets by what is seen of it, and the three escapes turned back.
fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&mrkdwn_read::unescape(before));
        let Some((inner, behind)) = after.split_once('>').filter(|(inner, _)| is_reference(inner)) else {
            out.push('<');
            rest = after;
            continue;
        };
        out.push_str(&mrkdwn_read::unescape(&seen(inner)));
        rest = behind;
    }
    out.push_str(&mrkdwn_read::unescape(rest));
    out
}

/// Whether Slack wrote this, and not somebody who likes brackets.
fn is_reference(inner: &str) -> bool {
    let target = inner.split('|').next().unwrap_or_default();
    target.starts_with(['@', '#', '!']) || target.contains("://") || target.starts_with("mailto:")
}

/// What people see of a link or mention.
fn seen(inner: &str) -> String {
    let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
    let sign = match target.chars().next() {
        Some('#') => "#",
        Some('@' | '!') => "@",
        _ => {
            // The address is what leads on; its label says more only where it is not a part of it.
            let address = target.strip_prefix("mailto:").unwrap_or(target);
            return match label {
                "" => address.to_owned(),
                label if target.contains(label) => address.to_owned(),
                label => format!("{label} ({address})"),
            };
        }
    };
    let name = if label.is_empty() { &target[1..] } else { label.trim_start_matches(sign) };
    format!("{sign}{name}")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn people_see_text() {
        for (raw, seen) in [
            ("R&amp;D &lt;3", "R&D <3"),
            ("2*3*4 _as it is_", "2*3*4 _as it is_"),
            ("see <https://a.test/x> now", "see https://a.test/x now"),
            ("<https://a.test|a.test>", "https://a.test"),
            ("<https://a.test|the wiki>", "the wiki (https://a.test)"),
            ("ask <@U0BOB|bob> or <!here> in <#C1|help>", "ask @bob or @here in #help"),
            ("<mailto:a@b.test|a@b.test>", "a@b.test"),
            (":tada: launch", "🎉 launch"),
            ("a < b", "a < b"),
            ("fish & <chips> <https://a.test>", "fish & <chips> https://a.test"),
            ("  ", ""),
        ] {
            assert_eq!(read(raw), seen, "{raw}");
        }
    }
}
