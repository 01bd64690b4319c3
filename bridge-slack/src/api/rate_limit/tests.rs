//! The limits under a clock that tests move.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;

const POST: &str = "chat.postMessage";

async fn time_of(limit: &RateLimit, calls: &[(&str, &'static str, Option<&str>)]) -> Duration {
    let started_at = Instant::now();
    for (team_id, method, channel) in calls {
        limit.admit(team_id, method, *channel, None).await.unwrap();
    }
    started_at.elapsed()
}

fn about(measured: Duration, expected: Duration) -> bool {
    measured >= expected && measured < expected.mul_f64(1.03) + Duration::from_millis(5)
}

#[tokio::test(start_paused = true)]
async fn posts_go_at_one_per_second_and_channel_after_three() {
    let limit = RateLimit::new(RateLimits::Quota);
    let posts = [("T1", POST, Some("C1")); 8];
    let took = time_of(&limit, &posts).await;
    assert!(about(took, Duration::from_secs(5)), "{took:?}");
    // Another channel of the same team has its own burst.
    let took = time_of(&limit, &[("T1", POST, Some("C2")); 3]).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn two_channels_post_side_by_side() {
    let limit = RateLimit::new(RateLimits::Quota);
    let started_at = Instant::now();
    let (one, two) = ([("T1", POST, Some("C1")); 6], [("T1", POST, Some("C2")); 6]);
    tokio::join!(time_of(&limit, &one), time_of(&limit, &two));
    assert!(about(started_at.elapsed(), Duration::from_secs(3)), "{:?}", started_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn tiers_are_counted_per_method_and_team() {
    let limit = RateLimit::new(RateLimits::Quota);
    let took = time_of(&limit, &[("T1", "conversations.list", None); 20]).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
    let others = [("T2", "conversations.list", None), ("T1", "users.conversations", None)];
    let took = time_of(&limit, &others).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
    let took = time_of(&limit, &[("T1", "conversations.list", None)]).await;
    assert!(about(took, Duration::from_secs(3)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_block_holds_exactly_as_long_as_told_and_only_its_method_and_team() {
    for mode in [RateLimits::Quota, RateLimits::Off] {
        let limit = RateLimit::new(mode);
        limit.block("T1", "users.info", None, Duration::from_secs(7));
        let free = [("T1", "bots.info", None), ("T2", "users.info", None)];
        let took = time_of(&limit, &free).await;
        assert!(about(took, Duration::ZERO), "{took:?}");
        let took = time_of(&limit, &[("T1", "users.info", None)]).await;
        assert!(about(took, Duration::from_secs(7)), "{took:?}");
        let took = time_of(&limit, &[("T1", "users.info", None)]).await;
        assert!(about(took, Duration::ZERO), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_channel_does_not_hold_up_another() {
    let limit = RateLimit::new(RateLimits::Quota);
    limit.block("T1", POST, Some("C1"), Duration::from_secs(30));
    let took = time_of(&limit, &[("T1", POST, Some("C2"))]).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
    let took = time_of(&limit, &[("T1", POST, Some("C1"))]).await;
    assert!(about(took, Duration::from_secs(30)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shorter_block_does_not_cut_a_longer_one() {
    let limit = RateLimit::new(RateLimits::Off);
    limit.block("T1", "users.info", None, Duration::from_secs(9));
    limit.block("T1", "users.info", None, Duration::from_secs(2));
    let took = time_of(&limit, &[("T1", "users.info", None)]).await;
    assert!(about(took, Duration::from_secs(9)), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn off_means_no_quota() {
    let limit = RateLimit::new(RateLimits::Off);
    let took = time_of(&limit, &vec![("T1", POST, Some("C1")); 500]).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn opening_a_socket_waits_only_for_slack() {
    let limit = RateLimit::new(RateLimits::Quota);
    let took = time_of(&limit, &[("T1", "apps.connections.open", None); 50]).await;
    assert!(about(took, Duration::ZERO), "{took:?}");
}

async fn hurried(limit: &RateLimit, method: &'static str) -> (Result<(), ComeBackIn>, Duration) {
    let started_at = Instant::now();
    let admitted = limit.admit("T1", method, Some("C1"), Patience::Short.deadline()).await;
    (admitted, started_at.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_caller_of_little_patience_waits_a_moment_and_is_sent_away_for_longer() {
    let limit = RateLimit::new(RateLimits::Off);
    limit.block("T1", "users.info", None, Duration::from_secs(1));
    let (admitted, took) = hurried(&limit, "users.info").await;
    assert!(admitted.is_ok() && about(took, Duration::from_secs(1)), "{admitted:?} after {took:?}");
    limit.block("T1", "users.info", None, Duration::from_secs(30));
    let (admitted, took) = hurried(&limit, "users.info").await;
    let Err(ComeBackIn(wait)) = admitted else { panic!("it waited") };
    assert!(about(took, Duration::ZERO) && about(wait, Duration::from_secs(30)), "{wait:?} after {took:?}");
    tokio::time::advance(wait).await;
    let (admitted, took) = hurried(&limit, "users.info").await;
    assert!(admitted.is_ok() && about(took, Duration::ZERO), "{admitted:?} after {took:?}");
}

#[tokio::test(start_paused = true)]
async fn posts_one_by_one_are_no_longer_wait_than_little_patience_has() {
    let limit = RateLimit::new(RateLimits::Quota);
    for _ in 0..10 {
        let (admitted, _) = hurried(&limit, POST).await;
        assert_eq!(admitted, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_are_sent_away_have_a_turn_each() {
    let limit = RateLimit::new(RateLimits::Quota);
    time_of(&limit, &[("T1", "users.info", None); 100]).await;
    // Two find a turn soon enough to wait for it here; the others come back one after the other.
    let all = futures_util::future::join_all((0..50).map(|_| hurried(&limit, "users.info"))).await;
    let mut waits: Vec<_> =
        all.iter().filter_map(|(admitted, _)| admitted.err().map(|ComeBackIn(wait)| wait)).collect();
    assert_eq!(waits.len(), 48);
    waits.sort();
    let apart = Duration::from_millis(590);
    assert!(waits.windows(2).all(|two| two[1] >= two[0] + apart), "{waits:?}");
    assert!(all.iter().filter(|(admitted, _)| admitted.is_err()).all(|(_, took)| took.is_zero()));
}
