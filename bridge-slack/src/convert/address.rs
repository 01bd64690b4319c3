//! Finds the addresses that people write in plain words; rich text makes no links of them by itself.

use super::mrkdwn_write::is_linkable;

/// What an address begins with.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// Longer words are no address that Slack takes, and are passed over.
const MAX_BYTES: usize = 3_000;

/// Text taken apart into pieces, in order; `true` marks an address that Slack can open.
pub fn pieces(text: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        from = at + "http".len();
        if !begins(text, at) {
            continue;
        }
        let word = word(&text[at..]);
        let address = closed(word);
        if word.len() > MAX_BYTES {
            from = at + word.len();
        } else if is_linkable(address) {
            if at > done {
                pieces.push((&text[done..at], false));
            }
            pieces.push((address, true));
            done = at + address.len();
            from = done;
        }
    }
    if done < text.len() {
        pieces.push((&text[done..], false));
    }
    pieces
}

/// Whether an address begins here, and not within a word.
fn begins(text: &str, at: usize) -> bool {
    SCHEMES.iter().any(|scheme| text[at..].starts_with(*scheme))
        && !text[..at].ends_with(|before: char| before.is_alphanumeric())
}

/// All up to where no address goes on, or a piece that is too long for one.
fn word(text: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '`');
    let most = &text[..text.floor_char_boundary(MAX_BYTES + 4)];
    &most[..most.find(is_end).unwrap_or(most.len())]
}

/// Without the punctuation of the sentence that the address stands in; a closing bracket belongs to it if it is opened
/// in it.
fn closed(address: &str) -> &str {
    let mut address = address;
    while let Some(last) = address.chars().next_back() {
        let opening = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' => None,
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => return address,
        };
        if let Some(opening) = opening {
            let count = |sign: char| address.matches(sign).count();
            if count(opening) >= count(last) {
                return address;
            }
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

#[cfg(test)]
mod tests {
    use super::pieces;

    fn found(text: &str) -> Vec<&str> {
        let pieces = pieces(text);
        assert_eq!(pieces.iter().map(|(piece, _)| *piece).collect::<String>(), text);
        pieces.into_iter().filter(|(_, is_address)| *is_address).map(|(piece, _)| piece).collect()
    }

    #[test]
    fn addresses_are_found() {
        for (text, wanted) in [
            ("https://a.test", &["https://a.test"][..]),
            ("see https://a.test/x, or http://b.test.", &["https://a.test/x", "http://b.test"]),
            ("(https://a.test/x_(y))", &["https://a.test/x_(y)"]),
            ("[https://a.test/x]", &["https://a.test/x"]),
            ("\"https://a.test/x?y=z&a=b#c\"!", &["https://a.test/x?y=z&a=b#c"]),
            ("*https://a.test*", &["https://a.test"]),
            ("https://a.test/é世", &["https://a.test/é世"]),
            ("https:// http:/ https ftp://a.test a.test xhttps://a.test", &[]),
            ("https://", &[]),
            ("http://http://a.test", &["http://http://a.test"]),
        ] {
            assert_eq!(found(text), wanted, "{text}");
        }
    }

    #[test]
    fn many_beginnings_take_no_time() {
        assert_eq!(found(&"http".repeat(100_000)).len(), 0);
        assert!(found(&"https://".repeat(50_000)).len() <= 1);
        assert_eq!(found(&format!("https://a.test/{}", ")".repeat(2_000))), ["https://a.test/"]);
    }
}
