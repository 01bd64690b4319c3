//! The few emoji this workspace knows by sight; all others stay as they were written.

/// Name and code points of common emoji.
const KNOWN: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("-1", "👎"),
    ("heart", "❤️"),
    ("joy", "😂"),
    ("smile", "😄"),
    ("slightly_smiling_face", "🙂"),
    ("wink", "😉"),
    ("cry", "😢"),
    ("thinking_face", "🤔"),
    ("wave", "👋"),
    ("clap", "👏"),
    ("pray", "🙏"),
    ("eyes", "👀"),
    ("fire", "🔥"),
    ("rocket", "🚀"),
    ("tada", "🎉"),
    ("white_check_mark", "✅"),
    ("x", "❌"),
    ("warning", "⚠️"),
    ("100", "💯"),
    ("satellite", "🛰️"),
];

/// The name of the emoji at the start of a text, and how many bytes it takes.
pub(super) fn name_at(text: &str) -> Option<(&'static str, usize)> {
    if text.is_char_boundary(1) {
        return None;
    }
    KNOWN.iter().find(|(_, sign)| text.starts_with(sign)).map(|(name, sign)| (*name, sign.len()))
}

/// The name of the skin tone at the start of a text, and how many bytes it takes; nothing if there is none.
pub(super) fn tone_at(text: &str) -> (String, usize) {
    match text.chars().next() {
        Some(tone @ '\u{1f3fb}'..='\u{1f3ff}') => {
            (format!(":skin-tone-{}:", u32::from(tone) - 0x1f3f9), tone.len_utf8())
        }
        _ => (String::new(), 0),
    }
}

/// A known emoji by its name.
pub(super) fn sign(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign)
}

/// The `unicode` field Slack gives a known emoji: its code points in hex, joined by dashes.
pub(super) fn unicode(name: &str) -> Option<String> {
    let (_, sign) = KNOWN.iter().find(|(known, _)| *known == name)?;
    let points: Vec<String> = sign.chars().map(|c| format!("{:x}", u32::from(c))).collect();
    Some(points.join("-"))
}
