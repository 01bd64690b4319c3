//! What the inputs are made from: the inputs of all case files, and the words of the formats.

use serde_json::Value;

const BLOCKS_IN: &str = include_str!("../../../bridge-slack/src/convert/cases/blocks_in.json");
const MRKDWN_IN: &str = include_str!("../../../bridge-slack/src/convert/cases/mrkdwn_in.json");
const PAYLOADS: &str = include_str!("../../../bridge-slack/src/convert/cases/payloads.json");
const HTML: &str = include_str!("../../../bridge-core/tests/cases/read.json");

/// Words of HTML.
pub const HTML_WORDS: &[&str] = &[
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<code>",
    "</code>",
    "<pre>",
    "</pre>",
    "<ul>",
    "</ul>",
    "<ol start=\"3\">",
    "</ol>",
    "<li>",
    "</li>",
    "<p>",
    "</p>",
    "<br>",
    "<hr>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<blockquote>",
    "</blockquote>",
    "<h1>",
    "</h1>",
    "<a href=\"https://a.test\">",
    "</a>",
    "<span data-mx-spoiler>",
    "</span>",
    "<img data-mx-emoticon alt=\":x:\">",
    "<mx-reply>",
    "</mx-reply>",
    "<script>",
    "<!--",
    "-->",
    "&lt;",
    "&",
    "<sup>",
    "</sup>",
    "\n",
    " ",
    "\u{a0}",
    "\0",
    "é",
    "👩🏽‍🚀",
    "<a href=\"https://matrix.to/#/@bob:hs.test\">",
    "@room",
];

/// Words of mrkdwn.
pub const MRKDWN_WORDS: &[&str] = &[
    "*",
    "_",
    "~",
    "`",
    "```",
    ">",
    "&gt;",
    ">>>",
    "\n",
    "\n\n",
    " ",
    "<",
    ">",
    "|",
    "<@U1>",
    "<#C1|c>",
    "<!here>",
    "<!subteam^S1|@s>",
    "<!date^1^{date}^https://a.test|x>",
    "<https://a.test|x>",
    "<mailto:a@b.test>",
    ":wave:",
    "::skin-tone-2:",
    ":",
    "• ",
    "    • ",
    "&amp;",
    "&lt;",
    "- ",
    "# ",
    "[x](https://a.test)",
    "**",
    "1. ",
    "é",
    "👋",
    "\0",
];

/// Words of Slack's JSON.
pub const JSON_WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "\"\"",
    "0",
    "-1",
    "1e99",
    "\"type\":\"rich_text\"",
    "\"type\":\"rich_text_list\"",
    "\"type\":\"table\"",
    "\"elements\":[",
    "\"indent\":9",
    "\"style\":{\"bold\":true}",
    "\"text\":\"*a*\"",
    "\"border\":1",
    "\"rows\":[[{\"type\":\"raw_text\",\"text\":\"x\"}]]",
    "\"blocks\":",
    "\"ts\":\"1.000001\"",
    "\\u0000",
    "\\ud83d",
    "\"user_id\":\"U1\"",
    "\"url\":\"https://a.test\"",
    "\"offset\":4294967295",
];

fn cases(file: &str) -> Vec<Value> {
    serde_json::from_str(file).unwrap_or_default()
}

fn fields(file: &str, field: &str) -> Vec<String> {
    let text = |case: &Value| match case.get(field)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    cases(file).iter().filter_map(text).collect()
}

/// The JSON of blocks.
pub fn blocks() -> Vec<String> {
    fields(BLOCKS_IN, "in")
}

/// Texts in mrkdwn.
pub fn mrkdwn() -> Vec<String> {
    fields(MRKDWN_IN, "in")
}

/// Formatted bodies.
pub fn html() -> Vec<String> {
    fields(HTML, "html")
}

/// Whole payloads of events.
pub fn payloads() -> Vec<String> {
    fields(PAYLOADS, "payload")
}

/// Beginnings of pictures, and what stands in them.
pub const PICTURE_WORDS: &[&str] = &[
    "\u{89}PNG\r\n\u{1a}\n",
    "\u{ff}\u{d8}",
    "\u{ff}\u{c0}\0\u{b}\u{8}\u{1}\u{e0}\u{2}\u{80}\u{1}\u{1}\u{11}\0",
    "\u{ff}\u{e1}\0\u{22}Exif\0\0MM\0\u{2a}\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{3}",
    "\u{ff}\u{c4}",
    "\u{ff}\u{da}",
    "GIF89a",
    "RIFF\0\0\0\0WEBPVP8X",
    "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\u{2f}",
    "IHDR",
    "IDAT",
    "IEND",
    "PLTE",
    "tRNS",
    "\0\0\0\0",
    "\u{ff}\u{ff}\u{ff}\u{ff}",
];

/// Two whole small pictures, as characters up to U+00FF.
pub fn pictures() -> Vec<String> {
    let pictures: [&[u8]; 2] = [include_bytes!("small.png"), include_bytes!("small.jpg")];
    pictures.into_iter().map(|bytes| bytes.iter().copied().map(char::from).collect()).collect()
}
