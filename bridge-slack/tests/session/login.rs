//! What a login proves, and what it says when it cannot.

use bridge_core::network::Network;
use bridge_core::secret::Secret;
use bridge_slack::Slack;
use fake_slack::{FakeSlack, Fault, Options};

use super::world::{log_in, network};

fn workspace() -> FakeSlack {
    FakeSlack::start(Options::default()).unwrap()
}

async fn refusal(slack: &FakeSlack, bot_token: &str, app_token: &str) -> String {
    let sentence = log_in(slack, bot_token, app_token).await.unwrap_err().to_string();
    assert!(!sentence.contains("xoxb-1") && !sentence.contains("xapp-1"), "a token shows: {sentence}");
    sentence
}

#[tokio::test]
async fn two_right_tokens_log_in() {
    let slack = workspace();
    let app = slack.app();
    let login = log_in(&slack, &format!(" {}\n", app.bot_token), &app.app_token).await.unwrap();
    assert_eq!(login.login_id.as_str(), slack.team_id().to_lowercase());
    assert_eq!(login.name, "Fake Workspace (app Matrix Bridge)");
    let expected = format!("{}-{}", slack.team_id(), app.bot_user_id).to_lowercase();
    assert_eq!(login.own_user_id.as_str(), expected);
    assert_eq!(login.credentials.app_id, app.app_id);
    assert_eq!(login.credentials.bot_token.expose(), app.bot_token);
    let sealed = serde_json::to_string(&login.credentials).unwrap();
    let opened: bridge_slack::login::Credentials = serde_json::from_str(&sealed).unwrap();
    assert_eq!(opened.app_token.expose(), app.app_token);
    assert!(!format!("{opened:?}").contains(&app.app_token));
}

#[tokio::test]
async fn swapped_tokens_are_named_before_slack_is_asked() {
    let slack = workspace();
    let app = slack.app();
    let sentence = refusal(&slack, &app.app_token, &app.bot_token).await;
    assert!(sentence.contains("app-level token") && sentence.contains("xoxb-"), "{sentence}");
    assert!(slack.calls().is_empty());
    let network = network(&slack);
    assert!(network.check_answer("app", "bot_token", &Secret::new(&*app.app_token)).is_err());
    assert!(network.check_answer("app", "bot_token", &Secret::new(&*app.bot_token)).is_ok());
    assert!(network.check_answer("app", "app_token", &Secret::new(&*app.app_token)).is_ok());
}

#[tokio::test]
async fn every_missing_scope_is_named() {
    let slack = workspace();
    let app = slack.app();
    slack.set_scopes(&app.bot_token, &["chat:write", "users:read"]).unwrap();
    let sentence = refusal(&slack, &app.bot_token, &app.app_token).await;
    for scope in ["channels:history", "groups:read", "chat:write.customize"] {
        assert!(sentence.contains(scope), "{scope} is not in: {sentence}");
    }
    assert!(sentence.contains("Reinstall") && !sentence.contains("users:read,"), "{sentence}");
    assert!(!sentence.contains("files:read"), "what text does not need is not demanded: {sentence}");
}

#[tokio::test]
async fn a_login_without_a_features_scopes_goes_on_and_is_told() {
    let slack = workspace();
    let app = slack.app();
    assert_eq!(log_in(&slack, &app.bot_token, &app.app_token).await.unwrap().note, None);
    let text = "channels:read channels:history groups:read groups:history im:read im:history mpim:read \
                mpim:history chat:write chat:write.customize users:read";
    let scopes: Vec<&str> = text.split_whitespace().collect();
    slack.set_scopes(&app.bot_token, &scopes).unwrap();
    let note = log_in(&slack, &app.bot_token, &app.app_token).await.unwrap().note.unwrap();
    for part in ["files (files:read, files:write)", "reactions (", "pins (", "Reinstall"] {
        assert!(note.contains(part), "{part} is not in: {note}");
    }
}

#[tokio::test]
async fn unknown_and_revoked_tokens_are_refused_with_their_place() {
    let slack = workspace();
    let app = slack.app();
    let unknown = format!("xox{}-1-unknown", 'b');
    assert!(refusal(&slack, &unknown, &app.app_token).await.contains("does not know the bot token"));
    let unknown = format!("xap{}-1-unknown", 'p');
    assert!(refusal(&slack, &app.bot_token, &unknown).await.contains("App-Level Tokens"));
    slack.revoke_token(&app.bot_token).unwrap();
    assert!(refusal(&slack, &app.bot_token, &app.app_token).await.contains("revoked"));
}

#[tokio::test]
async fn socket_mode_off_and_its_missing_scope_are_told_apart() {
    let slack = workspace();
    let app = slack.app();
    slack.set_scopes(&app.app_token, &["authorizations:read"]).unwrap();
    assert!(refusal(&slack, &app.bot_token, &app.app_token).await.contains("connections:write"));
    slack.add_scope(&app.app_token, "connections:write").unwrap();
    slack.set_socket_mode(false);
    assert!(refusal(&slack, &app.bot_token, &app.app_token).await.contains("Settings → Socket Mode"));
    slack.set_socket_mode(true);
    assert!(log_in(&slack, &app.bot_token, &app.app_token).await.is_ok());
}

#[tokio::test]
async fn slack_being_down_is_not_blamed_on_the_tokens() {
    let slack = workspace();
    let app = slack.app();
    slack.fail_next("auth.test", Fault::Status(502), 1);
    let sentence = refusal(&slack, &app.bot_token, &app.app_token).await;
    assert!(sentence.contains("Try again"), "{sentence}");
}

#[tokio::test]
async fn the_form_explains_itself() {
    let flow = <Slack as Network>::login_flows().remove(0);
    let preface = flow.preface.unwrap();
    assert!(preface.contains("socket_mode_enabled: true") && preface.contains("connections:write"));
    let fields: Vec<_> = flow.fields.iter().map(|field| (field.id, field.secret)).collect();
    assert_eq!(fields, [("bot_token", true), ("app_token", true)]);
}
