//! Finds the links to Instagram posts in a message's text, in every shape in which people share them.

mod address;
mod text;

pub use address::{Kind, Link, PostId, Target};

/// A message's text, as its sender's program wrote it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Message<'a> {
    /// The plain text. Code is told by backticks.
    pub plain: &'a str,
    /// The same as HTML, where there is one; it is read instead of the plain text.
    pub html: Option<&'a str>,
}

/// The links of a message, each post once, in order of appearance, at most `most` of them.
///
/// What stands in code blocks, in code within a line, or in the quotation that older programs put before a reply is not
/// looked at. Never fails; takes time linear in the text.
pub fn find(message: Message<'_>, most: usize) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    let mut take = |run: &str| {
        for link in words(run).filter_map(Link::read) {
            if found.len() >= most {
                return;
            }
            if !found.iter().any(|known| known.target.is_same(&link.target)) {
                found.push(link);
            }
        }
    };
    match message.html {
        Some(html) => text::each_run_of_html(html, &mut take),
        None => text::each_run_of_plain(message.plain, &mut take),
    }
    found
}

/// The pieces of a text that may be an address: cut where no address of a post goes on.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"'()[]{}|\\^`,;“”‘’«»„".contains(c);
    text.split(ends).filter(|word| word.len() >= SHORTEST)
}

/// The length of the shortest address that can name a post, `instagr.am/p/` and an id.
const SHORTEST: usize = 16;

#[cfg(test)]
mod tests;
