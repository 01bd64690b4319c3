//! What Slack's error codes mean, in sentences for people.

use bridge_core::error::NetworkError;

/// What Slack's error codes mean for people.
pub(super) fn of_code(method: &str, code: &str, needed: Option<&str>) -> NetworkError {
    if let Some(why) = refused_credentials(code) {
        return NetworkError::BadCredentials(why.to_owned());
    }
    let sentence = match code {
        "missing_scope" => {
            return NetworkError::Rejected(missing_scope(needed.unwrap_or("of an unknown name")));
        }
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "accesslimited" => {
            return NetworkError::Transient(format!("Slack could not do {method} at this moment ({code})."));
        }
        "not_in_channel" => {
            "The bridge's app is not in this Slack channel; somebody in it has to invite the app with /invite \
             @name."
        }
        "channel_not_found" => {
            "Slack knows no such channel, or it is private and the bridge's app is not in it; somebody in it has \
             to invite the app with /invite @name."
        }
        "is_archived" => "The Slack channel is archived; nothing can be changed in it until it is restored.",
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked" => {
            "A setting of the Slack workspace or channel forbids this; an admin of the workspace can change it."
        }
        "ekm_access_denied" => {
            "The Slack workspace's admins have locked this channel with their key management."
        }
        "user_not_found" | "users_not_found" | "bot_not_found" => "Slack knows no such person.",
        "team_access_not_granted" => {
            "The Slack app was not given access to this workspace by its organisation."
        }
        other => match of_message_code(other).or_else(|| of_file_code(other)).or_else(|| of_chat_code(other))
        {
            Some(sentence) => sentence,
            None => return NetworkError::Rejected(format!("Slack refused this ({method}: {code}).")),
        },
    };
    NetworkError::Rejected(sentence.to_owned())
}

/// What is wrong with a message or a reaction.
fn of_message_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "restricted_action_thread_only_channel" => {
            "Only some people may begin messages in this Slack channel, and the bridge's app is not one of them. Answer in \
             a thread instead."
        }
        "msg_too_long" => "The message is too long for Slack; send it in several pieces.",
        "msg_blocks_too_long" | "invalid_blocks" | "invalid_blocks_format" => {
            "Slack does not accept the message's formatting; send it in several pieces or as plain text."
        }
        "no_text" => "Slack does not accept an empty message.",
        "metadata_too_large" => {
            "Slack does not accept the message, because what is attached to it is too long."
        }
        "message_not_found" | "thread_not_found" => "The message is no longer there on Slack.",
        "cant_update_message" | "cant_delete_message" => {
            "Slack lets the bridge change only messages that the bridge itself sent."
        }
        "edit_window_closed" => {
            "The Slack workspace does not allow messages to be edited any more after so long."
        }
        "block_mismatch" => "Slack does not let this message be edited in this way; send a new one.",
        "invalid_name" => "Slack has no such emoji in this workspace.",
        "too_many_emoji" => "The message has as many different reactions as Slack allows.",
        "too_many_reactions" => "The app has reacted to this message as often as Slack allows.",
        "thread_locked" => "The thread is locked on Slack; nothing can be added to it.",
        "not_reactable" => "Slack allows no reactions to this message.",
        _ => return None,
    })
}

/// What is wrong with a file.
fn of_file_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "file_not_found" | "file_deleted" => "Slack does not have the file any more.",
        "access_denied" | "file_access_denied" => "Slack does not show this file to the bridge's app.",
        "invalid_channel" | "posting_to_channel_denied" => {
            "The bridge's app may not write in this Slack channel; somebody in it has to invite the app with /invite @name."
        }
        "storage_limit_reached" => {
            "The Slack workspace has no room left for files; an admin of it can delete some or change its plan."
        }
        "file_uploads_disabled" | "file_uploads_except_images_disabled" => {
            "The Slack workspace does not allow this kind of file; an admin of it can change that."
        }
        "file_type_not_allowed" | "blocked_file_type" | "malware_detected" => {
            "Slack does not take this kind of file."
        }
        "file_upload_size_restricted" | "file_too_large" => "The file is too large for this Slack workspace.",
        _ => return None,
    })
}

/// What is wrong with a change of a channel, or of who is in it.
fn of_chat_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "name_taken" => "Another Slack channel has this name already.",
        "invalid_name_maxlength" => "The name is too long for a Slack channel; 80 characters are the most.",
        "invalid_name_required" | "invalid_name_punctuation" | "invalid_name_specials" => {
            "Slack does not accept this as the name of a channel; small letters, digits, - and _ are allowed."
        }
        "not_authorized" | "user_is_restricted" | "user_is_ultra_restricted" => {
            "Slack does not let the bridge's app do this; somebody with the right to has to do it on Slack."
        }
        "too_long" => "The text is too long for Slack; a topic has 250 characters at most.",
        "method_not_supported_for_channel_type" => "Slack does not allow this in this kind of chat.",
        "cant_invite_self" | "cant_kick_self" => "The bridge's app cannot do this to itself.",
        "cant_invite" => "Slack does not let this person be invited into the channel.",
        "cant_kick_from_general" => "Nobody can be removed from the Slack workspace's general channel.",
        "ura_max_channels" | "user_team_not_in_channel" => {
            "Slack does not let this person into the channel: they are a guest, or from another workspace."
        }
        "not_pinnable" => "Slack does not let this message be pinned.",
        "permission_denied" => "Slack does not let the bridge's app pin anything in this channel.",
        "cannot_dm_bot" => "Slack does not let an app write to another app.",
        "user_disabled" => "This person's account on Slack is switched off.",
        "user_not_visible" => "Slack does not show this person to the bridge's app.",
        "too_many_users" => "A Slack group has 8 people besides the app at most.",
        _ => return None,
    })
}

/// Why a token does not work any more, if that is what the code says.
pub(crate) fn refused_credentials(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_auth" | "not_authed" => {
            "Slack does not know the app's token; log in again with the token that the app's page shows now."
        }
        "account_inactive" => {
            "The Slack app was removed from the workspace; install it again under OAuth & Permissions, then log \
             in again with the new token."
        }
        "token_revoked" | "token_expired" => {
            "The Slack app's token was revoked; install the app again under OAuth & Permissions, then log in \
             again with the new token."
        }
        "not_allowed_token_type" => {
            "Slack does not accept this kind of token here; log in again, with the Bot User OAuth Token (xoxb-) \
             first and the app-level token (xapp-) second."
        }
        _ => return None,
    })
}

/// Names what the app must be granted, and where.
pub(crate) fn missing_scope(scopes: &str) -> String {
    format!(
        "The Slack app lacks the scope {scopes}. Add it on the app's page under OAuth & Permissions → Scopes → \
         Bot Token Scopes, then choose Reinstall."
    )
}
