//! What happens to the workspace and its channels as such: emoji, user groups, bookmarks, conversions.
use serde_json::{Value, json};

use crate::clock::{now_seconds, write_ts};
use crate::error::ApiError;
use crate::workspace::Workspace;

impl Workspace {
    /// A custom emoji appears; `url` is a picture or `alias:<name>`.
    pub fn add_emoji(&self, name: &str, url: &str) {
        let event = json!({ "subtype": "add", "name": name, "value": url });
        self.change(|state, out| {
            let add = |emoji: &mut std::collections::BTreeMap<String, String>| {
                emoji.insert(name.to_owned(), url.to_owned());
            };
            state.change_emoji(add, event, out);
        });
    }

    /// A custom emoji goes, and its aliases with it.
    pub fn remove_emoji(&self, name: &str) {
        self.change(|state, out| {
            let alias = format!("alias:{name}");
            let gone = |found: &String, url: &String| found == name || *url == alias;
            let names: Vec<String> =
                state.emoji.iter().filter(|(n, url)| gone(n, url)).map(|(n, _)| n.clone()).collect();
            let event = json!({ "subtype": "remove", "names": names });
            state.change_emoji(|emoji| emoji.retain(|n, url| !gone(n, url)), event, out);
        });
    }

    /// A custom emoji gets another name.
    pub fn rename_emoji(&self, old_name: &str, new_name: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let url = state.emoji.get(old_name).cloned().ok_or("emoji_not_found")?;
            let event =
                json!({ "subtype": "rename", "old_name": old_name, "new_name": new_name, "value": url });
            let rename = |emoji: &mut std::collections::BTreeMap<String, String>| {
                emoji.remove(old_name);
                emoji.insert(new_name.to_owned(), url);
            };
            state.change_emoji(rename, event, out);
            Ok(())
        })
    }

    /// Adds a user group (`S…`) as Slack's JSON has it, with its members in `users`; it shows in
    /// `usergroups.list`, and apps get `subteam_created`.
    pub fn add_usergroup(&self, group: Value) {
        self.change(|state, out| {
            let event_ts = write_ts(state.clock.tick());
            out.tell_team(json!({ "type": "subteam_created", "subteam": group, "event_ts": event_ts }));
            state.usergroups.push(group);
        });
    }

    /// Changes fields of a user group; apps get `subteam_updated`, and `subteam_members_changed` if its members
    /// are others now.
    pub fn change_usergroup(&self, id: &str, change: &Value) -> Result<(), ApiError> {
        self.change(|state, out| {
            let event_ts = write_ts(state.clock.tick());
            let team_id = state.team.id.clone();
            let group = state.usergroups.iter_mut().find(|group| group["id"] == *id);
            let group = group.ok_or("no_such_subteam")?;
            let before = group["users"].clone();
            if let (Some(fields), Some(change)) = (group.as_object_mut(), change.as_object()) {
                fields.extend(change.clone());
            }
            out.tell_team(json!({ "type": "subteam_updated", "subteam": group, "event_ts": event_ts }));
            let missing = |from: &Value, other: &Value| -> Vec<Value> {
                let other = other.as_array().cloned().unwrap_or_default();
                from.as_array().into_iter().flatten().filter(|user| !other.contains(user)).cloned().collect()
            };
            let (added, removed) = (missing(&group["users"], &before), missing(&before, &group["users"]));
            if !added.is_empty() || !removed.is_empty() {
                out.tell_team(json!({
                    "type": "subteam_members_changed", "subteam_id": id, "team_id": team_id,
                    "added_users": added, "added_users_count": added.len(),
                    "removed_users": removed, "removed_users_count": removed.len(), "event_ts": event_ts,
                }));
            }
            Ok(())
        })
    }

    /// A person puts a link on top of a channel. Answers the bookmark's id.
    pub fn add_bookmark(
        &self,
        user: &str,
        channel: &str,
        title: &str,
        link: &str,
    ) -> Result<String, ApiError> {
        self.change(|state, _| {
            let (user_id, channel_id) = (state.user_id(user)?, state.channel_id(channel)?);
            let (id, team_id) = (state.clock.id("Bk"), state.team.id.clone());
            let bookmark = json!({
                "id": id, "channel_id": channel_id, "title": title, "link": link, "emoji": "",
                "icon_url": null, "type": "link", "entity_id": null, "date_created": now_seconds(),
                "date_updated": 0, "rank": "g", "last_updated_by_user_id": user_id,
                "last_updated_by_team_id": team_id, "shortcut_id": null, "app_id": null,
            });
            state.channel_mut(&channel_id)?.bookmarks.push(bookmark);
            Ok(id)
        })
    }

    /// Somebody takes a link off the top of a channel.
    pub fn remove_bookmark(&self, channel: &str, bookmark_id: &str) -> Result<(), ApiError> {
        self.change(|state, _| {
            let channel_id = state.channel_id(channel)?;
            state.channel_mut(&channel_id)?.bookmarks.retain(|bookmark| bookmark["id"] != *bookmark_id);
            Ok(())
        })
    }

    /// A person sets who may write in a channel and who may answer in its threads, each as Slack shows it in `properties`
    /// (`{"type": ["admin"], "user": ["U…"]}`), or null for everybody.
    pub fn restrict(
        &self,
        user: &str,
        channel: &str,
        posting: &Value,
        threading: &Value,
    ) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.restrict(channel_id, user_id, posting.clone(), threading.clone(), out)
        })
    }

    /// The workspace gets another name; apps get `team_rename`.
    pub fn rename_team(&self, name: &str) {
        self.change(|state, out| {
            name.clone_into(&mut state.team.name);
            let event_ts = write_ts(state.clock.tick());
            let event = json!({
                "type": "team_rename", "name": name, "team_id": state.team.id, "event_ts": event_ts,
            });
            out.tell_team(event);
        });
    }

    /// A person makes a public channel private, or a private one public; the channel says so
    /// (`channel_convert_to_private`).
    pub fn convert(&self, user: &str, channel: &str, private: bool) -> Result<(), ApiError> {
        self.manage(user, channel, |state, user_id, channel_id, out| {
            state.convert(channel_id, user_id, private, out)
        })
    }

    /// A channel gets another id; apps get `channel_id_changed`.
    pub fn change_channel_id(&self, channel: &str, new_id: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            state.change_channel_id(&channel_id, new_id, out)
        })
    }

    /// A channel is shared with another team through Slack Connect, or with none any more; apps get
    /// `channel_shared` or `channel_unshared`.
    pub fn share_channel(&self, channel: &str, team_id: Option<&str>) -> Result<(), ApiError> {
        self.change(|state, out| {
            let channel_id = state.channel_id(channel)?;
            state.share_channel(&channel_id, team_id, out)
        })
    }

    /// Sets which events an app subscribes to beside those it has, such as `file_shared`.
    pub fn subscribe(&self, app_id: &str, events: &[&str]) -> Result<(), ApiError> {
        self.change(|state, _| {
            let app = state.apps.get_mut(app_id).ok_or("invalid_app_id")?;
            let subscriptions = std::sync::Arc::make_mut(&mut app.subscriptions);
            subscriptions.extend(events.iter().map(|&event| event.to_owned()));
            Ok(())
        })
    }
}
