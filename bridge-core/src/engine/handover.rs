//! Rooms that became portals while their own lanes had work: until that is handed on, new events stand behind it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::queue::Lane;
use crate::store::{Store, StoreError, queue};

/// The rooms' lanes that may have work of portals. What an earlier process left is read from the table once; whether
/// there is still some is asked of the table, which has each job until it is done.
#[derive(Debug, Default)]
pub(crate) struct Handovers(OnceCell<Mutex<HashSet<Lane>>>);

impl Handovers {
    /// Notes a room that is about to become a portal. Comes before the record of it.
    pub(crate) async fn begin(&self, store: &Store, room_id: &str) -> Result<(), StoreError> {
        let lanes = self.lanes(store).await?;
        lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(Lane::of_room(room_id));
        Ok(())
    }

    /// Whether the own lane of a portal's room still has work.
    pub(crate) async fn is_under_way(&self, store: &Store, room_id: &str) -> Result<bool, StoreError> {
        let lanes = self.lanes(store).await?;
        let lane = {
            let lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if lanes.is_empty() {
                return Ok(false);
            }
            let lane = Lane::of_room(room_id);
            if !lanes.contains(&lane) {
                return Ok(false);
            }
            lane
        };
        let mut tx = store.read().await?;
        let has_work = queue::has_work(&mut tx, &lane).await?;
        tx.commit().await?;
        if !has_work {
            lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&lane);
        }
        Ok(has_work)
    }

    async fn lanes(&self, store: &Store) -> Result<&Mutex<HashSet<Lane>>, StoreError> {
        let read = || async {
            let mut tx = store.read().await?;
            let left = queue::lanes(&mut tx).await?;
            tx.commit().await?;
            Ok(Mutex::new(left.into_iter().filter(Lane::is_of_room).collect()))
        };
        self.0.get_or_try_init(read).await
    }
}
