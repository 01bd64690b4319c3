//! Work of plugins within limits: cut off when it takes too long, and a panic of it is its own.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

/// Why a plugin's work did not come to its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Cut {
    /// It was cut off after this time.
    #[error("it took longer than {} s", .0.as_secs())]
    Late(Duration),
    /// It panicked.
    #[error("the plugin panicked")]
    Panicked,
}

/// Lets plugins' code work for this long at most.
pub(super) async fn limited<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Cut> {
    match AssertUnwindSafe(tokio::time::timeout(limit, work)).catch_unwind().await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(Cut::Late(limit)),
        Err(_) => Err(Cut::Panicked),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "what is tested is that it stays within")]

    use super::{Cut, limited};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn ends_with_the_work_or_before_it() {
        let limit = Duration::from_secs(3);
        assert_eq!(limited(limit, async { 1 }).await, Ok(1));
        assert_eq!(limited(limit, std::future::pending::<()>()).await, Err(Cut::Late(limit)));
        assert_eq!(limited(limit, async { panic!("a plugin's fault") }).await, Err::<(), _>(Cut::Panicked));
        assert_eq!(Cut::Late(limit).to_string(), "it took longer than 3 s");
    }
}
