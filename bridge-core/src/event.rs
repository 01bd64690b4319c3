//! What happens in a chat, in the two directions, free of either side's formats.

pub mod from_matrix;
pub mod info;
pub mod matrix;
pub mod remote;
pub mod to_matrix;
pub mod user_info;

pub use crate::content::Lookup;
pub use info::{Bookmark, ChatInfo, ChatKind, Posting, Workspace};
pub use matrix::{MatrixEvent, MatrixKind, Reaction, Sent, Speaker};
pub use remote::{MemberChange, RemoteEvent, RemoteKind, Scope, Sender};
pub use user_info::{UserInfo, UserStatus};
