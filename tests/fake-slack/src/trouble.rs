//! Making things go wrong: failing calls, cut or silent sockets, doubled events, lost rights, outages.
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::faults::Fault;
use crate::files::DownloadFault;
use crate::socket::DisconnectReason;
use crate::state::Stage;
use crate::workspace::{AppInfo, Workspace};

impl Workspace {
    /// The next `times` calls of a method go wrong; `*` stands for every method.
    pub fn fail_next(&self, method: &str, fault: Fault, times: u32) {
        self.faults().add(method, fault, times);
    }

    /// The next `times` calls of a method get HTTP 429 with `Retry-After` in seconds.
    pub fn rate_limit_next(&self, method: &str, retry_after: u64, times: u32) {
        self.fail_next(method, Fault::RateLimited(retry_after), times);
    }

    /// Forgets the faults that are still waiting.
    pub fn clear_faults(&self) {
        self.faults().clear();
        self.download_faults.clear();
        self.thumbnail_faults.clear();
    }

    /// The next `times` downloads of files (with or without a good token) go like this.
    pub fn spoil_downloads(&self, fault: DownloadFault, times: u32) {
        self.download_faults.add(fault, times);
    }

    /// The same for the small pictures that Slack makes of files.
    pub fn spoil_thumbnails(&self, fault: DownloadFault, times: u32) {
        self.thumbnail_faults.add(fault, times);
    }

    /// From now on files that apps complete are not shown in their channels, as while Slack still looks into them; until
    /// [`Workspace::release_shares`].
    pub fn hold_shares(&self) {
        self.change(|state, _| state.held_shares = Some(Vec::new()));
    }

    /// Shows the files that were held back, and holds no more.
    pub fn release_shares(&self) {
        self.change(|state, out| {
            for mut held in state.held_shares.take().unwrap_or_default() {
                let is_there = |id: &String| state.file(id).is_ok_and(|file| file.stage != Stage::Deleted);
                held.file_ids.retain(is_there);
                if !held.file_ids.is_empty() {
                    // The channel may be gone by now, too.
                    let _ = state.share_files(&held.channel_id, &held.file_ids, held.body, out);
                }
            }
        });
    }

    /// The next `looks` at a file with `files.completeUploadExternal` or `files.info` find no shares yet, as
    /// happens while Slack is still at it.
    pub fn delay_shares(&self, looks: u32) {
        self.change(|state, _| state.slow_shares = looks);
    }

    /// Tells all sockets to disconnect, and closes them after the grace the options say.
    /// [`DisconnectReason::LinkDisabled`] also switches Socket Mode off, until [`Workspace::set_socket_mode`].
    pub fn disconnect(&self, reason: DisconnectReason) {
        if reason == DisconnectReason::LinkDisabled {
            self.set_socket_mode(false);
        }
        self.sockets.disconnect(reason, None);
    }

    /// Tells one socket to disconnect.
    pub fn disconnect_socket(&self, socket_id: u64, reason: DisconnectReason) {
        self.sockets.disconnect(reason, Some(socket_id));
    }

    /// Switches Socket Mode on or off for all apps. While it is off no socket can be opened.
    pub fn set_socket_mode(&self, enabled: bool) {
        self.change(|state, _| state.apps.values_mut().for_each(|app| app.socket_mode_enabled = enabled));
    }

    /// From now on everything happens so long ago, as far as timestamps tell. Each call has to make it less.
    pub fn set_clock_behind(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.change(|state, _| state.clock.set_behind(micros));
    }

    /// Cuts all sockets without a close frame.
    pub fn drop_sockets(&self) {
        self.sockets.drop_all();
    }

    /// Stops all frames on all sockets, pings and pongs too, while the connections stay; `false` resumes.
    pub fn silence(&self, silent: bool) {
        self.sockets.silence(silent);
    }

    /// The next `times` sockets are opened but get neither hello nor events.
    pub fn withhold_hello(&self, times: u32) {
        self.sockets.withhold_hello(times);
    }

