//! The frame of every page: escaping, addresses, styles.
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};

/// The page's own style.
pub(super) const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:0;display:flex;height:100vh;color:#1d1c1d}\
nav{background:#3f0e40;color:#fff;padding:1em;min-width:11em;overflow:auto}nav a{color:#cfc3cf;display:block;\
text-decoration:none;padding:.1em .4em;border-radius:4px}nav a.on{background:#1164a3;color:#fff}\
h1,h2{font-size:1em;margin:.8em 0 .3em}main{flex:1;display:flex;flex-direction:column}\
header{padding:.6em 1em;border-bottom:1px solid #ddd;font-weight:bold}iframe{flex:1;border:0}\
form{padding:1em;display:flex;gap:.5em}form+form{padding-top:0}input[name=text]{flex:1;font:inherit;padding:.5em}button{font:inherit}";

/// The style of the list in the frame.
pub(super) const LIST_STYLE: &str = "body{font:15px/1.4 sans-serif;margin:0;color:#1d1c1d}\
.all{display:flex;flex-direction:column-reverse;overflow:auto;height:100vh}\
.m{display:flex;gap:.6em;padding:.3em 1em}.m.reply{margin-left:3em;border-left:2px solid #ddd}.m img{width:36px;\
height:36px;border-radius:4px}.t{white-space:pre-wrap;overflow-wrap:anywhere}small{color:#666}small a{color:#666}\
.r{border:1px solid #ccc;border-radius:9px;padding:0 .4em;font-size:.85em;margin-right:.3em}\
.m img.f{width:auto;height:auto;max-width:20em;max-height:12em;display:block}.e{background:#fff8e0}";

/// Escapes a text for HTML, in attributes too.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A query of these fields; those without a value are left out.
pub(super) fn pairs(fields: &[(&str, Option<&str>)]) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    pairs.finish()
}

/// A query for the page, escaped for an attribute.
pub(super) fn query(user: &str, channel: &str, thread_ts: Option<&str>, ts: Option<&str>) -> String {
    let place = [("user", Some(user)), ("channel", Some(channel)), ("thread_ts", thread_ts), ("ts", ts)];
    escape(&pairs(&place))
}

/// A whole page. Nothing in it can run, and it loads nothing but pictures.
pub(super) fn html(title: &str, style: &str, head: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>{}</title><style>{style}</style>{head}\
         </head><body>{body}</body></html>",
        escape(title)
    );
    let mut response = Html(page).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; frame-src 'self'; \
                  form-action 'self'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
