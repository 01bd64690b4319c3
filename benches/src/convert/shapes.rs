//! Texts of any size of one shape, among them those that a careless reader or writer takes a square of time for.

use serde_json::{Value, json};

use super::inputs::{self, Input, SENTENCE};

/// A larger formatted body is passed over for the plain one, and no event can hold it.
const LARGEST_HTML: usize = 256 * 1_024;

/// What a text is made of, on both sides.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// The text from Slack, as mrkdwn or blocks.
    slack: Slack,
    /// The text from Matrix, as it is repeated; HTML if it begins with an angle bracket, else the plain body.
    matrix: &'static str,
}

enum Slack {
    /// Repeated mrkdwn, in a message without blocks.
    Mrkdwn(&'static str),
    /// Repeated text in one element.
    Text(&'static str),
    /// Repeated text in one preformatted element.
    Code(&'static str),
    /// Blocks by their number, and how many bytes of text each stands for.
    Blocks(fn(usize) -> Value, usize),
}

const fn shape(name: &'static str, slack: Slack, matrix: &'static str) -> Shape {
    Shape { name, slack, matrix }
}

/// All shapes.
pub(crate) fn all() -> Vec<Shape> {
    use Slack::{Blocks, Code, Mrkdwn, Text};
    vec![
        shape("words", Text(SENTENCE), SENTENCE),
        shape("words in mrkdwn, <p>", Mrkdwn(SENTENCE), "<p>The build is green again, see the log.</p>"),
        shape("one word", Text("abcdefghij"), "abcdefghij"),
        shape("lines", Text("a line of a log 0123456789\n"), "a line of a log 0123456789\n"),
        shape(
            "code, <pre>",
            Code("    let x = compute(&y, 3);\n"),
            "<pre>    let x = compute(&amp;y, 3);\n</pre>",
        ),
        shape("code in mrkdwn, <code>", Mrkdwn("`x` ```y```\n"), "<code>let x = 3;</code> "),
        shape("signs", Mrkdwn("<&> *_~` "), "<&> *_~` "),
        shape("angle brackets", Mrkdwn("<"), "a <<<<"),
        shape("stars", Mrkdwn("*a "), "<b>a <b>b "),
        shape("underscores and tildes", Mrkdwn("_a~b "), "<i>a<s>b "),
        shape("colons", Mrkdwn(":a"), "<u>:a:b</u>"),
        shape("backticks, unclosed tags", Mrkdwn("` a"), "<code>` a<p>"),
        shape("styles in pairs", Mrkdwn("*a* _b_ ~c~ "), "<b>a</b><i>b</i><s>c</s>"),
        shape("styles that change", Blocks(styled, 40), "<b>a<i>b</b>c</i>"),
        shape("links", Mrkdwn("<https://a.test/b|c> "), "<a href=\"https://a.test/b\">c</a> "),
        shape("bare links", Mrkdwn("<https://a.test/b> "), "https://a.test/b "),
        shape("mentions", Mrkdwn("<@U1> <#C1> "), "<a href=\"https://matrix.to/#/@bob:hs.test\">Bob</a> "),
        shape(
            "emoji",
            Mrkdwn(":wave: :party: "),
            "<b>👋</b><img data-mx-emoticon src=\"mxc://hs/x\" alt=\":party:\">",
        ),
        shape("deep quotes", Mrkdwn("&gt; &gt; &gt; a\n"), "<blockquote>a"),
        shape("deep lists", Blocks(deep_list, 40), "<ul><li>a"),
        shape("list", Blocks(list, 40), "<li>one thing and another</li>"),
        shape("quotes, tables", Blocks(quote, 40), "<table><tr><td>a</td><td>b</td></tr></table>"),
        shape("preformatted, rows", Blocks(preformatted, 40), "<tr><td>some cell</td><td>b</td></tr>"),
        shape("spoilers", Mrkdwn("\n\n\n"), "<span data-mx-spoiler=\"why\">a</span>"),
    ]
}

impl Shape {
    /// A text of this shape with so many bytes.
    pub(crate) fn input(&self, bytes: usize) -> Input {
        let repeated = |unit: &str| unit.repeat(bytes.div_ceil(unit.len()));
        let section = |text: String| inputs::section(&json!([{ "type": "text", "text": text }]));
        let elements = match &self.slack {
            Slack::Mrkdwn(_) => Value::Null,
            Slack::Text(unit) => section(repeated(unit)),
            Slack::Code(unit) => json!([{
                "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": repeated(unit) }],
            }]),
            Slack::Blocks(make, length) => (0..bytes.div_ceil(*length)).map(make).collect(),
        };
        let text = match &self.slack {
            Slack::Mrkdwn(unit) => format!("x{}x", repeated(unit)),
            _ => "text".to_owned(),
        };
        let (text_of, is_html) = (repeated(self.matrix), self.matrix.starts_with('<'));
        let is_in_shape = !is_html || bytes < LARGEST_HTML;
        let content = if is_html && is_in_shape {
            let around = match self.matrix {
                unit if unit.starts_with("<li>") => "<ul>",
                unit if unit.starts_with("<tr>") => "<table>",
                _ => "",
            };
            inputs::html("body", &format!("{around}{text_of}"))
        } else {
            json!({ "msgtype": "m.text", "body": text_of, "m.mentions": {} })
        };
        Input { is_in_shape, ..inputs::input(self.name, false, &elements, &text, content) }
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] })
}

fn styled(n: usize) -> Value {
    let style = json!({ "bold": n.is_multiple_of(2), "italic": n.is_multiple_of(3) });
    json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": "x", "style": style }] })
}

fn deep_list(n: usize) -> Value {
    json!({ "type": "rich_text_list", "style": "ordered", "indent": n % 100, "elements": [text("x")] })
}

fn list(_: usize) -> Value {
    json!({ "type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [text("one thing")] })
}

fn quote(_: usize) -> Value {
    json!({ "type": "rich_text_quote", "elements": [{ "type": "text", "text": "a | b" }] })
}

fn preformatted(n: usize) -> Value {
    json!({ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": format!("row {n} | b") }] })
}
