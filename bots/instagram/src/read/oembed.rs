//! Reads the answers of the two interfaces for showing posts elsewhere.

use serde_json::Value;

use super::{Reading, graphql, json, media};
use crate::html::{self, Piece};
use crate::links::PostId;
use crate::outcome::Outcome;
use crate::post::{Post, Withheld};

/// The documented one: it says that the post can be seen and by whom it is, and has no picture.
pub fn read_graph(body: &str, id: &PostId) -> Reading {
    let answer = document(body)?;
    if let Some(error) = answer.get("error") {
        return Err(match error.get("code").and_then(Value::as_u64) {
            Some(4 | 17 | 32 | 613) => Outcome::RateLimited,
            Some(10 | 102 | 190 | 200) => Outcome::LoginWall,
            Some(24 | 100 | 803) => Outcome::Hidden,
            _ => graphql::refusal(&answer).unwrap_or(Outcome::ChangedShape),
        });
    }
    let frame = json::text(&answer, "html").ok_or(Outcome::ChangedShape)?;
    let mut shown = String::new();
    html::read(frame, |piece| {
        if let Piece::Text(text) = piece
            && shown.len() < 4_096
        {
            shown.push_str(text);
        }
    });
    let handle = shown.split_once("(@").and_then(|(_, rest)| rest.split(')').next());
    let user = json::text(&answer, "author_name").or(handle).and_then(media::user_name);
    Ok(Post { id: id.clone(), user, caption: None, media: Vec::new(), withheld: Withheld::All })
}

/// The older one: caption, user, and a preview picture.
pub fn read_web(body: &str, id: &PostId) -> Reading {
    let answer = document(body)?;
    if let Some(reason) = graphql::refusal(&answer) {
        return Err(reason);
    }
    let caption = json::text(&answer, "title").and_then(media::caption_text);
    let user = json::text(&answer, "author_name").and_then(media::user_name);
    let preview = json::text(&answer, "thumbnail_url").filter(|url| media::is_address(url));
    if caption.is_none() && user.is_none() && preview.is_none() {
        return Err(Outcome::ChangedShape);
    }
    let side = |key| json::pixels(&answer, key);
    let picture = preview.map(|url| media::picture(url, side("thumbnail_width"), side("thumbnail_height")));
    let withheld = if picture.is_some() { Withheld::Rest } else { Withheld::All };
    Ok(Post { id: id.clone(), user, caption, media: picture.into_iter().collect(), withheld })
}

fn document(body: &str) -> Result<Value, Outcome> {
    json::first(body).filter(Value::is_object).ok_or(Outcome::ChangedShape)
}
