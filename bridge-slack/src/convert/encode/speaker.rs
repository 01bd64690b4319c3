//! The name and picture that a relayed person's posts show.

use bridge_core::event::Speaker;

/// Longer names are cut, in characters.
const MAX_NAME: usize = 80;
/// Longer addresses are left out.
const MAX_URL: usize = 2_000;

/// The name and picture to post under. None for the login's own account, which shows as itself.
pub(super) fn shown(speaker: &Speaker) -> (Option<String>, Option<String>) {
    match speaker {
        Speaker::Relayed { name, avatar_url } => {
            (Some(username(name)), avatar_url.clone().filter(|url| is_picture(url)))
        }
        _ => (None, None),
    }
}

/// What stands in front of a text that cannot be posted under another name: the name in bold. Nothing for the login's
/// own account.
pub(super) fn in_front(speaker: &Speaker) -> String {
    match speaker {
        // An asterisk would end the bold.
        Speaker::Relayed { name, .. } => format!("*{}*", username(name).replace('*', "∗")),
        _ => String::new(),
    }
}

/// A name as Slack may show it: on one line, not too long, without anything that Slack could read as a mention or
/// that turns the text around it.
pub(super) fn username(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|c| match c {
            '<' => '‹',
            '>' => '›',
            '&' => '＆',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let words: Vec<&str> = kept.split(' ').filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(MAX_NAME).collect();
    let name = name.trim_end();
    if name.is_empty() { "Matrix user".to_owned() } else { name.to_owned() }
}

/// Marks that change the direction of the text, separators, tags, and what has no width. The joiner within emoji and
/// scripts stays.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_picture(url: &str) -> bool {
    url.len() <= MAX_URL
        && url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}

#[cfg(test)]
mod tests {
    use bridge_core::event::Speaker;

    use super::{in_front, shown, username};

    #[test]
    fn names_carry_nothing_but_a_name() {
        for (name, expected) in [
            ("Alice", "Alice"),
            ("  Alice \t\n B. ", "Alice B."),
            ("", "Matrix user"),
            ("\u{200b}\u{202e}\u{7}", "Matrix user"),
            ("<!channel>", "‹!channel›"),
            ("&lt;!here&gt;", "＆lt;!here＆gt;"),
            ("\u{202e}ecilA", "ecilA"),
            ("a\u{0}b\u{1b}[1m", "ab[1m"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
        ] {
            assert_eq!(username(name), expected, "{name:?}");
        }
        assert_eq!(username(&"ü".repeat(200)).chars().count(), 80);
    }

    #[test]
    fn the_relayed_stand_in_front_of_what_has_no_name() {
        let relayed = Speaker::Relayed { name: "A*b <x>".to_owned(), avatar_url: None };
        assert_eq!(in_front(&relayed), "*A∗b ‹x›*");
        assert_eq!(in_front(&Speaker::Login), "");
    }

    #[test]
    fn only_the_relayed_show_a_name() {
        assert_eq!(shown(&Speaker::Login), (None, None));
        let relayed = |url: &str| Speaker::Relayed { name: "A".to_owned(), avatar_url: Some(url.to_owned()) };
        assert_eq!(shown(&relayed("https://hs.test/a.png")).1.as_deref(), Some("https://hs.test/a.png"));
        for url in
            ["", "mxc://hs.test/a", "javascript:alert(1)", "data:image/png;base64,AA", "file:///etc/passwd"]
        {
            assert_eq!(shown(&relayed(url)).1, None, "{url}");
        }
    }
}
