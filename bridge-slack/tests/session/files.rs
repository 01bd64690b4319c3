//! Files, both ways: each once, although Slack takes no marker with them.

use bridge_core::content::{File, FileSource, Message, Part, PartBody, RichText};
use bridge_core::error::NetworkError;
use bridge_core::event::MatrixKind;
use bridge_core::id::PartId;
use bridge_core::network::Session;
use bridge_slack::convert::SlackFile;
use fake_slack::Fault;
use serde_json::{Value, json};

use super::world::{CONTENT, World, refusal};

const PLACE: &str = "files.getUploadURLExternal";
const COMPLETE: &str = "files.completeUploadExternal";
const INFO: &str = "files.info";
