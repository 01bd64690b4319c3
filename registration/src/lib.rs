//! The appservice registration file: what a homeserver and our programs agree on.
//!
//! ```
//! use bridge_registration::{Plan, Registration};
//!
//! let plan = Plan {
//!     id: "slack".into(),
//!     bot_localpart: "slackbot".into(),
//!     user_prefix: "slack_".into(),
//!     alias_prefix: Some("slack_".into()),
//!     server_name: "hs.test".into(),
//!     address: "127.0.0.1:29400".parse()?,
//!     url: None,
//!     protocols: vec!["slack".into()],
//! };
//! let registration = Registration::generate(&plan)?;
//! assert!(bridge_registration::check(&registration.to_yaml()?, None).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
pub mod cli;
mod error;
mod file;
mod form;
mod generate;
mod registration;
mod token;

pub use check::{Problem, Severity, check};
pub use error::Error;
pub use file::write_private;
pub use form::Form;
pub use generate::Plan;
pub use registration::{Namespace, Namespaces, Registration};
pub use token::Token;
