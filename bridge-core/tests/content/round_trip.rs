//! Rich text written as Matrix HTML and read again.

use bridge_core::content::{Block, RichText, html_read, html_write};
use proptest::prelude::*;
use ruma::html::{Html, PropertiesNames, SanitizerConfig};

use crate::{any, sketch};

fn through_html(text: &RichText) -> RichText {
    let lookup = sketch::lookup();
    html_read::read("", Some(&html_write::html(text, &lookup)), &lookup)
}

/// The kinds of the outermost blocks that show something besides space.
fn outline(text: &RichText) -> Vec<std::mem::Discriminant<Block>> {
    let shows = |block: &&Block| !any::seen(&RichText { blocks: vec![(*block).clone()] }).is_empty();
    text.blocks.iter().filter(shows).map(std::mem::discriminant).collect()
}

proptest! {
    /// Nothing that is seen is lost or changes its formatting or its kind of block, and what was read once no
    /// longer changes. A bare space in a link shows no link.
    #[test]
    fn keeps_all_that_is_seen(text in any::text()) {
        let read = through_html(&text);
        prop_assert_eq!(any::seen(&read), any::seen(&text));
        prop_assert_eq!(outline(&read), outline(&text));
        prop_assert_eq!(&through_html(&read), &read);
    }

    /// Clients that clean what they show by the specification's list find nothing to take away.
    #[test]
    fn is_clean(text in any::text()) {
        let html = html_write::html(&text, &sketch::lookup());
        let parsed = Html::parse(&html);
        let before = parsed.to_string();
        let emoticon = [PropertiesNames { parent: "img", properties: &["data-mx-emoticon"] }];
        let config = SanitizerConfig::compat().allow_attributes(emoticon, ruma::html::ListBehavior::Add);
        parsed.sanitize_with(&config);
        prop_assert_eq!(parsed.to_string(), before);
    }
}
