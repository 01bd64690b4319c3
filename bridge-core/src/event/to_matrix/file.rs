//! Writes a file as the content of a Matrix event.

use serde_json::{Map, Value, json};

use super::{MatrixOptions, content_length, notified, piece_id, text_content};
use crate::content::html_write::{self, WriteOptions, Written};
use crate::content::{Block, CarriedFile, File, FileKind, Lookup, MessageStyle, RichText, Span, split};
use crate::id::PartId;

/// The contents of a file that lies on Matrix, and of what is too long to be said with it.
pub(super) fn contents(
    part: &PartId,
    file: &File,
    carried: &CarriedFile,
    lookup: &Lookup,
    options: MatrixOptions,
) -> Vec<(PartId, Value)> {
    let about = carried.about.as_deref().map(|about| File { caption: file.caption.clone(), ..about.clone() });
    let file = about.as_ref().unwrap_or(file);
    let kind = match file.kind {
        FileKind::File => "m.file",
        FileKind::Image => "m.image",
        FileKind::Video => "m.video",
        FileKind::Audio | FileKind::Voice => "m.audio",
    };
    let mut content = json!({ "msgtype": kind, "url": carried.mxc, "info": info(file, carried) });
    if file.kind == FileKind::Voice {
        // How clients tell what was said from music (MSC3245, MSC1767).
        content["org.matrix.msc3245.voice"] = json!({});
        content["org.matrix.msc1767.audio"] = json!({ "duration": file.duration_ms.unwrap_or(0) });
        if !file.waveform.is_empty() {
            content["org.matrix.msc1767.audio"]["waveform"] = json!(file.waveform);
        }
    }
    captioned(part, content, &file.name, file.caption.as_ref(), lookup, options)
}

/// The content of a file's event with the caption of now, as it replaces the one before; what is too long for it comes
/// behind. The name stays: of some files a message tells only an id.
pub fn with_caption(part: &PartId, mut content: Value, file: &File, lookup: &Lookup) -> Vec<(PartId, Value)> {
    if let Some(fields) = content.as_object_mut() {
        for field in ["formatted_body", "format", "m.relates_to"] {
            fields.remove(field);
        }
    }
    let name = content.get("filename").and_then(Value::as_str).unwrap_or(&file.name).to_owned();
    captioned(part, content, &name, file.caption.as_ref(), lookup, MatrixOptions::of_edit())
}

/// A caption is the body, with the file's name beside it (Matrix 1.10). What does not fit into the event follows as text.
fn captioned(
    part: &PartId,
    mut content: Value,
    name: &str,
    caption: Option<&RichText>,
    lookup: &Lookup,
    options: MatrixOptions,
) -> Vec<(PartId, Value)> {
    content["filename"] = name.into();
    content["body"] = name.into();
    let taken = content.to_string().len();
    // However long the name is, a caption has not to be cut into single words.
    let most = options.max_bytes.saturating_sub(taken + 1).max(options.max_bytes / 4);
    let length = |text: &RichText| content_length(text, lookup, options.write);
    let mut pieces =
        caption.map(|caption| split::split(caption, most, length)).unwrap_or_default().into_iter();
    put_caption(&mut content, pieces.next().as_ref(), lookup, options.write);
    let mut contents = vec![(part.clone(), content)];
    for (index, piece) in pieces.enumerate() {
        let text = text_content(&piece, MessageStyle::Normal, lookup, options.write);
        contents.push((piece_id(part, index + 1), text));
    }
    contents
}

fn put_caption(content: &mut Value, caption: Option<&RichText>, lookup: &Lookup, options: WriteOptions) {
    let Written { plain, html, mentions } =
        caption.map(|caption| html_write::write(caption, lookup, options)).unwrap_or_default();
    if !plain.is_empty() {
        content["body"] = plain.into();
    }
    if let Some(html) = html {
        content["format"] = "org.matrix.custom.html".into();
        content["formatted_body"] = html.into();
    }
    content["m.mentions"] = notified(&mentions);
}

fn info(file: &File, carried: &CarriedFile) -> Value {
    let mut info = Map::new();
    info.insert("mimetype".to_owned(), carried.media_type.as_str().into());
    info.insert("size".to_owned(), carried.size.into());
    let size = carried.dimensions.or_else(|| file.width.zip(file.height));
    if let Some((width, height)) = size {
        info.insert("w".to_owned(), width.into());
        info.insert("h".to_owned(), height.into());
    }
    if let Some(duration) = file.duration_ms {
        info.insert("duration".to_owned(), duration.into());
    }
    if let Some(blurhash) = &carried.blurhash {
        info.insert("xyz.amorgan.blurhash".to_owned(), blurhash.as_str().into());
    }
    if let Some(small) = &carried.thumbnail {
        info.insert("thumbnail_url".to_owned(), small.mxc.as_str().into());
        let (width, height) = small.dimensions;
        let about = json!({ "mimetype": small.media_type, "size": small.size, "w": width, "h": height });
        info.insert("thumbnail_info".to_owned(), about);
    }
    Value::Object(info)
}

