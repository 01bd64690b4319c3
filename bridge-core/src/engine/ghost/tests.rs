//! What a ghost's profile costs, and what it is made of where the network does not answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use ruma::api::client::profile::get_profile;
use testkit::{Fault, Kind};

use super::fields::STATUS;
use crate::content::Emoji;
use crate::engine::supervisor::Live;
use crate::engine::testing::{Paper, PaperSession, Stage, Told};
use crate::error::{JobError, NetworkError};
use crate::event::remote::ShownAs;
use crate::event::{ChatInfo, ChatKind, UserInfo, UserStatus};
use crate::id::RemoteUserId;
use crate::store::ghost::GhostRow;
use crate::store::portal::PortalRow;

/// The routes of the status, as globs.
const PUT_STATUS: &str = "PUT */profile/*/org.matrix.msc4426.status";
const DELETE_STATUS: &str = "DELETE */profile/*/org.matrix.msc4426.status";

struct Ghosts {
    stage: Stage,
    told: Told,
    live: Arc<Live<PaperSession>>,
}

impl Ghosts {
    async fn new() -> Self {
        let paper = Paper::silent();
        let told = Arc::clone(&paper.told);
        let stage = Stage::new(Kind::FakeSynapse, paper).await;
        let live = stage.bridge.start_login(stage.login()).unwrap();
        Self { stage, told, live }
    }

    fn tell(&self, info: Result<UserInfo, NetworkError>) {
        self.told.lock().unwrap().insert(ada(), info);
    }

    async fn name(&self, shown_as: Option<&ShownAs>) -> Result<String, JobError> {
        let ghost = self.stage.bridge.ghost(&self.live, &ada(), shown_as).await?;
        Ok(ghost.name().to_owned())
    }

    async fn refresh(&self) {
        self.stage.bridge.refresh_ghost(&self.live, &ada()).await.unwrap();
    }

    fn fail_next(&self, pattern: &str, fault: Fault) {
        self.stage.slot.homeserver.fake().unwrap().fail_next(pattern, fault, 1);
    }

    async fn row(&self) -> GhostRow {
        self.stage.bridge.store.ghost(&ada()).await.unwrap().unwrap()
    }

    async fn put(&self, change: impl FnOnce(&mut GhostRow)) {
        let mut row = self.row().await;
        change(&mut row);
        self.stage.bridge.store.put_ghost(&row).await.unwrap();
        self.stage.bridge.ghosts.clear();
    }

    /// How often something was written into a profile.
    fn writes(&self) -> usize {
        let calls = self.stage.slot.homeserver.fake().unwrap().call_log();
        calls.iter().filter(|call| call.path.contains("/profile/") && !call.route.starts_with("GET")).count()
    }

    async fn field(&self, name: &str) -> Option<serde_json::Value> {
        let user_id = self.stage.bridge.app.ghosts().user_id(&ada());
        let request = get_profile::v3::Request::new(user_id);
        let profile = self.stage.bridge.app.bot().call("profile", request).await.unwrap();
        profile.get(name).cloned()
    }
}

fn ada() -> RemoteUserId {
    RemoteUserId::new("ada")
}

fn at_work(text: &str) -> UserInfo {
    let emoji = Some(Emoji::Unicode("🔧".to_owned()));
    let status = Some(UserStatus { text: text.to_owned(), emoji, until: None });
    UserInfo { status, title: Some("Engineer".to_owned()), ..UserInfo::named("Ada") }
}

#[tokio::test]
async fn what_changes_nothing_that_is_seen_makes_no_call() {
    let ghosts = Ghosts::new().await;
    ghosts.tell(Ok(at_work("building")));
    assert_eq!(ghosts.name(None).await.unwrap(), "Ada");
    let at_first = ghosts.writes();
    assert_eq!(at_first, 3, "name, title, status");
    ghosts.refresh().await;
    ghosts.tell(Ok(UserInfo { handle: Some("ada9".to_owned()), ..at_work("building") }));
    ghosts.refresh().await;
    assert_eq!(ghosts.writes(), at_first);
    ghosts.tell(Ok(UserInfo { status: None, ..at_work("") }));
    ghosts.refresh().await;
    assert_eq!((ghosts.writes(), ghosts.field(STATUS).await), (at_first + 1, None));
}

