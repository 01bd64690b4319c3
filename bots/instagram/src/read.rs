//! Reads what each source answers into a post. Pure: nothing here waits or asks, and any bytes are read without harm.

mod embed;
mod graphql;
mod json;
mod media;
mod oembed;
mod page;

pub use embed::read as embed;
pub use graphql::read as graphql;
pub use oembed::{read_graph as oembed_graph, read_web as oembed_web};
pub use page::{mirror, read as page};

use crate::outcome::Outcome;
use crate::post::Post;

/// A post, or what the answer says in its place.
pub type Reading = Result<Post, Outcome>;

#[cfg(test)]
mod tests;
