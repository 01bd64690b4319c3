//! Messages as both sides send them: typical, long, and as costly as anyone can make them.

use serde_json::{Value, json};

/// One message, as it comes from either side.
pub(crate) struct Input {
    pub(crate) name: String,
    /// Whether it is one of many in every room.
    pub(crate) is_typical: bool,
    /// Whether the content of the Matrix event has its shape, too, not only the payload of Slack's event.
    pub(crate) is_in_shape: bool,
    /// The payload of Slack's event.
    pub(crate) payload: String,
    /// The content of the Matrix event.
    pub(crate) content: Value,
}

pub(super) const SENTENCE: &str =
    "The build is green again, see the log for what went wrong; I will look at it tomorrow. ";

pub(super) fn input(name: &str, is_typical: bool, elements: &Value, text: &str, content: Value) -> Input {
    let blocks = match elements {
        Value::Null => json!([]),
        elements => json!([{ "type": "rich_text", "elements": elements }]),
    };
    let payload = json!({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1",
        "event": {
            "type": "message", "channel": "C1", "user": "U1", "ts": "1700000000.000100", "text": text,
            "blocks": blocks,
        },
    });
    Input { name: name.to_owned(), is_typical, is_in_shape: true, payload: payload.to_string(), content }
}

pub(super) fn html(body: &str, formatted: &str) -> Value {
    json!({
        "msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": formatted,
        "m.mentions": {},
    })
}

pub(super) fn section(elements: &Value) -> Value {
    json!([{ "type": "rich_text_section", "elements": elements }])
}

/// The messages.
pub(crate) fn messages() -> Vec<Input> {
    let plain = section(&json!([{ "type": "text", "text": SENTENCE }]));
    let styled = section(&json!([
        { "type": "user", "user_id": "U2" },
        { "type": "text", "text": " the " },
        { "type": "text", "text": "build", "style": { "bold": true } },
        { "type": "text", "text": " is green, see " },
        { "type": "link", "url": "https://ci.example.org/1", "text": "the log" },
        { "type": "emoji", "name": "tada" },
    ]));
    let list: Vec<Value> =
        (0..40).map(|_| section(&json!([{ "type": "text", "text": SENTENCE }]))[0].clone()).collect();
    let list = json!([{ "type": "rich_text_list", "style": "bullet", "indent": 0, "elements": list }]);
    let changing: Vec<Value> = (0..2_000)
        .map(
            |n| json!({ "type": "text", "text": "x", "style": { "bold": n % 2 == 0, "italic": n % 3 == 0 } }),
        )
        .collect();
    let plain_content = json!({ "msgtype": "m.text", "body": SENTENCE, "m.mentions": {} });
    let styled_html = "<a href=\"https://matrix.to/#/@bob:hs.test\">Bob</a> the <b>build</b> is green, see \
                       <a href=\"https://ci.example.org/1\">the log</a> 🎉";
    let list_html = format!("<ul>{}</ul>", format!("<li>{SENTENCE}</li>").repeat(40));
    let deep = format!("{}x", "<blockquote><ul><li>x".repeat(2_000));
    let open = format!("{}x", "<b><i>x".repeat(6_000));
    let deep_lists: Vec<Value> = (0..500)
        .map(|n| json!({ "type": "rich_text_list", "style": "ordered", "indent": n % 9, "elements": section(&json!([{ "type": "text", "text": "x" }])) }))
        .collect();
    vec![
        input("typical, plain", true, &plain, SENTENCE, plain_content),
        input("typical, formatted", true, &styled, "the build", html("Bob the build", styled_html)),
        input("long list", false, &list, "list", html("list", &list_html)),
        input("worst: deep blocks", false, &json!(deep_lists), "x", html("x", &deep)),
        input("worst: changing styles", false, &section(&json!(changing)), "x", html("x", &open)),
    ]
}
