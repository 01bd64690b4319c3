//! Reads shared files: what is carried over as a file, and what is said in words instead.

use bridge_core::content::{self, Block, Emoji, FileKind, Preview, Span, Style};

use super::SlackFile;
use super::blocks::{self, link};
use super::wire::File;

/// What stands for a file until it is fetched; none if nothing is told by which it could be.
fn source(file: &File) -> Option<SlackFile> {
    let urls = [&file.url_private_download, &file.url_private];
    let url = urls.into_iter().find(|url| is_address(url));
    let source = SlackFile {
        id: file.id.clone(),
        url: url.cloned().unwrap_or_default(),
        stub: file.file_access == "check_file_info" || url.is_none(),
    };
    (url.is_some() || !file.id.is_empty()).then_some(source)
}

/// How a shared file is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// As a file, carried over.
    File(Box<content::File>),
    /// In words.
    Text(Vec<Block>),
}

/// Reads a file.
pub fn read(file: &File) -> Shown {
    let in_words = match file.mode.as_str() {
        "tombstone" => Some(sentence("A file that was here was deleted on Slack.")),
        "hidden_by_limit" => Some(sentence(
            "A file that is here is hidden: it is older than what the Slack workspace's plan keeps in view.",
        )),
        "snippet" => snippet(file),
        "external" | "space" | "post" | "docs" | "canvas" | "quip" | "list" => Some(line(file)),
        "email" => Some(mail(file)),
        _ => None,
    };
    let in_words = match file.file_access.as_str() {
        "access_denied" => {
            Some(sentence("A file that is here is not shown: the bridge may not see it on Slack."))
        }
        "file_not_found" => Some(sentence("A file that was here is not to be found on Slack any more.")),
        _ => in_words,
    };
    match (in_words, source(file)) {
        (Some(blocks), _) => Shown::Text(blocks),
        (None, Some(source)) => Shown::File(Box::new(carried(file, &source))),
        (None, None) => Shown::Text(line(file)),
    }
}

fn carried(file: &File, source: &SlackFile) -> content::File {
    let mut carried = content::File::new(source.write(), name(file));
    if file.mimetype.contains('/') {
        carried = carried.of_type(file.mimetype.as_str());
    }
    match file.subtype.as_str() {
        "slack_audio" => carried.kind = FileKind::Voice,
        "slack_video" => carried.kind = FileKind::Video,
        _ => {}
    }
    let positive = |number: i64| u64::try_from(number).ok().filter(|number| *number > 0);
    carried.size = positive(file.size);
    (carried.width, carried.height) = (pixels(file.original_w), pixels(file.original_h));
    carried.duration_ms = positive(file.duration_ms);
    if carried.kind == FileKind::Voice {
        carried.waveform = waveform(file);
    }
    carried.preview = preview(file).map(Box::new);
    carried.page_url = Some(file.permalink.clone()).filter(|url| !url.is_empty());
    carried
}

/// All about a file that `files.info` tells.
pub fn about(file: &File) -> Option<content::File> {
    source(file).map(|source| carried(file, &source))
}

fn pixels(number: i64) -> Option<u32> {
    u32::try_from(number).ok().filter(|number| *number > 0)
}

/// Slack's values go to 100, Matrix's to 1024 (MSC3245).
fn waveform(file: &File) -> Vec<u16> {
    const MOST: usize = 256;
    let samples = file.audio_wave_samples.iter().take(MOST);
    let samples = samples.map(|sample| sample.clamp(&0, &100) * 1_024 / 100);
    samples.filter_map(|sample| u16::try_from(sample).ok()).collect()
}

