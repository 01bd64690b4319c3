//! Files over HTTP: where apps upload them and fetch them from.
mod content;
mod download;
mod fault;
mod kind;
mod multipart;
mod small;
mod upload;

pub(crate) use content::{Content, Intake};
pub(crate) use download::{for_people, private, thumbnail, ticketed};
pub use fault::{Download, DownloadFault};
pub(crate) use fault::{DownloadFaults, Downloads};
pub(crate) use kind::FileKind;
pub(crate) use multipart::FilePart;
pub(crate) use small::within;
pub(crate) use upload::{receive, unpack};
