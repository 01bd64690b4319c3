//! Rooms: making them, who is in them, what was said in them.

mod create;
mod history;
mod member;

pub use create::CreateRoom;
pub use history::Page;
