//! Our own field on events that show remote messages, so that a lost database can be rebuilt from the rooms.

use serde_json::{Value, json};

use crate::id::{PartId, RemoteMessageId};

/// The field: `id` and `part` of what the event shows, and `thread`, the first message of its thread. The room says the chat,
/// the event itself by whom it was sent and when. Only on events of our own users it means anything.
pub(crate) const FIELD: &str = "dev.bridge-hub.remote";

/// What an event shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shows {
    pub(crate) id: RemoteMessageId,
    pub(crate) part: PartId,
    pub(crate) thread_root: Option<RemoteMessageId>,
}

/// Notes which part of which message an event is to show. Stands in the new content of an edit as well: there are homeservers
/// and programs that put it in the place of the first one.
pub(crate) fn put(content: &mut Value, id: &RemoteMessageId, part: &PartId) {
    let mut field = content.get(FIELD).filter(|field| field.is_object()).cloned().unwrap_or(json!({}));
    field["id"] = json!(id);
    field["part"] = json!(part);
    if let Some(new) = content.get_mut("m.new_content").filter(|new| new.is_object()) {
        new[FIELD] = field.clone();
    }
    content[FIELD] = field;
}

/// Notes in which thread that message stands.
pub(crate) fn put_thread(content: &mut Value, thread_root: Option<&RemoteMessageId>) {
    if let Some(root) = thread_root {
        content[FIELD] = json!({ "thread": root });
    }
}

/// What stands in the field. Whoever asks makes sure that the event is of one of our own users.
pub(crate) fn read(content: &Value) -> Option<Shows> {
    let field = content.get(FIELD)?;
    let text = |name: &str| field.get(name).and_then(Value::as_str);
    Some(Shows {
        id: RemoteMessageId::new(text("id").filter(|id| !id.is_empty())?),
        part: PartId::new(text("part").unwrap_or_default()),
        thread_root: text("thread").filter(|root| !root.is_empty()).map(RemoteMessageId::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_also_behind_an_edit() {
        let mut content = json!({ "body": "* a", "m.new_content": { "body": "a" } });
        let (id, root) = (RemoteMessageId::new("m1"), RemoteMessageId::new("m0"));
        put_thread(&mut content, Some(&root));
        put(&mut content, &id, &PartId::new("F1"));
        let shows = Shows { id, part: PartId::new("F1"), thread_root: Some(root) };
        assert_eq!(read(&content), Some(shows.clone()));
        assert_eq!(read(&content["m.new_content"]), Some(shows));
    }

    #[test]
    fn whatever_else_stands_there_is_nothing() {
        for field in [json!(null), json!("m1"), json!([]), json!({}), json!({ "id": 7 }), json!({ "id": "" })]
        {
            assert_eq!(read(&json!({ FIELD: field })), None, "{field}");
        }
        let odd = read(&json!({ FIELD: { "id": "m1", "part": 7, "thread": {} } }));
        let shows = Shows { id: RemoteMessageId::new("m1"), part: PartId::first(), thread_root: None };
        assert_eq!(odd, Some(shows));
    }
}
