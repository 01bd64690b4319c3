//! Slash commands: who typed what, and what the app answered.
use serde::Serialize;
use serde_json::{Value, json};

use super::{Kind, State, bot_message};
use crate::clock::{now_seconds, write_ts};
use crate::error::ApiError;
use crate::event::Outbox;
use crate::text;

/// How often a command may be answered at its address.
const MOST_ANSWERS: usize = 5;
/// Seconds after which the address is no good any more.
const LIFETIME: u64 = 30 * 60;

/// One answer to a slash command.
#[derive(Debug, Clone, Serialize)]
pub struct SlashAnswer {
    /// `acknowledgement` or `response_url`.
    pub via: &'static str,
    /// Whether everybody in the channel saw it, not only the one who asked.
    pub in_channel: bool,
    /// Its text in wire form.
    pub text: String,
    /// All the app sent.
    pub body: Value,
    /// The message it became: in the channel, or one that only the asker sees.
    pub ts: String,
}

/// A command somebody typed.
#[derive(Debug, Clone)]
pub(crate) struct SlashCommand {
    /// The event's id too.
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) user_id: String,
    pub(crate) channel_id: String,
    pub(crate) typed_at: u64,
    pub(crate) answers: Vec<SlashAnswer>,
}

impl State {
    /// A person types a slash command. Answers the app it is for and the envelope's payload; `id` names it.
    pub(crate) fn slash(
        &mut self,
        id: &str,
        user_id: &str,
        channel_id: &str,
        command: &str,
        text: &str,
    ) -> Result<(String, Value), ApiError> {
        let user = self.user(user_id)?.clone();
        let channel = self.channel(channel_id)?;
        if !channel.visible_to(user_id) {
            return Err("channel_not_found".into());
        }
        let app = self.apps.values().find(|app| app.installed && app.commands.contains(command));
        let app = app.ok_or("unknown_command")?;
        let shown = match channel.kind {
            Kind::Public => channel.name.as_str(),
            Kind::Im => "directmessage",
            Kind::Private | Kind::Mpim => "privategroup",
        };
        let payload = json!({
            "token": app.verification_token, "team_id": self.team.id, "team_domain": self.team.domain,
            "channel_id": channel_id, "channel_name": shown, "user_id": user_id, "user_name": user.name,
            "command": command, "text": text, "api_app_id": app.id, "is_enterprise_install": "false",
            "response_url": format!("{}/commands/{}/{id}", self.base_url, self.team.id),
            "trigger_id": format!("{id}.{}", app.verification_token),
        });
        let app_id = app.id.clone();
        self.slash_commands.push(SlashCommand {
            id: id.to_owned(),
            app_id: app_id.clone(),
            user_id: user_id.to_owned(),
            channel_id: channel_id.to_owned(),
            typed_at: now_seconds(),
            answers: Vec::new(),
        });
        Ok((app_id, payload))
    }

    /// Takes an app's answer to a command.
    pub(crate) fn answer_slash(
        &mut self,
        id: &str,
        via: &'static str,
        body: &Value,
        out: &mut Outbox,
    ) -> Result<(), ApiError> {
        let place = self.slash_commands.iter().position(|found| found.id == id).ok_or("expired_url")?;
        let command = self.slash_commands[place].clone();
        let used = command.answers.iter().filter(|answer| answer.via == "response_url").count();
        if via == "response_url" && now_seconds().saturating_sub(command.typed_at) > LIFETIME {
            return Err("expired_url".into());
        }
        if via == "response_url" && used >= MOST_ANSWERS {
            return Err("used_url".into());
        }
        let wire = text::settled(body["text"].as_str().unwrap_or_default());
        let blocks = body["blocks"].as_array().filter(|blocks| !blocks.is_empty());
        if wire.trim().is_empty() && blocks.is_none() && body["attachments"].is_null() {
            // An empty acknowledgement is no answer; an empty post is a mistake.
            return if via == "response_url" { Err("no_text".into()) } else { Ok(()) };
        }
        let in_channel = body["response_type"] == "in_channel";
        let ts = if in_channel {
            let app = self.apps.get(&command.app_id).cloned().ok_or("account_inactive")?;
            let message = bot_message(self, &app, &wire, blocks.cloned().map(Value::Array));
            self.post(&command.channel_id, message, out)?
        } else {
            let ts = write_ts(self.clock.tick());
            let bot = self.apps.get(&command.app_id).map(|app| app.bot_user_id.clone());
            self.ephemeral.push(json!({
                "channel": command.channel_id, "to": command.user_id, "user": bot, "text": wire, "blocks": blocks,
                "ts": ts,
            }));
            ts
        };
        let answer = SlashAnswer { via, in_channel, text: wire, body: body.clone(), ts };
        self.slash_commands[place].answers.push(answer);
        Ok(())
    }
}
