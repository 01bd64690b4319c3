//! The mark in each message's text, by which it is recognized on the other side.

/// Which message of which workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    /// The workload; no two of a run share it.
    pub(crate) workload: u32,
    /// The message, from 0 in the order of sending.
    pub(crate) number: usize,
}

/// The text of one message; `number` may be a placeholder. Some 130 characters, as a short paragraph in a chat.
pub(crate) fn text(workload: u32, number: &str) -> String {
    format!(
        "zq{workload}x{number}z has somebody looked at why the nightly import takes twice as long since Tuesday? \
         The disk looks fine to me."
    )
}

/// Finds the first mark in a body.
pub(crate) fn find(body: &[u8]) -> Option<Mark> {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'z') {
        rest = &rest[at + 1..];
        if let Some(mark) = rest.strip_prefix(b"q").and_then(read) {
            return Some(mark);
        }
    }
    None
}

fn read(text: &[u8]) -> Option<Mark> {
    let (workload, rest) = digits(text)?;
    let (number, rest) = digits(rest.strip_prefix(b"x")?)?;
    rest.starts_with(b"z").then_some(Mark { workload: u32::try_from(workload).ok()?, number })
}

fn digits(text: &[u8]) -> Option<(usize, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    Some((std::str::from_utf8(&text[..end]).ok()?.parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_where_it_was_written() {
        let body = format!(r#"{{"body":"zz zq1 {}"}}"#, text(7, "123"));
        assert_eq!(find(body.as_bytes()), Some(Mark { workload: 7, number: 123 }));
        assert_eq!(find(text(7, "{n}").as_bytes()), None);
        assert_eq!(find(b"zq1x2"), None);
    }
}
