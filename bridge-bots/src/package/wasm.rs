//! Telling a WebAssembly component by its first bytes.

use crate::plugin::Problem;

/// What every binary of WebAssembly begins with.
const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a component (Component Model, "Binary Format"): 13 and 1.
const COMPONENT: &[u8] = &[0x0d, 0x00, 0x01, 0x00];
/// Those of a core module (WebAssembly Core Specification, 5.5.16): 1 and 0.
const MODULE: &[u8] = &[0x01, 0x00, 0x00, 0x00];

/// Whether it means to be WebAssembly.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Whether it is a component; what is in it is for a runtime to say.
pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let text = match bytes.get(MAGIC.len()..MAGIC.len() + COMPONENT.len()) {
        Some(COMPONENT) => return Ok(()),
        Some(MODULE) => {
            "The file is a WebAssembly module, not a component. `wasm-tools component new` makes a component of it."
        }
        Some(_) => "The file is WebAssembly of a version that is not known here.",
        None => "The file ends within its first bytes. Upload it again, whole.",
    };
    Err(Problem::new("", text))
}