/// A file that could not be carried over, as text: its name as a link, why it is not here, and what was said about it.
pub(super) fn instead(file: &File, why: &str) -> RichText {
    let name = match &file.page_url {
        Some(url) => {
            Span::Link { url: url.clone(), label: vec![Span::text(&file.name)], style: <_>::default() }
        }
        None => Span::text(&file.name),
    };
    let mut blocks = vec![Block::Paragraph(vec![Span::text("📎 "), name, Span::text(format!(" – {why}"))])];
    blocks.extend(file.caption.iter().flat_map(|caption| caption.blocks.clone()));
    RichText { blocks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{FileSource, Message, Part, PartBody, Thumbnail};
    use crate::event::to_matrix::{MAX_CONTENT_BYTES, MAX_EDITED_BYTES, message};

    fn file() -> File {
        let mut file = File::new(FileSource::new("F1"), "cat.png").of_type("image/png");
        (file.width, file.height) = (Some(40), Some(30));
        file.page_url = Some("https://chat.test/files/F1".to_owned());
        file
    }

    fn carried() -> CarriedFile {
        CarriedFile {
            mxc: "mxc://hs/1".to_owned(),
            media_type: "image/png".to_owned(),
            size: 9,
            ..<_>::default()
        }
    }

    fn written(file: File, carried: Result<CarriedFile, String>) -> Value {
        let mut lookup = Lookup::default();
        lookup.files.insert(file.source.clone(), carried);
        let mut whole = Message::default();
        whole.parts.push(Part::new(PartId::new("F1"), PartBody::File(file)));
        let mut events = message(&whole, &lookup, MatrixOptions::default());
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].0, PartId::new("F1"));
        events.remove(0).1
    }

    #[test]
    fn a_picture_has_its_size_and_a_small_one() {
        let thumbnail = Thumbnail {
            mxc: "mxc://hs/2".to_owned(),
            media_type: "image/jpeg".to_owned(),
            size: 5,
            dimensions: (4, 3),
        };
        let carried =
            CarriedFile { thumbnail: Some(thumbnail), blurhash: Some("L0".to_owned()), ..carried() };
        let expected = json!({
            "msgtype": "m.image", "url": "mxc://hs/1", "body": "cat.png", "filename": "cat.png", "m.mentions": {},
            "info": {
                "mimetype": "image/png", "size": 9, "w": 40, "h": 30, "xyz.amorgan.blurhash": "L0",
                "thumbnail_url": "mxc://hs/2",
                "thumbnail_info": { "mimetype": "image/jpeg", "size": 5, "w": 4, "h": 3 },
            },
        });
        assert_eq!(written(file(), Ok(carried)), expected);
    }

    #[test]
    fn what_was_found_out_counts_more_than_what_the_message_said() {
        let mut stub = File::new(FileSource::new("F1"), "F1");
        stub.caption = Some(RichText::plain("mine"));
        let carried = CarriedFile { about: Some(Box::new(file())), ..carried() };
        let content = written(stub, Ok(carried));
        assert_eq!(content["msgtype"], "m.image");
        assert_eq!((content["filename"].as_str(), content["body"].as_str()), (Some("cat.png"), Some("mine")));
        assert_eq!((&content["info"]["w"], &content["info"]["h"]), (&json!(40), &json!(30)));
    }

    #[test]
    fn a_caption_is_the_body_and_can_be_replaced() {
        let mut with = file();
        let style = crate::content::Style { bold: true, ..<_>::default() };
        let caption = vec![Span::Text { text: "mine".to_owned(), style }];
        with.caption = Some(RichText { blocks: vec![Block::Paragraph(caption)] });
        let content = written(with, Ok(carried()));
        assert_eq!(content["body"], "mine");
        assert_eq!(content["formatted_body"], "<strong>mine</strong>");
        let bare = with_caption(&PartId::first(), content, &file(), &Lookup::default()).remove(0).1;
        assert_eq!(bare["body"], "cat.png");
        assert_eq!(bare.get("formatted_body"), None);
        assert_eq!(bare["url"], "mxc://hs/1");
    }

    #[test]
    fn of_a_long_caption_the_rest_follows_as_text() {
        let words: Vec<String> = (0..9_000).map(|number| format!("word{number}")).collect();
        let mut long = file();
        long.caption = Some(RichText::plain(&words.join(" ")));
        let mut lookup = Lookup::default();
        lookup.files.insert(long.source.clone(), Ok(carried()));
        let mut whole = Message::default();
        whole.parts.push(Part::new(PartId::new("F1"), PartBody::File(long.clone())));
        let new = message(&whole, &lookup, MatrixOptions::default());
        let changed = with_caption(&PartId::new("F1"), new[0].1.clone(), &long, &lookup);
        for (events, most) in [(&new, MAX_CONTENT_BYTES), (&changed, MAX_EDITED_BYTES)] {
            assert!(events.len() > 1);
            for (index, (part, content)) in events.iter().enumerate() {
                assert_eq!(*part, piece_id(&PartId::new("F1"), index));
                assert!(content.to_string().len() <= most, "{}", content.to_string().len());
                assert_eq!(content.get("url").is_some(), index == 0);
            }
            let bodies: Vec<&str> = events.iter().filter_map(|(_, it)| it["body"].as_str()).collect();
            assert_eq!(bodies.join(" ").split_whitespace().collect::<Vec<_>>(), words);
        }
    }

    #[test]
    fn what_cannot_be_carried_over_is_named_with_the_reason() {
        let content = written(file(), Err("it is too large.".to_owned()));
        assert_eq!(content["msgtype"], "m.text");
        assert_eq!(content["body"], "📎 cat.png (https://chat.test/files/F1) – it is too large.");
    }

    #[test]
    fn a_voice_message_is_marked() {
        let mut voice = file();
        (voice.kind, voice.duration_ms) = (FileKind::Voice, Some(1_500));
        voice.waveform = vec![0, 1_024];
        let content = written(voice, Ok(carried()));
        assert_eq!(content["org.matrix.msc1767.audio"], json!({ "duration": 1_500, "waveform": [0, 1_024] }));
        assert_eq!(content["msgtype"], "m.audio");
        assert_eq!(content["org.matrix.msc3245.voice"], json!({}));
        assert_eq!(content["info"]["duration"], 1_500);
    }
}
