//! What a room can carry, for clients and for people.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::event::ChatInfo;
use crate::network::{Capabilities, Format, Support};

/// The state event that tells clients what they need not offer. Its form is that of other bridges' programs, which
/// clients read already.
pub(crate) fn content(info: &ChatInfo, able: &Capabilities) -> Value {
    let is_over = info.archived || info.deleted || !able.writable;
    let if_so =
        |is_so: bool, level: Support| if is_so && !is_over { level } else { Support::Refused }.level();
    let formatting: Map<String, Value> = Format::ALL
        .into_iter()
        .map(|(format, name)| (name.to_owned(), able.formatting.of(format).level().into()))
        .collect();
    let may_post = info.posting.messages || info.posting.answers;
    let mut features = json!({
        "formatting": formatting,
        "max_text_length": able.max_text_total,
        "location_message": if_so(may_post, able.places),
        "poll": if_so(may_post, able.polls),
        "thread": if_so(able.threads && info.posting.answers, Support::Full),
        "reply": if_so(may_post, able.replies),
        "edit": if_so(able.edits, Support::Full),
        "delete": if_so(able.deletes, Support::Full),
        "reaction": if_so(able.reactions, Support::Full),
        "custom_emoji_reactions": able.custom_emoji,
        "typing_notifications": able.typing,
        "read_receipts": able.read_marks,
    });
    if able.max_file_bytes > 0 && may_post && !is_over {
        features["file"] = files(able);
    }
    features
}

fn files(able: &Capabilities) -> Value {
    let caption = if able.captions { Support::Full } else { Support::Dropped };
    let file = |caption: Support| {
        json!({
            "mime_types": { "*/*": Support::Full.level() },
            "caption": caption.level(),
            "max_caption_length": able.max_text_total,
            "max_size": able.max_file_bytes,
        })
    };
    let kinds = ["m.image", "m.video", "m.audio", "m.file", "org.matrix.msc3245.voice", "fi.mau.gif"];
    let mut files: Map<String, Value> =
        kinds.into_iter().map(|kind| (kind.to_owned(), file(caption))).collect();
    files.insert("m.sticker".to_owned(), file(Support::Dropped));
    files.into()
}

/// The same in sentences, as a list in Markdown.
pub(crate) fn sentences(info: &ChatInfo, able: &Capabilities, network: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.push(writing(info, able, network));
    if able.max_text_total > able.max_text {
        lines.push(format!(
            "A text of more than {} characters goes over in several messages; more than {} are refused.",
            able.max_text, able.max_text_total
        ));
    } else {
        lines.push(format!("A text may have {} characters.", able.max_text_total));
    }
    let (well, otherwise, not) = formats(able);
    lines.push(format!("Formatting that arrives as it is: {well}."));
    if !otherwise.is_empty() {
        lines.push(format!("In another form: {otherwise}."));
    }
    if !not.is_empty() {
        lines.push(format!("Without effect: {not}."));
    }
    lines.push(match able.max_file_bytes {
        0 => "Files are not carried over.".to_owned(),
        most => {
            let with = if able.captions { "with a text to them" } else { "without a text to them" };
            format!("Files of up to {} go over, {with}.", crate::engine::media::megabytes(most))
        }
    });
    let yes_no = |is_so: bool, what: &str| format!("{what}: {}.", if is_so { "yes" } else { "no" });
    lines.push(yes_no(able.threads, "Threads"));
    lines.push(match able.replies {
        Support::Full => "Answers outside of threads: yes.".to_owned(),
        Support::Partial => "Answers outside of threads: as a message that says what it answers.".to_owned(),
        _ => "Answers outside of threads: as a message of its own.".to_owned(),
    });
    lines.push(yes_no(able.edits, "Changing a message afterwards"));
    lines.push(yes_no(able.deletes, "Taking a message back"));
    lines.push(yes_no(able.reactions, "Reactions"));
    for (is_so, what) in [
        (able.typing, "who is typing"),
        (able.read_marks, "how far somebody has read"),
        (able.presence, "who is there"),
    ] {
        if !is_so {
            lines.push(format!("{network} neither tells the bridge {what} nor shows it from here."));
        }
    }
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "- {line}");
        text
    })
}

fn writing(info: &ChatInfo, able: &Capabilities, network: &str) -> String {
    let posting = info.posting;
    match () {
        () if info.deleted => format!("The chat was deleted on {network}: nothing is carried over."),
        () if info.archived || !able.writable => {
            format!("The chat is archived on {network}: nothing can be written.")
        }
        () if posting.messages && posting.answers => format!("What is written here is said on {network}."),
        () if posting.messages => "Messages go over, but answers in threads are refused there.".to_owned(),
        () if posting.answers => {
            "Only answers in threads go over; new messages are refused there.".to_owned()
        }
        () => format!("Only some people on {network} may write there, and the bridge is not one of them."),
    }
}

/// The kinds of formatting that arrive as they are, in another form, and not at all.
fn formats(able: &Capabilities) -> (String, String, String) {
    let named = |fits: &dyn Fn(Support) -> bool| {
        let fitting = Format::ALL.into_iter().filter(|(format, _)| fits(able.formatting.of(*format)));
        fitting.map(|(format, _)| word(format)).collect::<Vec<_>>().join(", ")
    };
    let well = named(&|level| level == Support::Full);
    let well = if well.is_empty() { "none".to_owned() } else { well };
    (well, named(&|level| level == Support::Partial), named(&|level| level < Support::Partial))
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Bold => "bold",
        Format::Italic => "italic",
        Format::Underline => "underlined",
        Format::Strike => "struck through",
        Format::Code => "code",
        Format::CodeBlock => "blocks of code",
        Format::CodeLanguage => "the language of code",
        Format::Quote => "quotes",
        Format::Link => "links",
        Format::UserMention => "mentions of people",
        Format::ChatMention => "mentions of bridged rooms",
        Format::MessageLink => "links to messages",
        Format::Everyone => "@room",
        Format::BulletList => "lists",
        Format::NumberedList => "numbered lists",
        Format::ListStart => "where a list begins to count",
        Format::CustomEmoji => "custom emoji",
        Format::Spoiler => "spoilers",
        Format::SpoilerReason => "reasons of spoilers",
        Format::Rule => "rules",
        Format::Heading => "headings",
        Format::Table => "tables",
        Format::Superscript => "superscript",
        Format::Subscript => "subscript",
        Format::Color => "colours",
        Format::Math => "formulas",
        Format::Details => "folded text",
    }
}
