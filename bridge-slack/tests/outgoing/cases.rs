//! The case files: the content of an event, and the `blocks` and `text` of the posts it becomes.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::judge;
use crate::world::posts;

/// Every file by its theme.
pub(crate) const FILES: [(&str, &str); 12] = [
    ("blocks", include_str!("cases/blocks.json")),
    ("clients", include_str!("cases/clients.json")),
    ("code", include_str!("cases/code.json")),
    ("emoji", include_str!("cases/emoji.json")),
    ("kinds", include_str!("cases/kinds.json")),
    ("links", include_str!("cases/links.json")),
    ("lists", include_str!("cases/lists.json")),
    ("mentions", include_str!("cases/mentions.json")),
    ("plain", include_str!("cases/plain.json")),
    ("space", include_str!("cases/space.json")),
    ("styles", include_str!("cases/styles.json")),
    ("tables", include_str!("cases/tables.json")),
];

/// All cases of all files.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Value)> {
    FILES.into_iter().flat_map(|(file, text)| {
        let cases: Vec<Value> = serde_json::from_str(text).expect(file);
        cases.into_iter().map(move |case| (file, case))
    })
}

/// A case has a `name`, an event's content in `in`, and in `out` each post's `blocks` and `text`. The whole channel may
/// be pinged where `broadcast` is set.
#[test]
fn contents_become_posts() {
    let mut wrong = Vec::new();
    let mut names = HashSet::new();
    for (file, case) in all() {
        assert!(names.insert(format!("{file}: {}", case["name"])), "{} stands twice in {file}", case["name"]);
        let posts = posts(&case["in"], case["broadcast"] == true);
        for post in &posts {
            judge::fits(post);
        }
        let out: Vec<Value> =
            posts.into_iter().map(|post| json!({ "blocks": post.blocks, "text": post.text })).collect();
        if case["out"] != json!(out) {
            wrong.push(json!({ "file": file, "name": case["name"], "is": out, "wanted": case["out"] }));
        }
    }
    assert!(names.len() >= 400, "{} cases", names.len());
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), serde_json::to_string_pretty(&wrong).unwrap());
}