#[tokio::test]
async fn another_template_names_anew_without_a_question() {
    let ghosts = Ghosts::new().await;
    ghosts.tell(Ok(at_work("building")));
    ghosts.name(None).await.unwrap();
    // As the ghost was left by a program with another template.
    let store = &ghosts.stage.bridge.store;
    let mut row = store.ghost(&ada()).await.unwrap().unwrap();
    row.name = Some("Ada (paper)".to_owned());
    store.put_ghost(&row).await.unwrap();
    ghosts.stage.bridge.ghosts.clear();
    ghosts.tell(Err(NetworkError::Transient("nobody asks".to_owned())));
    assert_eq!(ghosts.name(None).await.unwrap(), "Ada");
    assert_eq!(ghosts.field("displayname").await.unwrap(), "Ada");
}

#[tokio::test]
async fn who_cannot_be_asked_about_is_shown_as_the_message_says() {
    let ghosts = Ghosts::new().await;
    let failures = [
        NetworkError::Transient("it is down".to_owned()),
        NetworkError::RateLimited(std::time::Duration::from_secs(30)),
    ];
    for failure in failures {
        ghosts.tell(Err(failure.clone()));
        assert!(ghosts.name(None).await.unwrap_err().is_tried_again(), "{failure:?}");
    }
    let guess = ShownAs { name: Some("Ada?".to_owned()), is_guess: true, ..ShownAs::default() };
    assert_eq!(ghosts.name(Some(&guess)).await.unwrap(), "Ada?");
    ghosts.tell(Ok(at_work("building")));
    assert_eq!(
        ghosts.name(Some(&guess)).await.unwrap(),
        "Ada?",
        "it is asked again later, not with each message"
    );
    ghosts.refresh().await;
    assert_eq!(ghosts.name(Some(&guess)).await.unwrap(), "Ada", "the network's word goes before");
    ghosts.tell(Err(NetworkError::Rejected("never heard of".to_owned())));
    ghosts.refresh().await;
    assert_eq!(ghosts.name(None).await.unwrap(), "Ada", "what was known stays");
}

#[tokio::test]
async fn a_status_that_is_over_is_taken_away_and_another_is_not() {
    let ghosts = Ghosts::new().await;
    ghosts.tell(Ok(at_work("building")));
    ghosts.name(None).await.unwrap();
    let bridge = &ghosts.stage.bridge;
    bridge.end_statuses().await.unwrap();
    assert!(ghosts.field(STATUS).await.is_some(), "one without an end stays");
    let mut row = bridge.store.ghost(&ada()).await.unwrap().unwrap();
    row.status_until = Some(1);
    bridge.store.put_ghost(&row).await.unwrap();
    bridge.end_statuses().await.unwrap();
    assert_eq!(ghosts.field(STATUS).await, None);
    let row = bridge.store.ghost(&ada()).await.unwrap().unwrap();
    assert_eq!((row.status_until, row.fields.contains_key(STATUS)), (None, false));
}

#[tokio::test]
async fn nobody_waits_for_a_field_that_fails_and_it_is_set_later() {
    let ghosts = Ghosts::new().await;
    for fault in [Fault::Error(500, "M_UNKNOWN"), Fault::RateLimit(std::time::Duration::from_hours(1))] {
        ghosts.fail_next(PUT_STATUS, fault.clone());
        ghosts.tell(Ok(at_work(&format!("{fault:?}"))));
        let before = ghosts.writes();
        match before {
            0 => assert_eq!(ghosts.name(None).await.unwrap(), "Ada"),
            _ => ghosts.refresh().await,
        }
        let row = ghosts.row().await;
        assert!(row.fields.get(STATUS).is_some_and(serde_json::Value::is_null), "{row:?}");
    }
    ghosts.tell(Ok(at_work("building")));
    ghosts.refresh().await;
    assert_eq!(ghosts.field(STATUS).await.unwrap()["text"], "building");
}

