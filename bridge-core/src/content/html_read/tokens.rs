//! Takes HTML apart into tags and text, in bounded time.
//!
//! No document tree is built: what a browser's tree builder does with a few kilobytes of open tags takes gigabytes
//! of memory, and a tree thousands of elements deep ends the program when it is dropped.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::tree::Tree;

/// An event has at most 65,536 bytes; more than this is not from an event.
const MAX_BYTES: usize = 256 * 1024;
/// How much is read at a time.
const CHUNK_BYTES: usize = 2 * 1024;
/// A single tag or comment over this many chunks ends the reading: attributes are compared with each other, so
/// their number is bounded.
const MAX_CHUNKS_WITHOUT_TOKEN: u32 = 4;

/// Fills the tree; none when the text is too large or has an immense tag in it.
pub(super) fn read<'a>(html: &str, tree: Tree<'a>) -> Option<Tree<'a>> {
    if html.len() > MAX_BYTES {
        return None;
    }
    let sink = Sink { tree: RefCell::new(tree), tokens: Cell::new(0) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = html;
    let mut silent = 0;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
        rest = after;
        let before = tokenizer.sink.tokens.get();
        input.push_back(StrTendril::from(chunk));
        let _ = tokenizer.feed(&input);
        silent = if tokenizer.sink.tokens.get() == before { silent + 1 } else { 0 };
        if silent > MAX_CHUNKS_WITHOUT_TOKEN {
            return None;
        }
    }
    tokenizer.end();
    Some(tokenizer.sink.tree.into_inner())
}

struct Sink<'a> {
    tree: RefCell<Tree<'a>>,
    /// How many tokens came.
    tokens: Cell<u64>,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.tree.borrow_mut().text(&text),
            Token::TagToken(tag) => {
                self.tokens.set(self.tokens.get() + 1);
                return self.tag(&tag);
            }
            Token::ParseError(_) => return TokenSinkResult::Continue,
            _ => {}
        }
        self.tokens.set(self.tokens.get() + 1);
        TokenSinkResult::Continue
    }
}

impl Sink<'_> {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let mut tree = self.tree.borrow_mut();
        if tag.kind == TagKind::EndTag {
            tree.end_tag(&tag.name);
            return TokenSinkResult::Continue;
        }
        tree.start_tag(&tag.name, &Attributes(tag));
        match &*tag.name {
            "script" => TokenSinkResult::RawData(ScriptData),
            "style" | "iframe" => TokenSinkResult::RawData(Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

/// The attributes of a start tag.
pub(super) struct Attributes<'a>(&'a Tag);

impl Attributes<'_> {
    /// An attribute's value, empty if it has none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|found| &*found.value)
    }
}
