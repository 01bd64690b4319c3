//! What Matrix HTML may hold, by the specification's list, read off what was written without the code that writes it.

/// Elements, and the attributes that each may have.
const ELEMENTS: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("blockquote", &[]),
    ("br", &[]),
    ("code", &["class"]),
    ("del", &[]),
    ("em", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    // The attribute that marks an emoji is MSC2545's.
    ("img", &["data-mx-emoticon", "height", "src", "alt", "title"]),
    ("li", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("span", &["data-mx-spoiler"]),
    ("strong", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &[]),
    ("th", &[]),
    ("thead", &[]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &[]),
];

/// Elements without an end.
const LONE: &[&str] = &["br", "hr", "img"];
/// What an address of a link may begin with; the last is how clients write links to rooms.
const SCHEMES: &[&str] = &["https:", "http:", "ftp:", "mailto:", "magnet:", "matrix:"];
/// Clients drop what stands deeper.
const DEEPEST: usize = 100;

/// Panics with the first thing that no client has to show.
///
/// # Panics
/// On an element, attribute, address or nesting that the specification does not name.
pub fn check(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("an unfinished tag in {html}"));
        assert!(!text.contains('>'), "a bare bracket in {html}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "an end where none belongs in {html}");
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        let allowed = ELEMENTS.iter().find(|(element, _)| *element == name);
        let (_, attributes) = allowed.unwrap_or_else(|| panic!("<{name}> in {html}"));
        each_attribute(&tag[name.len()..], |attribute, value| {
            assert!(attributes.contains(&attribute), "{attribute} in <{name}> in {html}");
            match attribute {
                "href" => assert!(SCHEMES.iter().any(|scheme| value.starts_with(scheme)), "{value}"),
                "src" => assert!(value.starts_with("mxc://"), "{value}"),
                "class" => assert!(value.starts_with("language-"), "{value}"),
                "start" => assert!(value.parse::<u32>().is_ok(), "{value}"),
                _ => {}
            }
        });
        if !LONE.contains(&name) {
            open.push(name);
            assert!(open.len() <= DEEPEST, "{} elements deep", open.len());
        }
    }
    assert!(open.is_empty(), "{open:?} are never closed in {html}");
}

/// Calls for the name and value of each attribute; a value stands in double quotes.
fn each_attribute(text: &str, mut call: impl FnMut(&str, &str)) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"').unwrap_or_else(|| panic!("an unfinished value in {text}"));
        }
        call(name, value);
        rest = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::check;

    #[test]
    fn the_list_is_kept() {
        check(
            r#"<p>a <a href="https://a.test/?a=&quot;b">&lt;b&gt;</a><br><img data-mx-emoticon height="32" src="mxc://x" alt=":x:"></p>"#,
        );
        for bad in [
            "<script>",
            "<b>a</b>",
            "<p>",
            "<p></em>",
            "a</p>",
            "<p></p>b > c",
            r#"<a href="javascript:x">a</a>"#,
            r#"<p style="x">a</p>"#,
            r#"<img src="https://a.test">"#,
        ] {
            assert!(catch_unwind(|| check(bad)).is_err(), "{bad}");
        }
    }
}
