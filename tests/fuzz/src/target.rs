//! What is fed, and what must hold for every input.

use bridge_core::content::html_write::{self, WriteOptions};
use bridge_core::content::{Lookup, Message, RichText, html_read, picture};
use bridge_core::event::to_matrix::{MAX_CONTENT_BYTES, MatrixOptions};
use bridge_core::event::{MatrixEvent, MatrixKind, RemoteKind, Speaker, to_matrix};
use bridge_core::id::{ChatId, ChatKey, DedupKey};
use bridge_slack::convert::wire::Node;
use bridge_slack::convert::{
    Options, Own, Piece, Standing, blocks, decode, encode, mrkdwn_read, scope_and_dedup,
};

use crate::{allowed, corpus};

/// Something that reads.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What its inputs are made from.
    pub corpus: fn() -> Vec<String>,
    /// The words of its format.
    pub words: &'static [&'static str],
    /// Reads an input, and panics if what must hold does not. Gives what came out, to tell what is new.
    pub run: fn(&[u8]) -> String,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "blocks", corpus: corpus::blocks, words: corpus::JSON_WORDS, run: read_blocks },
    Target { name: "mrkdwn_read", corpus: corpus::mrkdwn, words: corpus::MRKDWN_WORDS, run: read_mrkdwn },
    Target { name: "html_read", corpus: corpus::html, words: corpus::HTML_WORDS, run: read_html },
    Target { name: "pictures", corpus: corpus::pictures, words: corpus::PICTURE_WORDS, run: look_at_picture },
    Target { name: "decode", corpus: corpus::payloads, words: corpus::JSON_WORDS, run: read_payload },
];

fn read_blocks(input: &[u8]) -> String {
    let Ok(nodes) = serde_json::from_slice::<Vec<Node>>(input) else { return String::new() };
    to_matrix_and_back(blocks::read(&nodes, "T1").text)
}

fn read_mrkdwn(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    to_matrix_and_back(mrkdwn_read::markdown(&text, "T1"));
    to_matrix_and_back(mrkdwn_read::read(&text, "T1"))
}

fn read_html(input: &[u8]) -> String {
    let html = String::from_utf8_lossy(input);
    html_read::mentioned("body", Some(&html));
    let text = html_read::read("body", Some(&html), &Lookup::default());
    if text.mentions().is_empty() {
        for (written, blocks) in posts(text.clone()) {
            assert!(
                !written.contains("<!") && !written.contains("<@") && !written.contains("<#"),
                "{written}"
            );
            assert!(
                !["\"broadcast\"", "\"user\"", "\"usergroup\""]
                    .iter()
                    .any(|ping| { blocks.contains(&format!("\"type\":{ping}")) })
            );
        }
    }
    to_matrix_and_back(text)
}

/// Its bytes come as characters up to U+00FF.
fn look_at_picture(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let bytes: Vec<u8> = text.chars().map(|character| (character as u32).to_le_bytes()[0]).collect();
    let blurhash = picture::blurhash(&bytes);
    assert!(blurhash.as_ref().is_none_or(|hash| hash.len() == 28 && hash.is_ascii()));
    format!("{:?} {blurhash:?}", picture::size(&bytes))
}

fn read_payload(input: &[u8]) -> String {
    let payload = String::from_utf8_lossy(input);
    let own = Own { user_id: "U0BRIDGE".to_owned(), ..Own::default() };
    let (scope, dedup) = scope_and_dedup(&payload);
    match decode(&payload, &own) {
        Ok(event) => {
            assert_eq!((&event.scope, &event.dedup), (&scope, &dedup), "the lane is known before the rest");
            match event.kind {
                RemoteKind::Message { message, .. } => contents(&message),
                other => format!("{other:?}"),
            }
        }
        Err(error) => error.to_string(),
    }
}

/// Writes a text for both sides; what must hold for a text from anywhere.
fn to_matrix_and_back(text: RichText) -> String {
    let stored = serde_json::to_string(&text).unwrap_or_default();
    assert_eq!(serde_json::from_str::<RichText>(&stored).ok().as_ref(), Some(&text), "it cannot be stored");
    html_write::write(&text, &Lookup::default(), WriteOptions::default());
    posts(text.clone());
    contents(&Message::text(text))
}

/// The posts of a text, each as its text and its blocks.
fn posts(text: RichText) -> Vec<(String, String)> {
    let kind = MatrixKind::Message(Message::text(text));
    let chat = ChatKey::shared(ChatId::new("t1-c1"));
    let event = MatrixEvent::new(chat, Speaker::Login, 0, DedupKey::new("m"), kind);
    let options = Options { broadcast: true, ..Options::default() };
    let pieces = encode(&event, &options, &Standing::default());
    let written = pieces.into_iter().filter_map(Piece::into_post).map(|post| {
        assert!(post.text.chars().count() <= 4_000 && !post.text.trim().is_empty());
        (post.text, post.blocks.map(|blocks| blocks.to_string()).unwrap_or_default())
    });
    written.collect()
}

fn contents(message: &Message) -> String {
    let contents = to_matrix::message(message, &Lookup::default(), MatrixOptions::default());
    for (_, content) in &contents {
        assert!(content.to_string().len() < MAX_CONTENT_BYTES);
        allowed::check(content["formatted_body"].as_str().unwrap_or_default());
    }
    contents.into_iter().map(|(_, content)| content["formatted_body"].to_string()).collect()
}
