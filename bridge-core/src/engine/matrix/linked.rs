//! Files that a network does not take: an address where anyone who has it can fetch them, if the operator offers such.

use super::super::Bridge;
use super::super::media::megabytes;
use super::Incoming;
use super::edit;
use crate::content::{Block, EncryptedFile, File, Message, Part, PartBody, RichText, Span, Style};
use crate::error::JobError;
use crate::event::MatrixKind;
use crate::network::Network;

impl<N: Network> Bridge<N> {
    /// The message with addresses in the place of those files that the network does not take; the error is a sentence for
    /// the person where there are none. `most`: the largest file that it takes, in bytes; 0 if it takes none.
    pub(super) fn with_large_files_linked(
        &self,
        event: &Incoming,
        mut message: Message,
        most: u64,
    ) -> Result<Message, JobError> {
        for part in &mut message.parts {
            let PartBody::File(file) = &part.body else { continue };
            let Err(why) = fits(file, most) else { continue };
            match self.linked(event, file) {
                Some(text) => part.body = PartBody::Text(text),
                None if self.is_secret(file) => {
                    return Err(JobError::Reject(format!(
                        "{why} It is encrypted, so it is not put on a public address instead."
                    )));
                }
                None => return Err(JobError::Reject(why)),
            }
        }
        Ok(message)
    }

    /// What is sent where the network refuses the files of an event: addresses in their place. None if there are no files
    /// in it, or they cannot have any.
    pub(super) fn kind_with_links(&self, event: &Incoming, kind: &MatrixKind) -> Option<MatrixKind> {
        let instead = |message: &Message| {
            let mut is_other = false;
            let mut message = message.clone();
            for Part { body, .. } in &mut message.parts {
                if let PartBody::File(file) = body {
                    *body = PartBody::Text(self.linked(event, file)?);
                    is_other = true;
                }
            }
            is_other.then_some(message)
        };
        match kind {
            MatrixKind::Message(message) => instead(message).map(MatrixKind::Message),
            MatrixKind::Edit { sent, message } => {
                instead(message).map(|message| MatrixKind::Edit { sent: sent.clone(), message })
            }
            _ => None,
        }
    }

    /// A file as text that leads to it. The address holds as long as the event that shows it has a counterpart, of a
    /// changed message the first one. What was encrypted has none.
    fn linked(&self, event: &Incoming, file: &File) -> Option<RichText> {
        if EncryptedFile::of_source(&file.source).is_some() {
            return None;
        }
        let shown_by = edit::target(&event.content).unwrap_or(&event.event_id);
        let url = self.public_media.as_ref()?.file(file.source.as_str(), shown_by, &file.name)?;
        Some(instead(file, url))
    }

    fn is_secret(&self, file: &File) -> bool {
        self.public_media.is_some() && EncryptedFile::of_source(&file.source).is_some()
    }
}

/// Its name, leading to the file, its length, and what is said about it.
fn instead(file: &File, url: String) -> RichText {
    let label = vec![Span::text(file.name.replace(['\n', '\r'], " "))];
    let mut line = vec![Span::text("📎 "), Span::Link { url, label, style: Style::default() }];
    line.extend(file.size.map(|size| Span::text(format!(" ({})", megabytes(size)))));
    let mut blocks = vec![Block::Paragraph(line)];
    blocks.extend(file.caption.iter().flat_map(|caption| caption.blocks.clone()));
    RichText { blocks }
}

/// Whether a network takes a file; the error is a sentence for the person.
fn fits(file: &File, most: u64) -> Result<(), String> {
    match file.size {
        _ if most == 0 => Err("Files are not accepted there.".to_owned()),
        Some(size) if size > most => Err(format!(
            "The file has {}, and at most {} are accepted there.",
            megabytes(size),
            megabytes(most)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{FileSource, plain};

    #[test]
    fn a_file_is_named_with_its_address_its_length_and_what_is_said() {
        let mut file = File::new(FileSource::new("mxc://hs/1"), "a\nb.iso");
        (file.size, file.caption) = (Some(2_000_000_000), Some(RichText::plain("look")));
        let shown = plain::write(&instead(&file, "https://bridge.test/1".to_owned()));
        assert_eq!(shown, "📎 a b.iso (https://bridge.test/1) (2000.0 MB)\n\nlook");
        file.size = None;
        assert!(fits(&file, 10).is_ok(), "what is not known is tried");
        assert!(fits(&file, 0).is_err());
        file.size = Some(11);
        assert_eq!(
            fits(&file, 10),
            Err("The file has 0.0 MB, and at most 0.0 MB are accepted there.".to_owned())
        );
    }
}
