//! Time limits: a server, or a process, that does not go on keeps nobody waiting.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use super::StoreError;

/// How long a transaction may wait for its process, and a result for being read. A process that stands still would keep others
/// from its rows; this is less than what the lease takes to expire.
const STANDS_STILL: &str = "SELECT set_config(name, '5000', false) FROM pg_settings \
                            WHERE name IN ('idle_in_transaction_session_timeout', 'tcp_user_timeout')";
/// How long a connection may take to come to rest after use.
const RESTS_WITHIN: Duration = Duration::from_secs(1);
/// How long one may then go unused.
const KEPT: Duration = Duration::from_secs(10);

/// Lets the server cut off a process that stands still.
pub(super) async fn hurry(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(STANDS_STILL).execute(connection).await.map(drop)
}

/// Connections that are closed, and not kept for others, where the server does not answer: what was cut off on one may be
/// under way still.
pub(super) fn brittle(options: PgPoolOptions) -> PgPoolOptions {
    options.idle_timeout(KEPT).after_release(|connection, _| {
        Box::pin(async move { Ok(matches!(timeout(RESTS_WITHIN, connection.ping()).await, Ok(Ok(())))) })
    })
}

/// Waits for the database so long and no longer. What is cut off may have been carried out.
pub(crate) fn answer_within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> impl Future<Output = Result<T, StoreError>> {
    // Large, and on the heap it is not copied along through every call on the way.
    let asked = Box::pin(asked);
    async move {
        let in_vain = |_| Err(StoreError(format!("the database did not answer within {limit:?}")));
        timeout(limit, asked).await.unwrap_or_else(in_vain)
    }
}
