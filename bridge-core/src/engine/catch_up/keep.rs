//! Keeps what was missed and cannot be shown: as a job of its own, which then becomes a dead letter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::compare::{Step, Take};
use super::gap::Look;
use crate::engine::Bridge;
use crate::engine::supervisor::Live;
use crate::error::JobError;
use crate::event::Scope;
use crate::id::{ChatKey, DedupKey, LoginId};
use crate::metrics;
use crate::network::{Network, Stretch, Unreadable};
use crate::queue::{Lane, NewJob, Source};

/// Begins the payload of a job that holds a step. The bridge writes it to itself; no network sees it.
const MARK: &str = "missed:";
/// Begins the name of the memo of what is being shown in a chat.
const SHOWING: &str = "showing in ";
/// Begins the name of the memo of how far a chat was read.
const READ: &str = "read in ";

/// The step, if that is what a job holds.
pub(in crate::engine) fn step_of(payload: &str) -> Option<Step> {
    serde_json::from_str(payload.strip_prefix(MARK)?).ok()
}

impl<N: Network> Bridge<N> {
    /// Keeps a step that cannot be taken. It is tried once more behind all that waits in the chat's lane.
    pub(super) async fn keep_step(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        step: &Step,
    ) -> Result<(), JobError> {
        metrics::passed_over("something missed that cannot be shown");
        let payload = serde_json::to_string(step).map_err(|error| JobError::Park(error.to_string()))?;
        let id = step.message_id().map_or("", |id| id.as_str());
        let what = match step.take {
            Take::Message(_) => "message".to_owned(),
            Take::Edit(at) => format!("edit/{at}"),
            Take::Reactions(since) => format!("reactions/{since}"),
            Take::Other => format!("other/{}/{}", step.event.at, step.event.dedup),
        };
        let dedup = DedupKey::new(format!("missed/{id}/{what}"));
        self.keep_job(live, chat, dedup, format!("{MARK}{payload}")).await
    }

    /// Keeps what the network tells in a form that cannot be read, unless it was said before the gap.
    pub(super) async fn keep_unreadable(
        &self,
        live: &Live<N::Session>,
        stretch: &Stretch<'_>,
        unreadable: Vec<Unreadable>,
    ) -> Result<(), JobError> {
        for Unreadable { payload, at } in unreadable {
            if at.is_none_or(|at| at >= stretch.since) {
                metrics::passed_over("something missed that cannot be read");
                let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(payload.as_bytes()));
                self.keep_job(live, stretch.chat, DedupKey::new(format!("unread/{hash}")), payload).await?;
            }
        }
        Ok(())
    }

    /// Notes what is about to be shown: should the process die between an event and its pair, nothing else would tell of the
    /// event, and the message may be taken back before the next process looks.
    pub(super) async fn note_showing(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        steps: &[Step],
    ) -> Result<(), JobError> {
        let new: Vec<&Step> = steps.iter().filter(|step| matches!(step.take, Take::Message(_))).collect();
        let showing = serde_json::to_string(&new).map_err(|error| JobError::Park(error.to_string()))?;
        let showing = Some(showing.as_str()).filter(|_| !new.is_empty());
        Ok(self.store.put_memo(&live.row.login_id, &format!("{SHOWING}{chat}"), showing).await?)
    }

    /// What an earlier process was about to show.
    pub(super) async fn half_shown(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Vec<Step>, JobError> {
        let memo = self.store.memo(&live.row.login_id, &format!("{SHOWING}{chat}")).await?;
        Ok(memo.and_then(|steps| serde_json::from_str(&steps).ok()).unwrap_or_default())
    }

    /// Notes how far a chat was read. A process that is killed before all chats are through begins there, and not where the
    /// gap does: else one that is killed time and again would read ever more, and get nowhere.
    pub(super) async fn note_look(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        look: Look,
    ) -> Result<(), JobError> {
        let noted = serde_json::to_string(&look).map_err(|error| JobError::Park(error.to_string()))?;
        self.store.put_memo(&live.row.login_id, &format!("{READ}{chat}"), Some(&noted)).await?;
        live.gap.looked(chat, look);
        Ok(())
    }

    /// Notes for each chat until when it was shown, for a gap that begins at this moment.
    pub(in crate::engine) async fn note_shown_until(
        &self,
        login: &LoginId,
        whole_until: i64,
        chats: &[(ChatKey, i64)],
    ) -> Result<(), JobError> {
        let mut memos = Vec::with_capacity(chats.len());
        for (chat, at) in chats {
            let look = Look { at: *at, newest: *at, of: Some(whole_until) };
            let noted = serde_json::to_string(&look).map_err(|error| JobError::Park(error.to_string()))?;
            memos.push((format!("{READ}{chat}"), noted));
        }
        let memos: Vec<_> = memos.iter().map(|(name, noted)| (name.as_str(), Some(noted.as_str()))).collect();
        Ok(self.store.put_memos(login, &memos).await?)
    }

    /// Until when an earlier process had read a chat in this gap, or it was shown before the database was lost.
    pub(super) async fn read_earlier(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
    ) -> Result<Option<i64>, JobError> {
        if let Some(known) = live.gap.earlier(chat) {
            return Ok(Some(known).filter(|at| *at > i64::MIN));
        }
        let name = format!("{READ}{chat}");
        let noted = self.store.memo(&live.row.login_id, &name).await?;
        let mut look: Option<Look> = noted.and_then(|look| serde_json::from_str(&look).ok());
        if look.is_some_and(|look| look.at > self.store.clock().now_ms()) {
            // By a clock that was ahead. Once that moment comes, all that is said until then would count as read.
            self.store.put_memo(&live.row.login_id, &name, None).await?;
            look = None;
        }
        // Of an earlier gap it says nothing about this one, nor that of a login that was ended and made again.
        let look = look.filter(|look| look.of == Some(live.gap.whole_until()));
        live.gap.recall(chat, look);
        Ok(look.map(|look| look.at))
    }

    async fn keep_job(
        &self,
        live: &Live<N::Session>,
        chat: &ChatKey,
        dedup: DedupKey,
        payload: String,
    ) -> Result<(), JobError> {
        let job = NewJob {
            lane: Lane::of_scope(&Scope::Chat(chat.clone())),
            source: Source::Remote,
            login_id: Some(live.row.login_id.clone()),
            dedup,
            payload,
        };
        let accepted = self.inbox.deliver_all(vec![job]).await;
        accepted.map(drop).map_err(|error| JobError::Retry(error.to_string()))
    }
}
