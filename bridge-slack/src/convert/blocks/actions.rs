//! Buttons and menus: what stands on them, since nobody can press them from elsewhere.

use bridge_core::content::{Block, Span};

use super::super::wire::Node;
use super::{first, labelled};

/// Whether elements of this kind are there to be pressed or filled in.
pub(super) fn is_action(kind: &str) -> bool {
    const KINDS: &[&str] = &[
        "button",
        "workflow_button",
        "icon_button",
        "feedback_buttons",
        "overflow",
        "checkboxes",
        "radio_buttons",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "file_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "plain_text_input",
        "rich_text_input",
    ];
    KINDS.contains(&kind) || kind.ends_with("_select")
}

/// Buttons and menus side by side: a link where one leads somewhere, else its label in brackets.
pub(in super::super) fn line<'a>(elements: impl Iterator<Item = &'a Node>) -> Option<Block> {
    let mut labels = Vec::new();
    for element in elements {
        read(element, &mut labels);
    }
    beside(labels)
}

/// Labels in one line.
pub(in super::super) fn beside(labels: Vec<Vec<Span>>) -> Option<Block> {
    let mut spans = Vec::new();
    for label in labels {
        if !spans.is_empty() {
            spans.push(Span::text(" "));
        }
        spans.extend(label);
    }
    (!spans.is_empty()).then_some(Block::Paragraph(spans))
}

/// What stands on one button.
pub(in super::super) fn button(label: &str, url: &str) -> Option<Vec<Span>> {
    match (label.is_empty(), url.is_empty()) {
        (true, true) => None,
        (false, true) => labelled("", &format!("[{label}]")),
        (_, false) => labelled(url, label),
    }
}

fn read(element: &Node, out: &mut Vec<Vec<Span>>) {
    let more = element.more();
    match element.kind.as_str() {
        "feedback_buttons" => {
            for content in [&more.positive_button, &more.negative_button] {
                out.extend(content.object().and_then(|node| button(node.text.as_str(), "")));
            }
        }
        "overflow" | "checkboxes" | "radio_buttons" => {
            for option in more.options.iter().flatten() {
                out.extend(button(option.text.as_str(), &option.url));
            }
        }
        _ => {
            let chosen = more.initial_option.object().map_or("", |option| option.text.as_str());
            let texts = [element.text.as_str(), chosen, more.placeholder.as_str(), more.alt_text.as_str()];
            let label = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            out.extend(button(label, first([&element.url, &more.image_url])));
        }
    }
}