#[tokio::test]
async fn a_status_is_noted_before_it_is_set() {
    let ghosts = Ghosts::new().await;
    let mut info = at_work("building");
    let until = Some(i64::MAX);
    info.status = info.status.map(|status| UserStatus { until, ..status });
    ghosts.tell(Ok(info));
    // It is set, but the program does not learn that.
    ghosts.fail_next(PUT_STATUS, Fault::ErrorAfterEffect(500, "M_UNKNOWN"));
    ghosts.name(None).await.unwrap();
    assert!(ghosts.field(STATUS).await.is_some());
    assert_eq!(ghosts.row().await.status_until, until);
    ghosts.put(|row| row.status_until = Some(1)).await;
    ghosts.stage.bridge.end_statuses().await.unwrap();
    assert_eq!(ghosts.field(STATUS).await, None);
}

#[tokio::test]
async fn a_status_that_cannot_be_taken_away_is_put_off() {
    let ghosts = Ghosts::new().await;
    ghosts.tell(Ok(at_work("building")));
    ghosts.name(None).await.unwrap();
    ghosts.put(|row| row.status_until = Some(1)).await;
    ghosts.fail_next(DELETE_STATUS, Fault::Error(500, "M_UNKNOWN"));
    let bridge = &ghosts.stage.bridge;
    bridge.end_statuses().await.unwrap();
    let until = ghosts.row().await.status_until.unwrap();
    assert!(until > bridge.store.clock().now_ms(), "the others have their turn");
    assert!(ghosts.field(STATUS).await.is_some());
    ghosts.put(|row| row.status_until = Some(1)).await;
    bridge.end_statuses().await.unwrap();
    assert_eq!((ghosts.field(STATUS).await, ghosts.row().await.status_until), (None, None));
}

#[tokio::test]
async fn a_deactivated_ghost_of_an_earlier_version_leaves() {
    let ghosts = Ghosts::new().await;
    ghosts.tell(Ok(at_work("building")));
    ghosts.name(None).await.unwrap();
    let room = ghosts.stage.portal().await;
    let bridge = &ghosts.stage.bridge;
    let ghost = bridge.app.intent(&bridge.app.ghosts().user_id(&ada()));
    ghost.ensure_joined(room.as_str().try_into().unwrap()).await.unwrap();
    ghosts.put(|row| row.info = None).await;
    ghosts.tell(Ok(UserInfo { is_deactivated: true, ..at_work("") }));
    ghosts.refresh().await;
    assert_eq!(ghost.joined_rooms().await.unwrap().len(), 0);
}

#[tokio::test]
async fn rooms_follow_a_new_name_whatever_fails_behind_it() {
    let ghosts = Ghosts::new().await;
    let (stage, store) = (&ghosts.stage, &ghosts.stage.bridge.store);
    let info = ChatInfo { peer: Some(ada()), ..ChatInfo::new(Stage::chat(), ChatKind::Direct) };
    let row = PortalRow {
        chat: Stage::chat(),
        room_id: Some(stage.portal().await),
        login_id: stage.login().login_id,
        info,
        avatar_mxc: None,
        created_at: 0,
    };
    store.put_portal(&row).await.unwrap();
    ghosts.tell(Ok(at_work("building")));
    ghosts.name(None).await.unwrap();
    // Name and status are others now, and what is done after both fails once.
    let info = UserInfo { is_deactivated: true, name: Some("Ada L.".to_owned()), ..at_work("leaving") };
    ghosts.tell(Ok(info));
    ghosts.fail_next("GET */joined_rooms", Fault::Error(500, "M_UNKNOWN"));
    let told = async {
        let first = stage.bridge.refresh_ghost(&ghosts.live, &ada()).await;
        assert!(first.unwrap_err().is_tried_again());
        assert_eq!(ghosts.row().await.name.as_deref(), Some("Ada L."), "noted with the status");
        ghosts.refresh().await;
    };
    let soon = std::time::Duration::from_secs(20);
    let (called, ()) = tokio::join!(tokio::time::timeout(soon, stage.commit_next()), told);
    assert_eq!(called.unwrap().len(), 1, "the room is called anew");
}
