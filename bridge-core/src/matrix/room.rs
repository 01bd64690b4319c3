//! Rooms: making them, who is in them, what was said in them.

mod alias;
mod create;
mod history;
mod member;

pub use alias::Made;
pub use create::CreateRoom;
pub use history::Page;