    /// The next `times` sockets are refused with HTTP 403.
    pub fn refuse_sockets(&self, times: u32) {
        self.sockets.refuse(times);
    }

    /// The next `events` events are delivered twice, on two sockets where two are open.
    pub fn duplicate_next(&self, events: u32) {
        self.sockets.duplicate(events);
    }

    /// Holds new events back until [`Workspace::release_events`].
    pub fn hold_events(&self) {
        self.sockets.hold();
    }

    /// Sends the events held back, the last first if `reversed`.
    pub fn release_events(&self, reversed: bool) {
        self.sockets.release(reversed);
    }

    /// Events held back never come, as Slack loses some of an app that is away for long.
    pub fn forget_held_events(&self) {
        self.sockets.forget_held();
    }

    /// Sends a frame as it is on one of the default app's sockets; a JSON string goes as its text.
    /// `false` when no socket is open.
    pub fn send_envelope(&self, raw: &Value) -> bool {
        self.sockets.send_raw(&self.app().app_id, raw)
    }

    /// Takes the whole server down (connections cut, new ones refused), or up again on the same port with the
    /// same state. Returns when it is so.
    pub async fn set_down(&self, down: bool) {
        self.power.send_replace(!down);
        let mut is_up = self.is_up.subscribe();
        // The sender is a field of ours, so the wait cannot fail.
        let _ = is_up.wait_for(|up| *up != down).await;
        if down {
            // Cut sockets still have to notice; an event sent now must find none.
            self.wait_until(Duration::from_secs(5), |slack| slack.sockets().is_empty().then_some(())).await;
        }
    }

    /// Installs one more app with the shipped manifest's scopes and subscriptions; its bot is in no channel yet.
    pub fn install_app(&self, name: &str) -> AppInfo {
        let app_id = self.change(|state, _| state.install_next_app(name));
        let number = self.apps().into_iter().position(|app| app.app_id == app_id);
        self.apps().swap_remove(number.unwrap_or_default())
    }

    /// Replaces the scopes of a token.
    pub fn set_scopes(&self, token: &str, scopes: &[&str]) -> Result<(), ApiError> {
        let scopes: BTreeSet<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.change(|state, _| {
            state.grants.get_mut(token).ok_or("invalid_auth")?.scopes = Arc::new(scopes);
            Ok(())
        })
    }

    /// Adds one scope to a token, for example `users:read.email`.
    pub fn add_scope(&self, token: &str, scope: &str) -> Result<(), ApiError> {
        self.change(|state, _| {
            let grant = state.grants.get_mut(token).ok_or("invalid_auth")?;
            Arc::make_mut(&mut grant.scopes).insert(scope.to_owned());
            Ok(())
        })
    }

    /// Takes one scope of a token away.
    pub fn remove_scope(&self, token: &str, scope: &str) -> Result<(), ApiError> {
        self.change(|state, _| {
            let grant = state.grants.get_mut(token).ok_or("invalid_auth")?;
            Arc::make_mut(&mut grant.scopes).remove(scope);
            Ok(())
        })
    }

    /// Revokes a token and sends `tokens_revoked`; calls with it answer `token_revoked`.
    pub fn revoke_token(&self, token: &str) -> Result<(), ApiError> {
        self.change(|state, out| {
            let grant = state.grants.get_mut(token).ok_or("invalid_auth")?;
            grant.revoked = true;
            let (app_id, user_id) = (grant.app_id.clone(), grant.user_id.clone());
            let event = json!({ "type": "tokens_revoked", "tokens": { "oauth": [], "bot": [user_id] } });
            out.tell_app(&app_id, event);
            Ok(())
        })
    }

    /// Takes the default app off the workspace: it gets `app_uninstalled`, its tokens answer `account_inactive`.
    pub fn uninstall(&self) {
        let app_id = self.app().app_id;
        self.change(|_, out| out.tell_app(&app_id, json!({ "type": "app_uninstalled" })));
        self.change(|state, _| {
            if let Some(app) = state.apps.get_mut(&app_id) {
                app.installed = false;
            }
        });
    }
}