/// The picture that Slack made of it, as large as programs show it in a conversation.
fn preview(file: &File) -> Option<Preview> {
    let made = [
        (&file.thumb_480, file.thumb_480_w, file.thumb_480_h),
        (&file.thumb_360, file.thumb_360_w, file.thumb_360_h),
        (&file.thumb_720, file.thumb_720_w, file.thumb_720_h),
        (&file.thumb_video, file.thumb_video_w, file.thumb_video_h),
        (&file.thumb_pdf, file.thumb_pdf_w, file.thumb_pdf_h),
    ];
    let (url, width, height) = made.into_iter().find(|(url, ..)| is_address(url))?;
    let source = SlackFile { url: url.clone(), ..SlackFile::default() };
    Some(Preview { source: source.write(), dimensions: pixels(width).zip(pixels(height)) })
}

fn is_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The name under which it is saved.
fn name(file: &File) -> String {
    let name = [&file.name, &file.title, &file.id].into_iter().map(|name| one_line(name));
    name.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned())
}

/// A file as a line: its title, leading to where people find it.
pub fn line(file: &File) -> Vec<Block> {
    let title = [&file.title, &file.name, &file.subject, &file.id].into_iter().map(|name| one_line(name));
    let title = title
        .into_iter()
        .find(|title| !title.is_empty())
        .unwrap_or_else(|| "a file without a name".to_owned());
    let outside =
        if file.mode == "external" { [&file.external_url, &file.url_private] } else { [&file.permalink; 2] };
    let url = outside.into_iter().chain([&file.permalink]).find(|url| !url.is_empty());
    let title = link(url.map_or("", String::as_str), &title).unwrap_or_else(|| Span::text(title));
    let clip = Emoji::Unicode("\u{1f4ce}".to_owned());
    let clip = Span::Emoji { emoji: clip, style: Style::default() };
    vec![Block::Paragraph(vec![clip, Span::text(" "), title])]
}

/// A snippet that is there as a whole: its title and its text.
fn snippet(file: &File) -> Option<Vec<Block>> {
    if file.preview.is_empty() || file.preview_is_truncated || file.lines_more > 0 {
        return None;
    }
    let mut blocks = if file.title.is_empty() && file.permalink.is_empty() { Vec::new() } else { line(file) };
    let text = file.preview.replace("\r\n", "\n");
    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    blocks.push(Block::Code { language: blocks::language(&file.filetype), text });
    Some(blocks)
}

/// A mail that was sent into a channel: its subject and the beginning of its text.
fn mail(file: &File) -> Vec<Block> {
    let mut blocks = line(file);
    let beginning = content::RichText::plain(file.preview_plain_text.trim());
    if !beginning.is_empty() {
        blocks.push(Block::Quote(beginning.blocks));
    }
    blocks
}

fn sentence(text: &str) -> Vec<Block> {
    let style = Style { italic: true, ..Style::default() };
    vec![Block::Paragraph(vec![Span::Text { text: text.to_owned(), style }])]
}

fn one_line(text: &str) -> String {
    text.trim().replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

    use super::*;

    fn file(json: serde_json::Value) -> content::File {
        match read(&serde_json::from_value(json).unwrap()) {
            Shown::File(file) => *file,
            Shown::Text(blocks) => panic!("{blocks:?}"),
        }
    }

    #[test]
    fn a_source_holds_what_is_needed_to_fetch_the_file() {
        let whole = file(serde_json::json!({
            "id": "F1", "name": "a.png", "url_private": "https://files.test/a",
            "url_private_download": "https://files.test/a?download",
        }));
        let expected =
            SlackFile { id: "F1".to_owned(), url: "https://files.test/a?download".to_owned(), stub: false };
        assert_eq!(SlackFile::read(&whole.source), Some(expected));
        let stub = file(serde_json::json!({ "id": "F2", "file_access": "check_file_info" }));
        let source = SlackFile::read(&stub.source).unwrap();
        assert!(source.stub && source.url.is_empty());
        assert_eq!((source.id.as_str(), stub.name.as_str()), ("F2", "F2"));
        // Without an address Slack is asked for one.
        let nowhere = file(serde_json::json!({ "id": "F3", "url_private": "" }));
        assert!(SlackFile::read(&nowhere.source).unwrap().stub);
    }
}
