//! From when a chat is read: what is noted of the chat counts for the gap that it was noted in, and for no other.

use super::*;
use crate::engine::rebuild::LastSaid;

const HOUR: i64 = 60 * 60 * 1_000;

impl Scene {
    fn now(&self) -> i64 {
        self.stage.bridge.store.clock().now_ms()
    }

    /// Begins as a process does that is started now, and catches up on the chat.
    async fn begin(&self) {
        self.live.gap.close(self.live.gap.epoch());
        self.stage.bridge.begin_gap(&self.live).await.unwrap();
        self.stage.bridge.catch_up(&self.live, &Stage::chat(), None).await.unwrap();
    }

    async fn note_read(&self, at: i64, of: i64) {
        let login = &self.live.row.login_id;
        self.stage.bridge.note_shown_until(login, of, &[(Stage::chat(), at)]).await.unwrap();
    }

    async fn whole_until(&self, at: i64) {
        self.stage.bridge.store.put_whole_until(&self.live.row.login_id, at).await.unwrap();
    }
}

#[tokio::test]
async fn each_chat_is_read_since_what_was_shown_there() {
    let scene = Scene::new(Said::default()).await;
    let now = scene.now();
    scene.change(|past| {
        past.in_chat = vec![said("before", now - 4 * HOUR), said("lagged", now - 2 * HOUR), said("new", now)];
    });
    // Elsewhere something was shown later, and the program was started on the empty database.
    let mut last_said = LastSaid::default();
    let (login, elsewhere) = (&scene.live.row.login_id, ChatKey::shared("elsewhere".into()));
    last_said.note(login, &Stage::chat(), Some(now - 3 * HOUR), None);
    last_said.note(login, &elsewhere, Some(now - HOUR), None);
    scene.stage.bridge.note_last_said(last_said, true).await.unwrap();
    assert_eq!(scene.stage.bridge.store.whole_until(login).await.unwrap(), Some(now - HOUR));
    scene.begin().await;
    assert_eq!(scene.shown().await, ["lagged", "new"]);
    // Later runs know better.
    scene.whole_until(now).await;
    let mut again = LastSaid::default();
    again.note(login, &Stage::chat(), None, Some(now - 9 * HOUR));
    scene.stage.bridge.note_last_said(again, true).await.unwrap();
    assert_eq!(scene.stage.bridge.store.whole_until(login).await.unwrap(), Some(now));
}

#[tokio::test]
async fn where_a_room_failed_it_is_noted_once_more() {
    let scene = Scene::new(Said::default()).await;
    let (login, now) = (&scene.live.row.login_id, scene.now());
    for (at, is_all) in [(now - HOUR, false), (now - 2 * HOUR, true)] {
        let mut last_said = LastSaid::default();
        last_said.note(login, &Stage::chat(), None, Some(at));
        scene.stage.bridge.note_last_said(last_said, is_all).await.unwrap();
        assert_eq!(scene.stage.bridge.store.whole_until(login).await.unwrap(), Some(at));
    }
}

#[tokio::test]
async fn how_far_a_chat_was_read_says_nothing_of_another_gap() {
    let scene = Scene::new(Said::default()).await;
    let now = scene.now();
    scene.change(|past| past.in_chat = vec![said("missed", now - HOUR), said("new", now)]);
    scene.whole_until(now - 2 * HOUR).await;
    // Of this gap: what is before it was shown by the process that noted it.
    scene.note_read(now - HOUR / 2, now - 2 * HOUR).await;
    scene.begin().await;
    assert_eq!(scene.shown().await, ["new"]);
    // Of an earlier one, or of a login that was ended and made again.
    scene.note_read(now - HOUR / 2, now - 3 * HOUR).await;
    scene.begin().await;
    assert_eq!(scene.shown().await, ["new", "missed"]);
}

#[tokio::test]
async fn a_clock_that_was_ahead_hides_nothing() {
    let scene = Scene::new(Said::default()).await;
    let now = scene.now();
    scene.change(|past| past.in_chat = vec![said("missed", now - HOUR)]);
    scene.whole_until(now - 2 * HOUR).await;
    scene.note_read(now + HOUR, now - 2 * HOUR).await;
    scene.begin().await;
    assert_eq!(scene.shown().await, ["missed"]);
    // It does not come true later: it was noted anew.
    scene.change(|past| past.in_chat.push(said("missed, too", now - HOUR / 2)));
    scene.whole_until(now + HOUR).await;
    scene.begin().await;
    assert_eq!(scene.shown().await, ["missed", "missed, too"], "since what was last shown");
}
