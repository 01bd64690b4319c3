//! The API of maubot, as its own tools use it.
