//! Rich text in a short notation, one line a block, for people to read in a case file.

use bridge_core::content::{Block, Emoji, Mention, RichText, Span, Style};

/// The notation.
pub(super) fn show(text: &RichText) -> Vec<String> {
    text.blocks.iter().flat_map(block).collect()
}

fn block(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(spans) => vec![format!("P {}", line(spans))],
        Block::Heading { level, spans } => vec![format!("H{level} {}", line(spans))],
        Block::Quote(blocks) => nested("Q", blocks),
        Block::List { start, items } => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| {
                let sign = start.map_or("-".to_owned(), |start| {
                    if index == 0 { format!("{start}.") } else { ".".to_owned() }
                });
                nested(&sign, &item.blocks)
            })
            .collect(),
        Block::Code { language, text } => {
            vec![format!("C{} {text}", language.as_deref().unwrap_or_default())]
        }
        Block::Table { header, rows } => rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let cells: Vec<String> = row.iter().map(|cell| line(cell)).collect();
                format!("T{} {}", if *header && index == 0 { "h" } else { "" }, cells.join(" ¦ "))
            })
            .collect(),
        Block::Rule => vec!["---".to_owned()],
        other => vec![format!("{other:?}")],
    }
}

fn nested(sign: &str, blocks: &[Block]) -> Vec<String> {
    let lines: Vec<String> = blocks.iter().flat_map(block).collect();
    if lines.is_empty() {
        vec![sign.to_owned()]
    } else {
        lines.iter().map(|line| format!("{sign} {line}")).collect()
    }
}

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let inner = match span {
        Span::Text { text, .. } => text.clone(),
        Span::Break => "⏎".to_owned(),
        Span::Link { url, label, .. } => format!("⟨{}→{url}⟩", line(label)),
        Span::Mention { mention, label, .. } => {
            let whom = match mention {
                Mention::User(user) => format!("user {user}"),
                Mention::Named(user) => format!("named {user}"),
                Mention::Chat(chat) => format!("chat {chat}"),
                Mention::Group(group) => format!("group {group}"),
                other => format!("{other:?}"),
            };
            format!("⟨{whom}|{label}⟩")
        }
        Span::Emoji { emoji: Emoji::Unicode(sequence), .. } => format!("⟨{sequence}⟩"),
        Span::Emoji { emoji: Emoji::Custom { name, .. }, .. } => format!("⟨:{name}:⟩"),
        Span::Date { at_ms, label, .. } => format!("⟨date {at_ms}|{label}⟩"),
        other => format!("{other:?}"),
    };
    let marks = marks(span.style().unwrap_or_default());
    if marks.is_empty() { inner } else { format!("{marks}⟦{inner}⟧") }
}

fn marks(style: Style) -> String {
    let marks = [
        (style.bold, 'b'),
        (style.italic, 'i'),
        (style.strike, 's'),
        (style.underline, 'u'),
        (style.code, 'c'),
        (style.spoiler, 'h'),
    ];
    marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark).collect()
}
